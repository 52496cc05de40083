"""The page of what was found: its codes and names are those of rules, its table leads to its entries, and its code is Python."""

import re
from pathlib import Path

from asgi_inspect.lint.catalogue import all_rules

PAGE = Path(__file__).parents[3] / "docs" / "found-in-the-wild.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_each_finding_is_of_a_rule() -> None:
    names = {rule.code: rule.name for rule in all_rules()}
    told = re.findall(r"^([AHWLX]\d{3}) ([a-z0-9-]+): ", TEXT, re.MULTILINE)
    assert len(told) > 15
    assert [(code, name) for code, name in told if names.get(code) != name] == []
    assert {code for code in re.findall(r"\b[AHWLX]\d{3}\b", TEXT) if code not in names} == set()


def test_each_row_leads_to_an_entry() -> None:
    entries = {_anchor(heading) for heading in re.findall(r"^## (.*)$", TEXT, re.MULTILINE)}
    rows = re.findall(r"\]\(#([^)]+)\)", TEXT)
    assert len(rows) > 15
    assert [row for row in rows if row not in entries] == []


def test_the_applications_are_python() -> None:
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) > 15
    for block in blocks:
        compile(block, str(PAGE), "exec")


def _anchor(heading: str) -> str:
    """As code hosts make it of a heading."""
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
