"""SARIF 2.1.0, the format of code scanners: the rules that were broken with their manuals, and each finding as a result.

A finding is about a route, not about a line of source: its logical location is the route. Its physical one, without which GitHub
takes no result, is the trace with the line of the record that proves it; or, where nobody keeps the trace, the file of the
application. What is below the working directory is named from there, as code scanners want it.
"""

import json
import os
import re
from contextlib import suppress
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from ...lint.catalogue import by_code
from ...lint.finding import Finding, Severity
from ...lint.rule import Rule
from ...text import safe_json
from ...version import __version__
from . import Report

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_STANDARD_INPUT: Final = ("-", "standard input")
_LEVELS: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "info": "note"}


def export(report: Report) -> str:
    """The log, over several lines."""
    rules = by_code()
    codes = sorted({finding.code for finding in report.findings} & rules.keys())
    driver = {
        "name": "asgi-inspect",
        "version": __version__,
        "rules": [_rule(rules[code]) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes, report) for finding in report.findings],
    }
    tree = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    lines = json.dumps(tree, indent=2, ensure_ascii=False).split("\n")
    return "".join(safe_json(line) + "\n" for line in lines)


def _rule(rule: Rule) -> dict[str, Any]:
    manual = rule.manual
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": _first_sentence(manual.what)},
        "fullDescription": {"text": f"{manual.what}\n\n{manual.why}"},
        "help": {"text": f"{manual.why}\n\nFix: {manual.fix}", "markdown": _markdown(rule)},
        "helpUri": rule.section.url,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["asgi", rule.about.party]},
    }


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s", " ".join(text.split()), maxsplit=1)[0]


def _markdown(rule: Rule) -> str:
    manual = rule.manual
    examples = "".join(
        f"\n\n**{title}**\n\n" + "\n".join(f"```python\n{code}```" for code in codes)
        for title, codes in (("Bad", manual.bad), ("Good", manual.good))
    )
    return f"{manual.what}\n\n{manual.why}\n\n**Fix:** {manual.fix}{examples}"


def _result(finding: Finding, codes: list[str], report: Report) -> dict[str, Any]:
    return {
        "ruleId": finding.code,
        **({"ruleIndex": codes.index(finding.code)} if finding.code in codes else {}),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.sentence} Fix: {finding.fix}"},
        "locations": [_location(finding, report)],
        "occurrenceCount": finding.count,
        "partialFingerprints": {"ruleRouteKey/v1": f"{finding.code}|{finding.where}|{finding.key}"},
        "properties": {
            "party": finding.party,
            "connection": finding.conn,
            "records": list(finding.records),
            "layer": finding.layer,
        },
    }


def _location(finding: Finding, report: Report) -> dict[str, Any]:
    number = finding.records[-1] if finding.records else 0
    name, line = report.source, 1
    if not name:
        trace = report.traces[0] if report.traces else "-"
        name, line = report.lines.get((finding.conn, number), (trace, 1))
    return {
        "logicalLocations": [{"fullyQualifiedName": finding.where, "kind": "route"}],
        "physicalLocation": {"artifactLocation": {"uri": _uri(name)}, "region": {"startLine": line}},
    }


def _uri(name: str) -> str:
    if name in _STANDARD_INPUT:
        return "stdin"
    path = PurePath(name)
    with suppress(OSError, ValueError):  # there is no such directory any more; it is not below it
        path = path.relative_to(os.getcwd())
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
