"""JUnit's XML, as CI systems read it: a test case for each finding, which has failed; one that has passed where there is none."""

import re
from typing import Final
from xml.etree import ElementTree as ET

from ...lint.finding import Finding
from ...views.spans import plural
from . import Report

_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def export(report: Report) -> str:
    """The document."""
    count = str(len(report.findings))
    totals = {"name": "asgi-inspect", "tests": str(max(1, len(report.findings))), "failures": count, "errors": "0"}
    root = ET.Element("testsuites", totals)
    suite = ET.SubElement(root, "testsuite", {**totals, "skipped": "0"})
    for finding in report.findings:
        _case(suite, finding)
    if not report.findings:
        ET.SubElement(
            suite, "testcase", {"classname": "asgi-inspect", "name": f"no finding of level {report.level} or worse"}
        )
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, finding: Finding) -> None:
    key = f" ({finding.key})" if finding.key else ""
    name = f"{finding.code} {finding.name}: {finding.where}{key}"
    case = ET.SubElement(suite, "testcase", {"classname": f"asgi-inspect.{finding.party}", "name": _xml(name)})
    failure = ET.SubElement(case, "failure", {"type": finding.severity, "message": _xml(finding.sentence)})
    lines = [
        f"{finding.severity} {finding.code} {finding.name}",
        finding.where,
        finding.sentence,
        f"Seen in {plural(finding.count, 'connection')}; the first: {finding.conn}{_records(finding)}.",
        f"Fix: {finding.fix}",
        finding.link,
    ]
    failure.text = _xml("\n".join(lines) + "\n")


def _records(finding: Finding) -> str:
    return f", records {', '.join(map(str, finding.records))}" if finding.records else ""


def _xml(text: str) -> str:
    """The text without characters that XML cannot have."""
    return _NO_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
