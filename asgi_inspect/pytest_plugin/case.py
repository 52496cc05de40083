"""One test, from its set-up to its tear-down, and what its reports have to say of it."""

from collections.abc import Sequence
from typing import TypeAlias

import pytest

from ..lint.finding import Finding
from .judging import Judge
from .portion import Portion

Section: TypeAlias = tuple[str, str]
"""Of a report: its title and its text."""


class Case:
    """A test, or all that passes while none runs."""

    def __init__(self, item: pytest.Item | None, portion: Portion, judge: Judge | None) -> None:
        """judge: None where nothing is linted."""
        self.item = item
        self.portion = portion
        self.failed = False
        """Whether one of its phases has."""
        self._judge = judge
        self._found: list[Finding] = []
        """What was found in the phase that runs."""
        self._late: list[Finding] = []
        """What was found in connections that are over but for another test."""
        self._ours: BaseException | None = None

    def judge_phase(self) -> BaseException | None:
        """A phase is over and has not failed: what it has to fail with, if anything."""
        if self._judge is None:
            return None
        self.portion.settle()
        self._look()
        if not self._found:
            return None
        from .text import headline

        text = f"{headline(self._found)}\n\n{self._explained(self._found)}\n\n{self._messages()}"
        self._ours = pytest.fail.Exception(text, pytrace=False)
        return self._ours

    def end_phase(self, report: pytest.TestReport, raised: BaseException | None) -> list[Section]:
        """What the report of a phase has to tell beside its failure; another phase begins.

        raised: what the phase ended with; None: it came to its end.
        """
        self._look()
        self.failed = self.failed or report.failed
        found: list[Finding] = []
        if raised is not None:  # else it is told when the next phase is over
            found, self._found = self._found, []
        if not report.failed or (raised is not None and raised is self._ours):
            return []
        sections = [("ASGI findings", self._explained(found))] if found else []
        return [*sections, ("ASGI messages", self._messages())] if self.portion.taken else sections

    def rest(self) -> str:
        """What was found too late for the reports of its test, as text; empty where there is nothing."""
        self._look()
        found = [*self._late, *self._found]
        self._late, self._found = [], []
        return self._explained(found) if found else ""

    def _look(self) -> None:
        self.portion.look()
        if self._judge is None:
            return
        for finding in self._judge.look():
            # An answer that comes to its end only now is the other test's; what is meant to outlive a test, a lifespan or a
            # WebSocket, does what this one makes it do.
            late = self.portion.is_late(finding.conn)
            (self._late if late else self._found).append(finding)

    def _explained(self, found: Sequence[Finding]) -> str:
        from .text import explained

        openers = dict.fromkeys(self.portion.opener(finding.conn) for finding in found)
        said = [f"In a connection that was opened {opener}." for opener in openers if opener]
        return "\n\n".join([explained(found).rstrip(), *said])

    def _messages(self) -> str:
        from .text import messages

        return messages(self.portion, {} if self._judge is None else self._judge.findings).rstrip()
