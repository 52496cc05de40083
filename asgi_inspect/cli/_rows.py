"""Lists of connections, a line each: the table, and the tab-separated fields. Lines go out together where many come at once."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from ..render import ViewOptions
from ..render.columns import heading, row
from ..render.units import micros
from ..trace.columns import Column, wanted_by
from ..trace.extent import Span
from ..trace.facts import Facts, Want
from ..trace.records import ProcessRecord
from ..trace.seen import Asked
from ._pager import Outlet

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..render.console import Printer
    from ..render.table import TableView

T = TypeVar("T")
Processes = Mapping[str, ProcessRecord]

_MOST_HELD: Final = 500  # rows: what most filters find, so that the waterfall shows them and nothing else
_PATIENCE: Final = 0.25  # seconds until the first row is shown, however few there are
_BATCH: Final = 100  # rows
_EVERY: Final = 0.05  # seconds


class Batch(Generic[T]):
    """Things that are given on together, soon; or each at once, where nobody knows when the next one comes."""

    def __init__(self, give: Callable[[list[T]], object], *, at_once: bool) -> None:
        self._give = give
        self._at_once = at_once
        self._things: list[T] = []
        self._given = 0.0

    def add(self, things: Iterable[T]) -> None:
        """Some more."""
        self._things.extend(things)
        if self._at_once or len(self._things) >= _BATCH or time.monotonic() - self._given > _EVERY:
            self.flush()

    def flush(self) -> None:
        """Give on what there is."""
        if self._things:
            things, self._things = self._things, []
            self._give(things)
        self._given = time.monotonic()


class Rows(Protocol):
    """Shows connections, a line each."""

    want: Want
    """What must be kept of connections for it."""

    def take(self, facts: Facts) -> None:
        """The next connection."""
        ...

    def finish(self) -> None:
        """No more come."""
        ...


class FieldRows:
    """Columns with tabs between them."""

    def __init__(self, columns: Sequence[Column], header: bool, outlet: Outlet, *, at_once: bool = False) -> None:
        self.want: Want = wanted_by(columns)
        self._columns = columns
        self._outlet = outlet
        self._batch: Batch[str] = Batch(lambda lines: outlet.write("".join(lines)), at_once=at_once)
        if header:
            outlet.write(heading(columns))

    def take(self, facts: Facts) -> None:
        self._batch.add([row(self._columns, facts)])

    def finish(self) -> None:
        self._batch.flush()


class TableRows:
    """The table with its waterfall: of the connections that are shown, if they are few, else of the whole trace."""

    want: Want = Asked(headers=True)

    def __init__(
        self, printer: "Printer", options: ViewOptions, processes: Processes, span: Callable[[], Span | None] | None
    ) -> None:
        """processes: those that were met so far. span: what the whole trace spans; None: it grows, and rows never wait."""
        self._printer = printer
        self._options = options
        self._processes = processes
        self._span_of_all = span
        self._held: list[Facts] = []
        self._begun = time.monotonic()
        self._view: TableView | None = None
        self._known: set[str] = set()
        self._batch: Batch[RenderableType] = Batch(printer.print, at_once=span is None)

    def take(self, facts: Facts) -> None:
        if self._view is None:
            self._held.append(facts)
            late = time.monotonic() - self._begun > _PATIENCE
            if self._span_of_all is None or late or len(self._held) >= _MOST_HELD:
                self._begin(None if self._span_of_all is None else self._span_of_all())
            return
        self._meet(self._view)
        self._batch.add(self._view.row(facts))

    def finish(self) -> None:
        if self._view is None and self._held:
            self._begin(_span_of(self._held))
        self._batch.flush()
        if self._view is not None:
            self._printer.print(self._view.finish())

    def _begin(self, span: Span | None) -> None:
        from ..render.table import TableView

        view = self._view = TableView(self._options, span)
        self._meet(view)
        self._batch.add([view.heading()])
        for facts in sorted(self._held, key=lambda facts: facts.at or ""):  # they came as they ended
            self._batch.add(view.row(facts))
        self._held.clear()
        self._batch.flush()

    def _meet(self, view: "TableView") -> None:
        if len(self._known) < len(self._processes):
            for proc, process in list(self._processes.items()):
                if proc not in self._known:
                    self._known.add(proc)
                    view.names.know(process)


def _span_of(connections: list[Facts]) -> Span | None:
    """From the first beginning to the last thing that is known; a lifespan counts only where there is nothing else."""
    counting = [facts for facts in connections if facts.type != "lifespan"] or connections
    begun = [(begin, facts.last_us) for facts in counting if facts.at and (begin := micros(facts.at)) is not None]
    return Span(min(begin for begin, _ in begun), max(begin + last for begin, last in begun)) if begun else None
