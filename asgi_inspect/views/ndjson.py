"""JSON values one after the other, each on its line (NDJSON, JSON Lines, JSON text sequences): each laid out by itself."""

from collections.abc import Iterator
from typing import Final

from .charset import decode
from .content import media_type
from .layout import Layout, parse
from .spans import Body, Line, Room, Shown, plural, take

_MEDIA: Final = frozenset(
    f"application/{name}"
    for name in (
        "x-ndjson",
        "ndjson",
        "jsonl",
        "x-jsonl",
        "jsonlines",
        "x-jsonlines",
        "json-lines",
        "json-seq",
        "stream+json",
    )
)
_MAYBE: Final = (None, "text/plain", "application/json", "application/octet-stream")
_LONGEST: Final = 1 << 20  # bytes of one value; parsing takes time


def view(body: Body, room: Room) -> Shown | None:
    """The values; None where neither the type nor the first two lines say that it is such a sequence."""
    media = media_type(body.content_type)
    if media not in _MEDIA and (media not in _MAYBE or not _looks_so(body)):
        return None
    most = -1 if room.lines is None else room.lines + 2
    rows = body.data.removesuffix(b"\n").split(b"\n", most)
    unread = 0 if room.lines is None or len(rows) <= most else rows.pop().count(b"\n") + 1
    lines, left = take(_lines(rows, body, room), room)
    if not left and not unread:
        return Shown("ndjson", lines)
    return Shown("ndjson", lines, f"about {plural(unread, 'more value')}" if unread else plural(left, "more line"))


def _looks_so(body: Body) -> bool:
    first, _, rest = body.data[: 2 * _LONGEST].partition(b"\n")
    second, end, _ = rest.partition(b"\n")
    if not end and body.cut:
        return False
    return all(row.lstrip()[:1] in (b"{", b"[") and _value(row, body) is not None for row in (first, second))


def _value(row: bytes, body: Body) -> list[object] | None:
    """The value of a line, in a list; None where it is none."""
    if len(row) > _LONGEST:
        return None
    try:
        return [parse(decode(body, row.strip(b"\x1e\r\n\t ")))]
    except (ValueError, RecursionError):
        return None


def _lines(rows: list[bytes], body: Body, room: Room) -> Iterator[Line]:
    layout = Layout(room.width, lambda value: value)
    for row in rows:
        value = _value(row, body)
        if value is None:
            yield [(decode(body, row).rstrip("\r"), "text")]
        else:
            yield from layout.lines(value[0])
