"""`--lint`: what was found in a run, on standard error when the run has ended."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from ..errors import NotATraceError
from ..launch.output import Output
from ..lint.lines import Linted, lint_lines
from ..render.block import Block, Row
from ..render.findings import findings_page
from ..render.linted import LintedView
from ..trace.filter import Filter
from ._faults import say
from ._linting import Linting, last_line
from ._screen import Screen, print_on
from ._summing import traces_of


@dataclass(frozen=True)
class Judging:
    """Says what a linter has found in a run.

    linting: which rules were asked, and at what level. screen: what has shown the run; where it has not shown all, the trace
    is read once more. look: the command that shows a connection, with `{conn}` for its id. clean: whether that is worth saying.
    """

    linting: Linting
    screen: Screen | None
    look: str | None
    clean: bool

    def __call__(self, files: Sequence[tuple[str, int]]) -> None:
        """files: those of the trace, and where the run begins in each."""
        try:
            with suppress(NotATraceError, KeyboardInterrupt):  # nothing was traced; somebody does not want to wait
                self._print(files)
        except OSError as error:
            say(f"the run cannot be linted, as its trace cannot be read: {error.strerror}")

    def _print(self, files: Sequence[tuple[str, int]]) -> None:
        found = self._shown() or self._read(files)
        if found.connections and (found.findings or self.clean):
            told = self.linting.told(found.findings)
            blocks = [
                Block(lambda _: [Row([])]),
                *findings_page(told, self.look),
                last_line(told, found.findings, found.connections),
            ]
            print_on(Output(2), self.linting.color, blocks)

    def _shown(self) -> Linted | None:
        view = None if self.screen is None else self.screen.view
        if not isinstance(view, LintedView) or view.jumped:
            return None
        view.linter.finish()
        return Linted(view.linter.findings, view.connections, Counter())

    def _read(self, files: Sequence[tuple[str, int]]) -> Linted:
        with traces_of(files) as traces:
            return lint_lines(traces.lines(Filter()), self.linting.choice, jobs=1)
