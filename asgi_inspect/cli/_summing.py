"""`--stats`: what `asgi-inspect stats` says of a run, on standard error when the run has ended."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

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

    def __call__(self, path: Path, begin: int) -> None:
        """path: the trace. begin: where the run begins in it."""
        try:
            with suppress(NotATraceError, KeyboardInterrupt):  # nothing was traced; somebody does not want to wait
                self._print(path, begin)
        except OSError as error:
            say(f"the run cannot be summed up, as its trace cannot be read: {error.strerror}")

    def _print(self, path: Path, begin: int) -> None:
        # One process reads, as another one would hold the lock that says that the run goes on.
        with path.open("rb") as file, Traces([file], on_damage=_said_by_others, jobs=1) as traces:
            file.seek(begin)
            statistics, overview = traces.survey(Statistics, Filter())
        found = figures(statistics, overview)
        if found.totals or found.lifespans:
            print_on(Output(2), self.color, [StatisticsPage(found, overview, rows=ROWS, utc=self.utc)])


def _said_by_others(damage: Damage) -> None:
    """Nothing: a run tells of itself what went wrong, and `stats` of its trace."""
