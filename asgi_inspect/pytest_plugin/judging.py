"""The rules by which a test is judged, and what it is found to break.

Each application is judged by itself, as each has a lifespan of its own, and each test anew: what is found does not depend on
which tests ran before. The exception are rules that are told once for each process, which hold of an application as a whole, or of
the framework that it stands on: they fail the first test that shows it, as else each test would fail of it. What calls an application in most tests is a test client. It owes nobody a complete scope, so its faults
are not told; and it raises what leaves the application in the test itself, which knows whether that was to be expected.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import msgspec
import pytest

from ..errors import UsageError
from ..lint.catalogue import by_code
from ..lint.choice import Choice
from ..lint.finding import Finding, Party, rank
from ..lint.linter import Linter
from ..trace.codec import decode_record
from .portion import Portion
from .watching import Taken, Tap

MARKER: Final = "asgi_lint"
_OF_THE_TESTED: Final[frozenset[Party]] = frozenset({"application", "middleware"})
# An exception left the application, and broke nothing that the client had in hand.
RAISED: Final = ("A104", "H108", "W113", "W114", "L310")
_WORDS: Final = ("select", "ignore", "level")


@dataclass(frozen=True)
class Rules:
    """Which rules are asked, as words."""

    select: str
    ignore: str
    level: str

    @lru_cache(maxsize=64)  # noqa: B019 (there are as many as there are different markers)
    def choice(self) -> Choice:
        """Raises UsageError where there is no such rule or level."""
        return Choice.read(select=self.select, ignore=self.ignore, level=self.level)


def rules_of(item: pytest.Item, rules: Rules) -> Rules | None:
    """The rules for one test: those of all, changed by its markers, of which the closest counts most; None: it is not judged.

    Raises UsageError for a marker that says something else.
    """
    for marker in reversed(list(item.iter_markers(MARKER))):
        said = {name: _word(name, value) for name, value in marker.kwargs.items() if name in _WORDS}
        if marker.args or set(marker.kwargs) - {*_WORDS, "off"}:
            raise UsageError(f"@pytest.mark.{MARKER} takes ignore=, select=, level= and off=True, by name.")
        if "ignore" in said:
            said["ignore"] = f"{rules.ignore},{said['ignore']}"
        rules = replace(rules, **said)
    closest = item.get_closest_marker(MARKER)
    return None if closest is not None and closest.kwargs.get("off") else rules


def _word(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(one, str) for one in value):
        return ",".join(value)
    raise UsageError(f"@pytest.mark.{MARKER}({name}=...) takes a string, such as 'H105,W1'.")


class Told:
    """What is told once in a session, and in which test it was."""

    def __init__(self) -> None:
        self._tests: dict[tuple[str, str], str] = {}

    def is_known(self, finding: Finding, test: str) -> bool:
        """Whether another test was told. One that is run again is told again."""
        rule = by_code().get(finding.code)
        if rule is None or not rule.about.once:
            return False
        return self._tests.setdefault((finding.code, finding.key), test) != test


class Judge:
    """Judges one test."""

    def __init__(self, choice: Choice, portion: Portion, told: Told, test: str = "") -> None:
        """test: its id; empty for all that passes while none runs."""
        self._told = told
        self._test = test
        self._choices = {True: choice, False: _for_clients(choice)}
        self._portion = portion
        self._linters: dict[Tap, Linter] = {}
        self._asked = 0
        self.findings: dict[int, list[Finding]] = {}
        """What was found, by the number of the record in the portion that proves it."""
        for taken in portion.carried:
            self._feed(taken)  # what was found there was told then

    def look(self) -> list[Finding]:
        """What has been found since this was asked last."""
        news: list[Finding] = []
        for at, taken in enumerate(self._portion.taken[self._asked :], self._asked):
            found = self._feed(taken)
            if found:
                self.findings[at] = found
                news += [finding for finding in found if not self._told.is_known(finding, self._test)]
        self._asked = len(self._portion.taken)
        return news

    def _feed(self, taken: Taken) -> list[Finding]:
        linter = self._linters.get(taken.tap)
        if linter is None:
            linter = self._linters[taken.tap] = Linter(self._choices[taken.tap.served])
            self._introduce(linter, taken.tap)
        return [] if taken.record is None else linter.feed(taken.record)

    def _introduce(self, linter: Linter, tap: Tap) -> None:
        """Let a linter know that it is a real server that calls."""
        record = decode_record(tap.process_line) if tap.served else None
        if record is not None:
            linter.feed(record)


def _for_clients(choice: Choice) -> Choice:
    """What is asked where a test client calls."""
    raised = tuple(code for code in RAISED if code not in choice.select)
    return replace(choice, ignore=choice.ignore + raised, parties=choice.parties & _OF_THE_TESTED)


def once_each(findings: Iterable[Finding]) -> list[Finding]:
    """Findings that tell the same story as one, with a count; the worst first."""
    stories: dict[tuple[str, ...], Finding] = {}
    for finding in findings:
        story = (finding.code, finding.where, finding.key, finding.severity, finding.party, finding.layer_name or "")
        known = stories.get(story)
        stories[story] = finding if known is None else msgspec.structs.replace(known, count=known.count + finding.count)
    return sorted(stories.values(), key=lambda finding: rank(finding.severity))
