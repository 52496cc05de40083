"""A report of findings for a program: one module a format, whose `export(report)` gives the text.

What is foreign in it (a path, a header's name) was made safe before: these texts end up in logs and on web pages.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeAlias, get_args

import msgspec

from ...lint.finding import Finding, Severity
from ...text import safe

Format: TypeAlias = Literal["json", "sarif", "junit", "github"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
_LONGEST: Final = 4000  # characters of one text


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was found, and in what."""

    findings: Sequence[Finding]
    """Safe ones (see `safe_finding`), worst first."""
    level: Severity
    """Milder ones were left out."""
    connections: int
    """How many were looked at."""
    traces: Sequence[str] = ()
    """The files."""
    source: str = ""
    """The file of the application, where that is known."""
    lines: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    """Where records stand, as far as somebody has looked: file and line, by connection and number; a scope's number is 0."""


class Exporter(Protocol):
    """A module of this folder."""

    def export(self, report: Report) -> str: ...


def write_report(format: Format, report: Report) -> str:
    """The whole text of a report."""
    module: Exporter = importlib.import_module(f"{__package__}.{format}")
    return module.export(report)


def safe_finding(finding: Finding) -> Finding:
    """The same finding with texts that do nothing to whoever shows them, and are of a bearable length."""
    texts = ("where", "sentence", "fix", "link", "conn", "key", "layer_name")
    changes = {name: _safe(value) for name in texts if (value := getattr(finding, name)) is not None}
    return msgspec.structs.replace(finding, **changes)


def _safe(text: str) -> str:
    return safe(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
