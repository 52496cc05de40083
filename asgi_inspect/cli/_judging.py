"""What a linter finds in a run: below each message while it is shown, and all of it on standard error when it has ended.

A run is linted without being asked, so it costs nothing and says nothing until there is something to judge, and to tell: what
judges is imported with the first record.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ..errors import NotATraceError
from ._faults import say

if TYPE_CHECKING:
    from ..lint.lines import Linted
    from ..lint.linter import Linter
    from ..render.console import Color
    from ._linting import Linting
    from ._screen import Screen


class Judging:
    """Judges a run, and says in the end what was found."""

    def __init__(
        self, defaults: Mapping[str, Any], color: "Color", look: str | None, *, asked: bool, clean: bool
    ) -> None:
        """Raises UsageError for a rule that there is none of.

        defaults: what variables and `pyproject.toml` say of the linter. look: the command that shows a connection, with
        `{conn}` for its id. asked: whether the user wants it: then all of the run is judged, also what no screen has shown.
        clean: whether it is worth saying that nothing was found.
        """
        self.screen: Screen | None = None
        """What shows the run."""
        self.filtered = False
        """Whether it shows some of the connections only."""
        self._defaults: Final = dict(defaults)
        self._color: Final = color
        self._look: Final = look
        self._asked: Final = asked
        self._clean: Final = clean
        if defaults.keys() & {"select", "ignore"}:
            _ = self.linting  # what is wrong there is said before anything is started

    @cached_property
    def linting(self) -> "Linting":
        """How the run is linted."""
        from ._linting import Linting

        return Linting.of_run(self._defaults, self._color)

    def linter(self) -> "Linter":
        """What judges the run while it is shown."""
        return self.linting.live()

    def __call__(self, files: Sequence[tuple[str, int]]) -> None:
        """files: those of the trace, and where the run begins in each."""
        try:
            with suppress(NotATraceError, KeyboardInterrupt):  # nothing was traced; somebody does not want to wait
                found = self._found(files)
                if found is not None and found.connections:
                    self._print(found)
        except OSError as error:
            say(f"the run cannot be linted, as its trace cannot be read: {error.strerror}")

    def _found(self, files: Sequence[tuple[str, int]]) -> "Linted | None":
        from ..render.linted import LintedView

        view = None if self.screen is None else self.screen.view
        whole = isinstance(view, LintedView) and not view.jumped and not self.filtered
        if self._asked and not whole:
            from ..lint.lines import lint_lines
            from ..trace.filter import Filter
            from ._summing import traces_of

            with traces_of(files) as traces:
                return lint_lines(traces.lines(Filter()), self.linting.choice, jobs=1)
        if not isinstance(view, LintedView) or view.linter is None:
            return None
        from ..lint.lines import Linted

        view.linter.finish()
        return Linted(view.linter.findings, view.connections, Counter())

    def _print(self, found: "Linted") -> None:
        from ..launch.output import Output
        from ..render.block import Block, Row
        from ..render.findings import findings_page
        from ._linting import last_line
        from ._screen import print_on

        told = self.linting.told(found.findings)
        if told or self._clean:
            last = last_line(told, found.findings, found.connections)
            blocks = [Block(lambda _: [Row([])]), *findings_page(told, self._look), last]
            print_on(Output(2), self._color, blocks)
