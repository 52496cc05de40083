"""A line a connection, as the Network panel has it, with a bar that shows when it waited and when it was answered.

Rows are printed as they come, so a column's width is decided by the width of the screen alone; a narrow screen has the
short forms, and below that fewer columns. What is too long is clipped, a path in its middle. Into a pipe a path goes whole.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment

from ..trace.extent import Span
from ..trace.facts import Facts
from ..views.spans import Line, Own, plural, size_text
from .block import Block, Row, ellipsis, paintable
from .folding import cells, clip
from .heads import joined
from .media import short_type
from .names import Names
from .options import ViewOptions
from .palette import PALETTE
from .standing import standing
from .units import clock, day, duration, micros, short_duration
from .waterfall import Sweep, axis, bar

_LONGEST: Final = 2000  # characters of a path or query at each end; no screen is wider
_WIDE: Final = 120  # columns from which on the long forms are used
_LEAST_PATH: Final = 12
_LEAST_BAR, _MOST_BAR = 10, 40
_NEWLINE: Final = Segment.line()


class _Column(NamedTuple):
    """A column: how wide it is in its short and in its long form, and whether it stands at the right of its width."""

    name: str
    narrow: int
    wide: int
    right: bool = False


_COLUMNS: Final = (
    _Column("time", 8, 12),
    _Column("id", 4, 4),  # or as wide as the longest id so far
    _Column("method", 7, 7),
    _Column("path", 0, 0),  # and the waterfall: what is left
    _Column("status", 6, 6),
    _Column("type", 8, 12),
    _Column("size", 5, 8, right=True),
    _Column("duration", 8, 8, right=True),
    _Column("waterfall", 0, 0),
)
_DISPENSABLE: Final = ("waterfall", "type", "time", "size", "method", "status")  # in this order, on a narrow screen


class _Layout(NamedTuple):
    """The columns that there is room for."""

    wide: bool
    columns: list[_Column]
    widths: dict[str, int]


@lru_cache(maxsize=16)
def _layout(width: int, id_width: int) -> _Layout:
    """The columns of a screen so wide."""
    wide = width >= _WIDE
    widths = {column.name: column.wide if wide else column.narrow for column in _COLUMNS}
    widths["id"] = min(id_width, width // 3)
    widths["waterfall"] = _LEAST_BAR
    for name in ("", *_DISPENSABLE):
        widths.pop(name, None)
        left = width - sum(widths.values()) - (len(widths) - 1)
        if left >= _LEAST_PATH:
            break
    if "waterfall" in widths:
        left += _LEAST_BAR
        widths["waterfall"] = max(_LEAST_BAR, min(left // 3, _MOST_BAR))
        left -= widths["waterfall"]
    widths["path"] = max(1, left)
    return _Layout(wide, [column for column in _COLUMNS if column.name in widths], widths)


class _Row:
    """One line of the table, which finds its columns when it is painted."""

    def __init__(self, cells_at: Callable[[_Layout], dict[str, Line]], id_width: int) -> None:
        self._cells_at = cells_at
        self._id_width = id_width

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        encoding, whole = options.encoding, bool(options.no_wrap)
        layout = _layout(options.max_width, self._id_width)
        found = self._cells_at(layout)
        gap = ""
        for column in layout.columns:
            line = paintable(found.get(column.name, ()), encoding)
            width, is_path = layout.widths[column.name], column.name == "path"
            used = sum([cells(text) for text, _ in line])
            if used > width and not (whole and is_path):
                line = _clipped(line, width, ellipsis(encoding), middle=is_path)
                used = sum([cells(text) for text, _ in line])
            blanks = " " * (width - used)
            before, gap = (f"{gap}{blanks}", " ") if column.right else (gap, f"{blanks} ")
            if before:
                yield Segment(before)
            for text, style in line:
                if text:
                    yield Segment(text, PALETTE[style])
        yield _NEWLINE


def _clipped(line: Line, width: int, mark: str, *, middle: bool) -> Line:
    """The line in so many columns. Of a path, its end tells more than its middle, and the query behind it less."""
    mark = mark if width > 2 * len(mark) else mark[:1]
    if not middle or cells(line[0][0]) + 2 * len(mark) <= width:
        return clip(line, width, mark)
    text, style = line[0]
    room = width - len(mark)
    end = _tail(text, room * 3 // 5)
    return [*clip([(text, style)], width - cells(end), mark), (end, style)]


def _tail(text: str, width: int) -> str:
    """The end of the text that fits."""
    if text.isascii():
        return text[len(text) - width :]
    begin = len(text)
    while begin and cells(text[begin - 1 :]) <= width:
        begin -= 1
    return text[begin:]


class TableView:
    """Connections in, as facts; rows out."""

    def __init__(self, options: ViewOptions, span: Span | None = None) -> None:
        """span: what the waterfall shows, if that is known beforehand; else a window that moves along with the rows."""
        self.names: Final = Names()
        self._options = options
        self._window = Sweep() if span is None else None
        self._span = span
        self._sum = _Sum()
        self._day: str | None = None
        self._id_width = 0

    def heading(self) -> _Row:
        """The names of the columns, and the scale of the waterfall."""
        self._id_width = max(self._id_width, self.names.usual)
        return _Row(self._heading_at, self._id_width)

    def _heading_at(self, layout: _Layout) -> dict[str, Line]:
        found: dict[str, Line] = {column.name: [(column.name, "quiet")] for column in layout.columns}
        if "waterfall" in found:
            length = Sweep.LENGTH_US if self._span is None else self._span.length_us
            found["waterfall"] = axis(length, layout.widths["waterfall"])
        return found

    def row(self, facts: Facts) -> Iterator[Block | _Row]:
        """A connection; a line with the date stands above it where the day is another than that of the one before."""
        self._sum.add(facts)
        if facts.at is not None:
            today = day(facts.at, utc=self._options.utc)
            if self._day is not None and today != self._day:
                line: Line = [(Own("── "), "quiet"), (today, "quiet")]
                yield Block(lambda width: [Row(line)])
            self._day = today
        label = self.names.short(facts.conn)
        self._id_width = max(self._id_width, len(label), self.names.usual)
        name: Line = [(label, self.names.style(facts.conn))]
        begin = None if facts.at is None else micros(facts.at)
        span = self._span if self._window is None else self._window.around(begin, facts.duration_us or facts.last_us)
        yield _Row(lambda layout: {**_cells(facts, begin, span, layout, self._options), "id": name}, self._id_width)

    def finish(self) -> Iterable[Block]:
        """What it all adds up to."""
        if self._sum.count < 2:
            return []
        line = self._sum.line()
        return [Block(lambda width: [Row(line)])]


def _cells(
    facts: Facts, begin: int | None, span: Span | None, layout: _Layout, options: ViewOptions
) -> dict[str, Line]:
    """What stands in each column, without the id."""
    found: dict[str, Line] = {
        "method": [((facts.method or "")[:20], "method")],
        "path": _target(facts, layout),
        "status": standing(facts),
        "type": [(short_type(facts, layout.widths.get("type", 0)), "")],
        "size": _size(facts, layout.wide),
        "duration": _duration(facts),
    }
    if facts.at is not None:
        found["time"] = [(clock(facts.at, utc=options.utc)[: layout.widths.get("time", 0)], "time")]
    if begin is not None and span is not None and "waterfall" in layout.widths:
        found["waterfall"] = bar(facts, begin, span, layout.widths["waterfall"])
    return found


def _target(facts: Facts, layout: _Layout) -> Line:
    if facts.path is None and "type" not in layout.widths:
        return [(short_type(facts, _LEAST_PATH), "quiet")]
    line: Line = [(_ends(facts.path or ""), "path")]
    return [*line, ("?", "quiet"), (facts.query[:_LONGEST], "query")] if facts.query else line


def _ends(text: str) -> str:
    return text if len(text) <= 2 * _LONGEST else text[:_LONGEST] + "…" + text[-_LONGEST:]


def _size(facts: Facts, wide: bool) -> Line:
    if facts.type not in ("http", "websocket"):
        return []
    text = size_text(facts.response_bytes)
    return [(text if wide else text.replace(" ", "").replace("iB", ""), "size")]


def _duration(facts: Facts) -> Line:
    if facts.duration_us is None:
        return [("open", "warning")]
    return [(short_duration(facts.duration_us), "")]


class _Sum:
    """What all rows add up to."""

    def __init__(self) -> None:
        self.count = 0
        self._open = 0
        self._request_bytes = 0
        self._response_bytes = 0
        self._begin: int | None = None
        self._end: int | None = None

    def add(self, facts: Facts) -> None:
        self.count += 1
        self._open += facts.outcome == "open"
        self._request_bytes += facts.request_bytes
        self._response_bytes += facts.response_bytes
        begin = None if facts.at is None or facts.type == "lifespan" else micros(facts.at)
        if begin is not None:
            end = begin + facts.last_us
            self._begin = begin if self._begin is None else min(self._begin, begin)
            self._end = end if self._end is None else max(self._end, end)

    def line(self) -> Line:
        """`── 1,234 connections · 1.2 MiB in · 40 MiB out · 12.4 s · 3 open`."""
        said = [plural(self.count, "connection")]
        said += [f"{size_text(self._request_bytes)} in", f"{size_text(self._response_bytes)} out"]
        if self._begin is not None and self._end is not None:
            said.append(duration(self._end - self._begin))
        parts: list[Line] = [[(text, "quiet")] for text in said]
        if self._open:
            parts.append([(f"{self._open:,} open", "warning")])
        return [(Own("── "), "quiet"), *joined(parts)]
