"""GitHub's workflow commands: each finding becomes an annotation of the run."""

from typing import Final

from ...lint.finding import Finding
from . import Report

_COMMANDS: Final = {"error": "error", "warning": "warning", "info": "notice"}


def export(report: Report) -> str:
    """A line for each finding."""
    return "".join(map(_command, report.findings))


def _command(finding: Finding) -> str:
    title = f"{finding.code} {finding.name}"
    seen = f" (in {finding.count:,} connections)" if finding.count > 1 else ""
    text = f"{finding.where}: {finding.sentence}{seen}\nFix: {finding.fix}\n{finding.link}"
    return f"::{_COMMANDS[finding.severity]} title={_property(title)}::{_data(text)}\n"


def _data(text: str) -> str:
    """Text as it stands behind the second pair of colons."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Text as it stands between the pairs of colons."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
