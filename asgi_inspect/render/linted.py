"""A view with a linter beside it: below the message that breaks a rule stands which one, and what to do."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from rich.console import RenderableType

from ..lint.finding import Finding
from ..trace.records import Record, ScopeRecord
from ..views.spans import Line, Own
from .block import Block, Row
from .view import View

if TYPE_CHECKING:
    from ..lint.linter import Linter

_TOLD: Final = 10_000  # stories that are told apart; all others were told before


class LintedView:
    """Records in, renderables out, as of a view.

    make_linter: makes what judges the records, with the first of them: its rules are many, and take a while to import.
    """

    def __init__(self, view: View, make_linter: "Callable[[], Linter]") -> None:
        self.linter: Linter | None = None
        self.jumped = False
        """Whether records were left out, so that there may be more to find in the trace."""
        self.connections = 0
        self._failed = False
        self._make_linter = make_linter
        self._view = view
        self._told: set[tuple[str, ...]] = set()

    def feed(self, record: Record) -> Iterable[RenderableType]:
        """What to print for the next record."""
        shown = self._view.feed(record)
        self.connections += isinstance(record, ScopeRecord) and not record.layer
        try:
            found = self._judge(record)
        except Exception as own:  # noqa: BLE001 (a fault of ours: what is shown goes on)
            return [*shown, *self._failure(own)]
        return [*shown, *map(self._block, found)] if found else shown

    def jump(self) -> None:
        """Records are left out from here on."""
        self.jumped = True
        self._view.jump()

    def finish(self) -> Iterable[RenderableType]:
        """What to print at the end of the trace."""
        if self.linter is not None:
            self.linter.finish()
        return self._view.finish()

    def _judge(self, record: Record) -> list[Finding]:
        if self.linter is None:
            if self._failed:  # there will be none
                return []
            self.linter = self._make_linter()
        return self.linter.feed(record)

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
        story = (finding.code, finding.where, finding.key, finding.severity)
        again = story in self._told or len(self._told) >= _TOLD
        if not again:
            self._told.add(story)
        return self._view.finding(finding, again=again)
