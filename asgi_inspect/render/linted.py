"""A view with a linter beside it: below the message that breaks a rule stands which one, and what to do."""

from collections.abc import Iterable
from typing import Final

from rich.console import RenderableType

from ..lint.finding import Finding
from ..lint.linter import Linter
from ..trace.records import Record, ScopeRecord
from ..views.spans import Line, Own
from .block import Block, Row
from .view import View

_TOLD: Final = 10_000  # stories that are told apart; all others were told before


class LintedView:
    """Records in, renderables out, as of a view.

    linter: judges what the view is given; it knows at what level a finding is worth telling.
    """

    def __init__(self, view: View, linter: Linter) -> None:
        self.linter: Final = linter
        self.jumped = False
        """Whether records were left out, so that there may be more to find in the trace."""
        self.connections = 0
        self._failed = False
        self._view = view
        self._told: set[tuple[str, str, str]] = set()

    def feed(self, record: Record) -> Iterable[RenderableType]:
        """What to print for the next record."""
        shown = self._view.feed(record)
        self.connections += isinstance(record, ScopeRecord) and not record.layer
        try:
            found = self.linter.feed(record)
        except Exception as own:  # noqa: BLE001 (a fault of ours: what is shown goes on)
            return [*shown, *self._failure(own)]
        return [*shown, *map(self._block, found)] if found else shown

    def jump(self) -> None:
        """Records are left out from here on."""
        self.jumped = True
        self._view.jump()

    def finish(self) -> Iterable[RenderableType]:
        """What to print at the end of the trace."""
        self.linter.finish()
        return self._view.finish()

    def _failure(self, own: Exception) -> Iterable[RenderableType]:
        """What is said of it, for the first time."""
        self.jumped = True
        if self._failed:
            return
        self._failed = True
        line: Line = [
            (Own("── "), "quiet"),
            (f"the linter failed ({type(own).__name__}): there may be more to find", "warning"),
        ]
        yield Block(lambda _: [Row(line, hang=3)])

    def _block(self, finding: Finding) -> RenderableType:
        story = (finding.code, finding.where, finding.key)
        again = story in self._told or len(self._told) >= _TOLD
        if not again:
            self._told.add(story)
        return self._view.finding(finding, again=again)
