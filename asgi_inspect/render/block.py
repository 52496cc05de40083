"""What the views yield: rows of spans that paint themselves at the width, and in the encoding, of whatever prints them.

Here, and only here, what is foreign becomes safe: every span that is not `Own` passes `text.safe` before it is measured,
folded and written. A block knows its gutter, which stands at the left of each of its lines, folded ones included.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment

from ..text import safe
from ..views.spans import Line, Own, Span
from .folding import clip, fold
from .palette import PALETTE

# What stands in for our glyphs where an encoding has none of them.
_ASCII: Final[dict[int, str]] = str.maketrans(
    {"→": "->", "←": "<-", "│": "|", "┌": "+", "└": "+", "├": "+", "─": "-", "━": "=", "…": "...", "·": "|"}
    | {"▸": ">", "◂": "<"}
    | dict(zip("▁▂▃▄▅▆▇█", "_.-=+*%#", strict=True))
)
_GLYPHS: Final = "".join(map(chr, _ASCII))
_NEWLINE: Final = Segment.line()
_NARROWEST: Final = 20


class Row(NamedTuple):
    """One line: its spans, the glyph of its gutter, and by how much what is folded of it is indented (None: by itself)."""

    line: Line
    mark: str = "│"
    hang: int | None = None


class Gutter(NamedTuple):
    """The short id of a connection, padded, in the connection's colour."""

    label: str
    style: str


class Block:
    """Rows that belong together. `rows_at(width)` makes them, once the width is known."""

    def __init__(
        self, rows_at: Callable[[int], Iterable[Row]], gutter: Gutter | None = None, *, one_line: bool = False
    ) -> None:
        """one_line: a row that is too long for the screen is clipped, with an ellipsis, rather than folded."""
        self._rows_at = rows_at
        self._gutter = gutter
        self._one_line = one_line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        encoding = options.encoding
        width = max(_NARROWEST, options.max_width - self._gutter_width)
        for row in self._rows_at(width):
            line = paintable(row.line, encoding)
            mark = row.mark
            for piece in [line] if options.no_wrap else self._fit(line, row.hang, width, encoding):
                yield from self._painted_gutter(mark, encoding)
                mark = " " if mark in ("└", " ") else "│"
                for text, style in piece:
                    yield Segment(text, PALETTE[style])
                yield _NEWLINE

    def _fit(self, line: Line, hang: int | None, width: int, encoding: str) -> list[Line]:
        if self._one_line:
            return [clip(line, width, ellipsis(encoding))]
        return fold(line, width, _indent_of(line) + 2 if hang is None else hang)

    @property
    def _gutter_width(self) -> int:
        return 0 if self._gutter is None else len(self._gutter.label) + 3

    def _painted_gutter(self, mark: str, encoding: str) -> list[Segment]:
        if self._gutter is None:
            return []
        mark = mark if _has_glyphs(encoding) else mark.translate(_ASCII)
        return [Segment(f"{self._gutter.label} {mark} ", PALETTE[self._gutter.style])]


def paintable(line: Iterable[Span], encoding: str) -> Line:
    """The line as it may be written to a terminal of this encoding: what is foreign is safe, and has its final width."""
    return _encodable([(text if type(text) is Own else safe(text), style) for text, style in line], encoding)


def ellipsis(encoding: str) -> str:
    """What stands where something was left out."""
    return "…" if _has_glyphs(encoding) else "..."


def _encodable(line: Line, encoding: str) -> Line:
    """The line with our glyphs replaced and other characters escaped, as far as the encoding cannot carry them."""
    if encoding.startswith("utf"):
        return line
    if not _has_glyphs(encoding):
        line = [(text.translate(_ASCII) if type(text) is Own else text, style) for text, style in line]
    return [(_escaped(text, encoding), style) for text, style in line]


def _escaped(text: str, encoding: str) -> str:
    if text.isascii():
        return text
    try:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    except LookupError:  # an encoding that Python does not know
        return text.encode("ascii", "backslashreplace").decode("ascii")


@lru_cache(maxsize=8)
def _has_glyphs(encoding: str) -> bool:
    try:
        _GLYPHS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _indent_of(line: Line) -> int:
    """The blanks at the line's beginning."""
    text = line[0][0] if line else ""
    return len(text) - len(text.lstrip(" "))
