"""Reports of findings: each format as the programs demand that read it, whatever stands in a finding."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from asgi_inspect.export._findings import FORMATS, Format, Report, safe_finding, write_report
from asgi_inspect.lint.catalogue import by_code
from asgi_inspect.lint.finding import Finding
from tests.serving import ROOT

# What SARIF 2.1.0 demands of the parts that we write (its sections 3.14, 3.18, 3.19, 3.27, 3.29, 3.33, 3.49).
TEXT: dict[str, Any] = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string", "minLength": 1}},
}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RULE = {
    "type": "object",
    "required": ["id", "name", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration"],
    "properties": {
        "id": {"type": "string", "pattern": "^[AHWLX][0-9]{3}$"},
        "name": {"type": "string", "pattern": "^[A-Z][A-Za-z0-9]+$"},
        "shortDescription": TEXT,
        "fullDescription": TEXT,
        "help": {**TEXT, "required": ["text", "markdown"]},
        "helpUri": {"type": "string", "pattern": "^https://"},
        "defaultConfiguration": {"type": "object", "properties": {"level": LEVEL}},
    },
}
PHYSICAL = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {
        "artifactLocation": {"properties": {"uri": {"type": "string", "pattern": "^[A-Za-z0-9._~!$&'()*+,;=:@/%-]+$"}}},
        "region": {"required": ["startLine"], "properties": {"startLine": {"type": "integer", "minimum": 1}}},
    },
}
RESULT = {
    "type": "object",
    "required": ["ruleId", "level", "message", "locations"],
    "properties": {
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": TEXT,
        "occurrenceCount": {"type": "integer", "minimum": 1},
        "locations": {
            "type": "array",
            "minItems": 1,
            "items": {
                "required": ["logicalLocations", "physicalLocation"],
                "properties": {
                    "logicalLocations": {"items": {"required": ["fullyQualifiedName"]}, "minItems": 1},
                    "physicalLocation": PHYSICAL,
                },
                "additionalProperties": False,
            },
        },
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
DRIVER = {
    "type": "object",
    "required": ["name", "version", "rules"],
    "properties": {"rules": {"type": "array", "items": RULE, "uniqueItems": True}},
}
RUN = {
    "type": "object",
    "required": ["tool", "results"],
    "properties": {
        "tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
        "results": {"type": "array", "items": RESULT},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    },
    "additionalProperties": False,
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {"version": {"const": "2.1.0"}, "$schema": {"type": "string"}, "runs": {"items": RUN, "minItems": 1}},
    "additionalProperties": False,
}

PLAIN = Finding(
    code="H105",
    name="start-after-complete",
    severity="error",
    party="application",
    where="GET /items/{id}",
    sentence="The application starts a second response.",
    fix="Return once it is complete.",
    link="https://asgi.readthedocs.io/",
    conn="aaaa.17",
    records=(2, 3),
    count=12,
)
HOSTILE = msgspec.structs.replace(
    PLAIN,
    code="H101",
    severity="warning",
    party="upstream",
    where='GET /a,b:c%0A<b>&"\x1b[31m\ufffe\u202e\ud800',
    sentence="It said ]]> and\r\n::error::x \x00 100%" + "é" * 10_000,
    conn="\x1b]0;x\x07",
    records=(),
    key="a\nb",
)
INFO = msgspec.structs.replace(PLAIN, severity="info", code="X999", name="unknown", key="x-a", count=1)


def report(*findings: Finding, **more: Any) -> Report:
    return Report(findings=list(map(safe_finding, findings)), level="info", connections=20, **more)


def sarif(*findings: Finding, **more: Any) -> Any:
    tree = json.loads(write_report("sarif", report(*findings, **more)))
    jsonschema.validate(tree, SARIF, cls=jsonschema.Draft202012Validator)
    return tree["runs"][0]


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_in_a_report_does_anything_to_a_terminal(format: Format) -> None:
    text = write_report(format, report(PLAIN, HOSTILE, INFO, traces=["a\x1b.jsonl"]))
    unsafe = [
        character for character in text if character in "\x1b\x07\x00\r\u202e" or 0xD800 <= ord(character) < 0xE000
    ]
    assert unsafe == []
    text.encode()


def test_json_has_each_finding_whole() -> None:
    tree = json.loads(write_report("json", report(PLAIN, INFO, traces=["t.jsonl"])))
    first = tree["findings"][0]
    assert msgspec.convert(first, Finding) == PLAIN
    del tree["findings"]
    assert tree == {
        "v": 1,
        "traces": ["t.jsonl"],
        "level": "info",
        "connections": 20,
        "counts": {"error": 1, "warning": 0, "info": 1},
    }


def test_the_page_has_each_key_of_the_json() -> None:
    page = (ROOT / "docs" / "linting.md").read_text("utf-8")
    tree = json.loads(write_report("json", report(PLAIN)))
    documented = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert documented == {*tree, *tree["findings"][0]}


def test_sarif_has_the_rules_with_their_manuals_and_a_result_each() -> None:
    run = sarif(PLAIN, HOSTILE, traces=["some traces/t.jsonl"], lines={("aaaa.17", 3): ("some traces/t.jsonl", 41)})
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["H101", "H105"]
    manual = by_code()["H105"].manual
    assert manual.fix in rules[1]["help"]["text"]
    assert manual.bad[0] in rules[1]["help"]["markdown"]
    first, second = run["results"]
    assert [rules[result["ruleIndex"]]["id"] for result in (first, second)] == ["H105", "H101"]
    assert (first["level"], first["occurrenceCount"], second["level"]) == ("error", 12, "warning")
    (location,) = first["locations"]
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "GET /items/{id}"
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "some%20traces/t.jsonl"},
        "region": {"startLine": 41},
    }


def test_sarif_of_a_rule_that_is_not_there_any_more_and_of_standard_input() -> None:
    run = sarif(INFO, traces=["-"])
    assert run["tool"]["driver"]["rules"] == []
    assert address(run) == "stdin"


def address(run: Any) -> str:
    """The file in which the first result of a run is."""
    location = run["results"][0]["locations"][0]["physicalLocation"]
    return str(location["artifactLocation"]["uri"])


def test_sarif_names_a_file_by_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = str(tmp_path / "traces" / "a b.jsonl")
    assert address(sarif(PLAIN, traces=[trace])).startswith("file:///")
    monkeypatch.chdir(tmp_path)
    assert address(sarif(PLAIN, traces=[trace])) == "traces/a%20b.jsonl"  # as code scanners want it


def test_sarif_of_an_application_names_its_file_and_not_a_trace_that_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert address(sarif(PLAIN, traces=["/state/t.jsonl"], source=str(tmp_path / "main.py"))) == "main.py"


def test_sarif_of_what_is_clean() -> None:
    assert sarif()["results"] == []


def test_junit_has_a_failed_case_for_each_finding() -> None:
    root = ET.fromstring(write_report("junit", report(PLAIN, HOSTILE)))
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "2", "2")
    first, second = root.iter("testcase")
    assert (first.get("classname"), first.get("name")) == (
        "asgi-inspect.application",
        "H105 start-after-complete: GET /items/{id}",
    )
    failure = first.find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("error", PLAIN.sentence)
    assert "Seen in 12 connections; the first: aaaa.17, records 2, 3." in (failure.text or "")
    assert second.get("name", "").startswith('H101 start-after-complete: GET /a,b:c%0A<b>&"\\x1b[31m\\ufffe')


def test_junit_of_what_is_clean_has_a_case_that_passed() -> None:
    root = ET.fromstring(write_report("junit", report()))
    (case,) = root.iter("testcase")
    assert (root.get("tests"), root.get("failures"), len(case)) == ("1", "0", 0)


def test_github_has_a_command_for_each_finding_and_none_of_anybody_else() -> None:
    lines = write_report("github", report(PLAIN, HOSTILE, INFO)).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::notice"]
    assert lines[0] == (
        "::error title=H105 start-after-complete::GET /items/{id}: The application starts a second response. "
        "(in 12 connections)%0AFix: Return once it is complete.%0Ahttps://asgi.readthedocs.io/"
    )
    assert "%250A<b>" in lines[1]
    assert len(lines[1]) < 6000
