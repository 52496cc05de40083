"""Anything else: the first bytes, in hex and as ASCII; at most eight lines, which is enough to tell what it is."""

from typing import Final

from .spans import Body, Line, Room, Shown, size_text

_MOST_LINES: Final = 8
_WIDE: Final = 16
_NARROW: Final = 8
# An offset of four digits, two blanks, three columns a byte, another blank and a column a byte.
_COLUMNS_OF_WIDE: Final = 6 + 3 * _WIDE + 1 + _WIDE


def view(body: Body, room: Room) -> Shown:
    """A short hexdump; this view is for every body."""
    step = _WIDE if room.width >= _COLUMNS_OF_WIDE else _NARROW
    most = _MOST_LINES if room.lines is None else max(1, min(_MOST_LINES, room.lines))
    end = min(len(body.data), most * step)
    lines = [_line(offset, body.data[offset : min(end, offset + step)], step) for offset in range(0, end, step)]
    left = len(body.data) - end
    return Shown("binary", lines, f"{size_text(left)} more" if left else None)


def _line(offset: int, piece: bytes, step: int) -> Line:
    digits = piece.hex(" ").ljust(3 * step)
    return [(f"{offset:04x}  ", "hex.offset"), (digits, "hex.digits"), (" ", ""), (_ascii(piece), "hex.ascii")]


def _ascii(piece: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in piece)
