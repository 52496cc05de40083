"""Statistics as a page: a table for each type of connection, how the times are spread, and what there was in all.

A screen that is too narrow for all columns gets the later ones in a second table below, with the same rows; a pipe gets each
line whole. What is foreign is made safe before it is measured.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult

from ..trace.figures import (
    Around,
    Figures,
    GroupFigures,
    OpenFigures,
    Process,
    Spread,
    scaled,
    steps_between,
)
from ..trace.scaled import EstimatedFigures
from ..views.spans import Line, Own, plural, size_text
from .block import Block, Row, ellipsis, paintable
from .folding import cells, clip
from .heads import NORMAL_CLOSES, joined, status_style
from .names import Names
from .sparkline import histogram, share_text, sparkline, step_text
from .units import clock, day, duration

_TITLES: Final = {"http": "HTTP", "websocket": "WebSocket", "": "neither HTTP nor WebSocket"}
_WORDS: Final = {"cut_off": "cut off", "disconnected": "client left"}
_LEAST_NAME: Final = 24  # columns: a table has no more others than leave so many for a name, if it is that long
_NARROWEST: Final = 8
_SAID: Final = 12  # of statuses, exceptions and the like
_RATES: Final = 3  # likewise
_LABEL: Final = 12
_SECOND: Final = 1_000_000
_DRAWN: Final = 10  # a histogram of fewer times says nothing

Cell = tuple[str, str]


class _Column(NamedTuple):
    title: str
    cell: Callable[[GroupFigures], Cell]
    left: bool = False


class _Band(NamedTuple):
    """Columns that stand side by side, under a title of their own."""

    title: str
    columns: Sequence[_Column]
    dispensable: bool = False
    """Not worth a table of its own."""


class StatisticsPage:
    """All figures of a trace, for a person."""

    def __init__(
        self, figures: Figures, around: Around, *, rows: int | None = None, utc: bool = False, filtered: bool = False
    ) -> None:
        """rows: how many groups of a type are shown (None: all). utc: times in UTC instead of local time.

        filtered: whether the figures are of some of the trace's connections.
        """
        self._figures = figures
        self._processes = around.processes
        self._rows = rows
        self._utc = utc
        self._filtered = filtered

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = None if options.no_wrap else options.max_width
        for total in self._figures.totals:
            groups = [group for group in self._figures.groups if group.type == total.type]
            table = _Table(total, groups[: self._rows], self._figures.by, options.encoding)
            lines = list(table.lines(width))
            lines += [[], *_rest(len(groups) - len(table.groups), self._figures.by)][1:]
            lines += [[]]
            if total.type == "http" and sum(found.count for found in total.durations) >= _DRAWN:
                lines += [[("duration", "section")], *histogram(total.durations, options.max_width), []]
            yield Block(lambda _, lines=lines: [Row(line) for line in lines], one_line=True)  # type: ignore[misc]
        lines = list(_totals(self._figures, self._processes, self._utc))
        around = list(_around(self._figures))
        if around and self._filtered:
            around.append(_labelled("", [[("of the whole trace, whatever the filter wants", "quiet")]]))
        yield Block(lambda _: [Row(line, hang=_LABEL) for line in (*lines, *around)])


def _rest(count: int, by: str) -> Iterator[Line]:
    if count > 0:
        yield [(Own("… "), "quiet"), (f"and {plural(count, _several(by, count))}", "quiet")]


def _several(by: str, count: int) -> str:
    """The word that `plural` makes a plural of."""
    if count == 1:
        return f"more {by}"
    return "more " + {"machine": "machine", "status": "statuse"}.get(by, by)


class _Table:
    """The groups of one type."""

    def __init__(self, total: GroupFigures, groups: Sequence[GroupFigures], by: str, encoding: str) -> None:
        self.groups = groups
        self._total = total
        self._encoding = encoding
        self._by = by
        self._title = _TITLES[total.type]
        self._methods = max((len(group.method or "") for group in groups), default=0)
        self._names = [paintable(self._name(group), encoding) for group in groups]
        self._several = len(groups) > 1 or groups[0].connections != total.connections

    def lines(self, width: int | None) -> Iterator[Line]:
        """The table; or two or three, where the screen is too narrow for one."""
        bands = [_Wide(band, [*self.groups, *([self._total] if self._several else [])]) for band in _bands(self._total)]
        natural = max(_NARROWEST, len(self._title), *(sum(cells(text) for text, _ in name) for name in self._names))
        first = True
        while bands:
            taken = _fitting(bands, None if width is None else width - min(natural, _LEAST_NAME))
            room = natural if width is None else min(natural, width - sum(band.width + 2 for band in taken))
            yield from [] if first else [[]]
            yield from self._table(taken, max(_NARROWEST, room))
            bands, first = bands[len(taken) :], False
            if all(band.dispensable for band in bands):
                return

    def _table(self, bands: "Sequence[_Wide]", room: int) -> Iterator[Line]:
        if any(band.title for band in bands):
            yield [(" " * room, ""), *(cell for band in bands for cell in band.head())]
        title = (self._title[:room].ljust(room), "section")
        yield _stripped([title, *(cell for band in bands for cell in band.titles())])
        names = [*self._names, *([[("all", "quiet")]] if self._several else [])]
        for number, name in enumerate(names):
            fitting = clip(name, room, ellipsis(self._encoding))
            blanks = " " * (room - sum(cells(text) for text, _ in fitting))
            yield _stripped([*fitting, (blanks, ""), *(cell for band in bands for cell in band.row(number))])

    def _name(self, group: GroupFigures) -> Line:
        name = (group.name or f"(no {self._by})", "path" if group.name else "quiet")
        return [((group.method or "").ljust(self._methods) + " ", "method"), name] if self._methods else [name]


class _Wide:
    """A band with its cells, as wide as these."""

    def __init__(self, band: _Band, groups: Sequence[GroupFigures]) -> None:
        self.title = band.title
        self.dispensable = band.dispensable
        self._columns = band.columns
        self._cells = [[column.cell(group) for column in band.columns] for group in groups]
        self._widths = [
            max(len(column.title), *(len(row[index][0]) for row in self._cells))
            for index, column in enumerate(band.columns)
        ]
        self._widths[0] += max(0, len(band.title) - self.width)

    @property
    def width(self) -> int:
        return sum(self._widths) + 2 * (len(self._widths) - 1)

    def head(self) -> Line:
        return [("  " + self.title.rjust(self.width), "quiet")]

    def titles(self) -> Line:
        return self._line([(column.title, "quiet") for column in self._columns])

    def row(self, number: int) -> Line:
        return self._line(self._cells[number])

    def _line(self, found: Sequence[Cell]) -> Line:
        line: Line = []
        for (text, style), width, column in zip(found, self._widths, self._columns, strict=True):
            blanks = " " * (width - len(text))
            line += [("  ", ""), (text, style), (blanks, "")] if column.left else [("  " + blanks, ""), (text, style)]
        return line


def _stripped(line: Line) -> Line:
    while line and not line[-1][0].strip(" "):
        line = line[:-1]
    return line


def _fitting(bands: "Sequence[_Wide]", room: int | None) -> "Sequence[_Wide]":
    """As many of the bands as there is room for, at least one."""
    if room is None:
        return bands
    count, used = 0, 0
    for band in bands:
        used += band.width + 2
        if used > room and count:
            break
        count += 1
    return bands[:count]


# --- columns ---


def _bands(total: GroupFigures) -> list[_Band]:
    longest = 0 if total.duration_us is None else total.duration_us.max
    unit, size = ("s", _SECOND) if total.type == "websocket" and longest >= _SECOND else ("ms", 1000)
    answered = "accepted" if total.type == "websocket" else "first byte"
    scale = [begin for begin, _ in steps_between(total.durations)]
    bands = [
        _Band("", [_Column("count", _count), _Column("errors", _errors)]),
        _times(f"duration ({unit})", size, lambda group: group.duration_us),
        _times(f"{answered} (ms)", 1000, lambda group: group.answered_us),
        _Band("bytes", [_Column("in", _bytes_in), _Column("out", _bytes_out)]),
        _Band("messages", [_Column("in", _received), _Column("out", _sent)]),
    ]
    if len(scale) > 1:
        ends = f"{step_text(scale[0])}-{step_text(steps_between(total.durations)[-1][1])}"
        spread = _Column(ends, lambda group: (sparkline(group.durations, scale), "receive"), left=True)
        bands.append(_Band("spread", [spread], dispensable=True))
    return bands


def _times(title: str, size: int, spread: Callable[[GroupFigures], Spread | None]) -> _Band:
    def column(name: str) -> _Column:
        def cell(group: GroupFigures) -> Cell:
            found = spread(group)
            return ("-", "quiet") if found is None else (_amount(getattr(found, name) / size), "")

        return _Column(name, cell)

    return _Band(title, [column(name) for name in ("p50", "p95", "p99", "max")])


def _amount(amount: float) -> str:
    """With three digits that count, and all before the point."""
    if amount < 9.995:
        return f"{amount:.2f}"
    return f"{amount:.1f}" if amount < 99.95 else f"{amount:,.0f}"


def _count(group: GroupFigures) -> Cell:
    return (f"{scaled(group).connections:,}", "")


def _errors(group: GroupFigures) -> Cell:
    scale = scaled(group)
    return (share_text(scale.errors, scale.connections), "error" if scale.errors else "quiet")


def _bytes_in(group: GroupFigures) -> Cell:
    return (size_text(scaled(group).request_bytes), "size")


def _bytes_out(group: GroupFigures) -> Cell:
    return (size_text(scaled(group).response_bytes), "size")


def _received(group: GroupFigures) -> Cell:
    return (f"{scaled(group).received:,}", "")


def _sent(group: GroupFigures) -> Cell:
    return (f"{scaled(group).sent:,}", "")


# --- in all ---


def _totals(figures: Figures, processes: Mapping[str, Process], utc: bool) -> Iterator[Line]:
    yield _labelled("in all", [[(text, "")] for text in _extent(figures, utc)])
    if figures.estimated is not None:
        yield _labelled("sampled", [[(_sampled(figures, figures.estimated), "warning")]])
    scale = figures.estimated or figures
    yield from _counts("status", scale.statuses, _of_status)
    yield from _counts("outcome", _in_words(scale.outcomes), _of_outcome)
    yield from _counts("raised", scale.exceptions, lambda _: "error")
    yield from _counts("close code", scale.close_codes, _of_close)
    yield from _workers(figures)
    yield from _open(figures, processes)
    yield from _counts("lifespan", _in_words(figures.lifespans), lambda _: "quiet")


def _around(figures: Figures) -> Iterator[Line]:
    """What belongs to no connection: no filter chooses of it."""
    lost = [
        f"{plural(loss.records, 'record')} of {plural(loss.connections, 'connection')}, {size_text(loss.bytes)}: {loss.why}"
        for loss in figures.lost
    ]
    yield from _missing("lost", lost)
    left_out = [f"{plural(count, 'connection')}: {why}" for why, count in figures.skipped.items()]
    yield from _missing("left out", left_out)
    if figures.blocked_us:
        yield _labelled("event loop", [[(f"stood still for {duration(figures.blocked_us)} in all", "warning")]])


def _labelled(label: str, parts: Sequence[Line]) -> Line:
    return [(label.ljust(_LABEL), "quiet"), *joined(list(parts))]


def _missing(label: str, texts: list[str]) -> Iterator[Line]:
    """A line for each reason."""
    for number, text in enumerate(texts[:_SAID]):
        yield _labelled("" if number else label, [[(text, "warning")]])
    if len(texts) > _SAID:
        yield _labelled("", [[(f"{len(texts) - _SAID:,} more reasons", "quiet")]])


def _sampled(figures: Figures, sample: EstimatedFigures) -> str:
    """How the counts came about."""
    rates = [f"1 in {_amount(1 / rate).removesuffix('.00').removesuffix('.0')}" for rate in _rates(sample)]
    many = f" and {len(sample.rates) - len(rates)} other rates" if len(sample.rates) > len(rates) else ""
    return (
        f"{', '.join(rates)}{many}: counts and bytes are scaled, times are of the {figures.connections:,} recorded"
        if rates
        else "at rates that make no sense"
    )


def _rates(sample: EstimatedFigures) -> list[float]:
    found = [float(rate) for rate in list(sample.rates)[:_RATES] if rate.replace(".", "").replace("e-", "").isdigit()]
    return [rate for rate in found if rate > 0]


def _extent(figures: Figures, utc: bool) -> Iterator[str]:
    yield ("about " if figures.estimated else "") + plural((figures.estimated or figures).connections, "connection")
    if figures.first is None or figures.last is None:
        return
    begin, end = day(figures.first, utc=utc), day(figures.last, utc=utc)
    times = f"{clock(figures.first, utc=utc)[:8]} - "
    yield f"{begin} {times}{'' if begin == end else end + ' '}{clock(figures.last, utc=utc)[:8]}"
    per_second = (figures.estimated or figures).per_second
    if figures.span_us and per_second:
        yield f"{_amount(per_second)} a second"


def _counts(label: str, counts: Mapping[str, int], style: Callable[[str], str]) -> Iterator[Line]:
    if counts:
        shown = list(counts.items())[:_SAID]
        parts: list[Line] = [[(f"{what or '?'} ", style(what)), (f"{n:,}", "")] for what, n in shown]
        more = len(counts) - len(shown)
        yield _labelled(label, [*parts, *([[(f"{more:,} more", "quiet")]] if more else [])])


def _in_words(outcomes: Mapping[str, int]) -> dict[str, int]:
    return {_WORDS.get(outcome, outcome): count for outcome, count in outcomes.items()}


def _of_status(status: str) -> str:
    return status_style(int(status)) if status.isdecimal() and len(status) < 5 else "warning"


def _of_outcome(outcome: str) -> str:
    return {"returned": "", "raised": "error", "open": ""}.get(outcome, "warning")


def _of_close(code: str) -> str:
    return "good" if code in map(str, NORMAL_CLOSES) else "warning"


def _workers(figures: Figures) -> Iterator[Line]:
    if len(figures.workers) > 1:
        hosts = {worker.host for worker in figures.workers}
        parts: list[Line] = []
        for worker in figures.workers[:_SAID]:
            name = worker.proc if worker.pid is None else str(worker.pid)
            host = f" on {worker.host}" if len(hosts) > 1 and worker.host else ""
            count = worker.connections if worker.estimated_connections is None else worker.estimated_connections
            parts.append([(f"{name}{host} ", "quiet"), (f"{count:,}", "")])
        more = len(figures.workers) - len(parts)
        yield _labelled("worker", [*parts, *([[(f"{more:,} more", "quiet")]] if more else [])])


def _open(figures: Figures, processes: Mapping[str, Process]) -> Iterator[Line]:
    if not figures.open:
        return
    names = Names()
    for process in processes.values():
        names.know(process)
    yield _labelled("open", [[(f"{figures.open:,}", "")], *(_still_open(one, names) for one in figures.oldest_open)])


def _still_open(one: OpenFigures, names: Names) -> Line:
    title = " ".join(
        word for word in (one.method or ("WebSocket" if one.type == "websocket" else one.type), one.path) if word
    )
    return [
        (f"{names.short(one.conn)} ", names.style(one.conn)),
        (title, ""),
        (f" for {duration(one.open_us)}", "quiet"),
    ]
