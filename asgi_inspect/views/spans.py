"""What a view gives back: lines of spans, each a piece of text with the name of its style; nothing here knows a terminal.

The text of a span is as it came, controls and all: whoever paints it makes it safe there. The words that we add ourselves
are `Own`, which may hold glyphs (…, ·, →) that a painter replaces where the output cannot carry them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple, TypeAlias
from unicodedata import east_asian_width

Span: TypeAlias = tuple[str, str]
Line: TypeAlias = list[Span]


class Own(str):
    """Our own words, not somebody's data: safe by construction, and free to use our glyphs."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Body:
    """A body, or as much of it as is there.

    data: the bytes that were kept; size: how many there were in all; content_type: as the headers have it, or None;
    stands_for: how many of those the data is, which is not its length where marks stand in it (see `marks`).
    """

    data: bytes
    size: int
    content_type: str | None = None
    stands_for: int | None = None

    @property
    def kept(self) -> int:
        """How many bytes of it are there, or marked as withheld."""
        return len(self.data) if self.stands_for is None else self.stands_for

    @property
    def cut(self) -> bool:
        """Whether bytes are missing at the end."""
        return self.size > self.kept


@dataclass(frozen=True, slots=True)
class Room:
    """How much may be shown: `lines` screen lines of `width` columns; None: all of it."""

    lines: int | None
    width: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A body for a person: what it was taken for, its first lines, and what is not among them ("9,812 more lines")."""

    kind: str
    lines: list[Line]
    rest: str | None = None


_LARGEST: Final = 1 << 62  # bytes; whatever a damaged trace says


def plural(count: int, word: str) -> str:
    """`1 line`, `9,812 lines`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def size_text(size: int) -> str:
    """A size in bytes, for people: `27 B`, `1.5 KiB`, `64 KiB`, `10 MiB`."""
    if abs(size) < 1024:
        return f"{size} B"
    amount = float(min(size, _LARGEST))
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1023.95:
            return f"{amount:.1f}".removesuffix(".0") + f" {unit}" if amount < 100 else f"{amount:.0f} {unit}"
    return f"{amount / 1024:.1f} TiB"


def indented(line: Line, blanks: str) -> Line:
    """The line further in; its blanks stay one span, from which folding reads the indent."""
    if line and not line[0][0].strip(" "):
        return [(blanks + line[0][0], ""), *line[1:]]
    return [(blanks, ""), *line]


def columns(text: str) -> int:
    """About how many columns a text takes; for choosing a layout, not for cutting."""
    if text.isascii():
        return len(text)
    return len(text) + sum(east_asian_width(character) in "WF" for character in text)


def columns_of(line: Line) -> int:
    """About how many columns a line takes."""
    return sum([columns(text) for text, _ in line])


def rows(line: Line, width: int) -> int:
    """About how many screen lines a line takes, at least one; for keeping within a `Room`."""
    return 1 + max(0, columns_of(line) - 1) // max(1, width)


MOST_COUNTED: Final = 10_000  # counting more lines would take longer than showing the first


class Taken(NamedTuple):
    """The lines that there was room for, and how many there were besides, counted up to `MOST_COUNTED`."""

    lines: list[Line]
    left: int


def left_out(lines: int) -> str:
    """`12 more lines`, or `over 10,000 more lines`."""
    return f"{'over ' if lines >= MOST_COUNTED else ''}{plural(lines, 'more line')}"


def take(lines: Iterator[Line], room: Room) -> Taken:
    """The first lines, as many as there is room for, and one more if it is the last: to say that it is missing is no shorter."""
    if room.lines is None:
        return Taken(list(lines), 0)
    taken: list[Line] = []
    left = room.lines
    while left > 0 and (line := next(lines, None)) is not None:
        taken.append(line)
        left -= rows(line, room.width)
    rest = list(islice(lines, 2))
    if len(rest) == 1 and rows(rest[0], room.width) == 1:
        return Taken([*taken, *rest], 0)
    return Taken(taken, len(rest) + sum(1 for _ in islice(lines, MOST_COUNTED - len(rest))))
