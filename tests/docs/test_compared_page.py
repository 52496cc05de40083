"""The page that compares us with asgion: each of its rules is on it once, and each of ours that it names is one."""

import re
from collections import Counter

from asgi_inspect.lint.catalogue import by_code
from tests.serving import ROOT

DOCS = ROOT / "docs"
PAGE = (DOCS / "compared-with-asgion.md").read_text(encoding="utf-8")
RULES = PAGE.partition("## asgion's 163 rules")[2].partition("## What only asgi-inspect finds")[0]
# The families of asgion 0.6.1, and how many rules each has.
FAMILIES = {"G": 14, "HS": 28, "WS": 25, "LS": 4, "HE": 23, "HF": 12, "SEM": 13, "WE": 16, "WF": 11, "LE": 4, "LF": 10}


def test_each_rule_of_asgion_is_judged_once() -> None:
    judged = Counter[str]()
    for line in RULES.splitlines():
        if line.startswith("| "):
            judged.update(_rules(line.split(" | ")[0]))
    for heading in ("Advice beyond the specification", "Never reached"):
        text = RULES.partition(f"### {heading}\n")[2].partition("\n### ")[0]
        judged.update(set(_rules(text)))
    theirs = {f"{family}-{number:03}" for family, count in FAMILIES.items() for number in range(1, count + 1)}
    theirs |= {"EX-009", "EX-010", "EX-011"}
    assert len(theirs) == 163
    assert judged == Counter(theirs)


def test_each_rule_of_ours_is_one() -> None:
    named = set(re.findall(r"\b[AHWLX]\d{3}\b", PAGE))
    assert named - by_code().keys() == set()


def test_no_page_has_a_gap() -> None:
    """A place that was to be filled in is marked by two at signs."""
    pages = sorted(DOCS.glob("**/*.md"))
    assert DOCS / "compared-with-asgion.md" in pages
    assert [page.name for page in pages if "@@" in page.read_text(encoding="utf-8")] == []


def _rules(text: str) -> list[str]:
    return re.findall(r"\b(?:G|HS|WS|LS|HE|HF|SEM|EX|WE|WF|LE|LF)-\d{3}\b", text)
