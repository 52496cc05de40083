"""`--stats`: what `asgi-inspect stats` says of a run, on standard error when the run has ended."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from ..errors import NotATraceError
from ..launch.output import Output
from ..render.console import Color
from ..render.statistics import StatisticsPage
from ..trace.figures import figures
from ..trace.filter import Filter
from ..trace.read import Damage
from ..trace.search import Traces
from ..trace.statistics import Statistics
from ._faults import say
from ._screen import print_on

ROWS = 20


@dataclass(frozen=True)
class Summing:
    """Sums a run up."""

    color: Color
    utc: bool

    def __call__(self, files: Sequence[tuple[str, int]]) -> None:
        """files: those of the trace, and where the run begins in each."""
        try:
            with suppress(NotATraceError, KeyboardInterrupt):  # nothing was traced; somebody does not want to wait
                self._print(files)
        except OSError as error:
            say(f"the run cannot be summed up, as its trace cannot be read: {error.strerror}")

    def _print(self, files: Sequence[tuple[str, int]]) -> None:
        with traces_of(files) as traces:
            statistics, overview = traces.survey(Statistics, Filter())
        found = figures(statistics, overview)
        if found.totals or found.lifespans:
            print_on(Output(2), self.color, [StatisticsPage(found, overview, rows=ROWS, utc=self.utc)])


@contextmanager
def traces_of(files: Sequence[tuple[str, int]]) -> Iterator[Traces]:
    """The traces of a run that has ended. files: where it begins in each."""
    with ExitStack() as stack:
        opened = [stack.enter_context(open(name, "rb")) for name, _ in files]
        for file, (_, begin) in zip(opened, files, strict=True):
            file.seek(begin)
        # One process reads, as another one would hold the lock that says that the run goes on.
        yield stack.enter_context(Traces(opened, on_damage=_said_by_others, jobs=1))


def _said_by_others(damage: Damage) -> None:
    """Nothing: a run tells of itself what went wrong, and `stats` of its trace."""
