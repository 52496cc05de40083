"""One JSON object: the findings as they are, and what they add up to."""

import json
from collections import Counter
from typing import Any

import msgspec

from ...lint.finding import SEVERITIES, Finding
from ...text import safe_json
from . import Report

VERSION = 1


def export(report: Report) -> str:
    """The object, over several lines."""
    counts = Counter(finding.severity for finding in report.findings)
    tree = {
        "v": VERSION,
        "traces": list(report.traces),
        "level": report.level,
        "connections": report.connections,
        "counts": {severity: counts[severity] for severity in SEVERITIES},
        "findings": list(map(_finding, report.findings)),
    }
    lines = json.dumps(tree, indent=2, ensure_ascii=False).split("\n")
    return "".join(safe_json(line) + "\n" for line in lines)


def _finding(finding: Finding) -> dict[str, Any]:
    """Every field of it, also where it has its default."""
    found = {field.name: getattr(finding, field.name) for field in msgspec.structs.fields(Finding)}
    return {**found, "records": list(finding.records)}
