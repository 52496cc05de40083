"""The values of scopes and messages as lines of JSON, each header on a line of its own.

What is shown belongs to the application and its client: it may be of any type, of any size, and hostile. Sizes are bounded
here (`MOST_TEXT`, the `Room` of each part) and said where something is left out; `block` makes it safe.
"""

from collections.abc import Iterator
from typing import Any, Final

from ..convert import convert_bytes_to_str as plain
from ..trace.messages import as_text
from ..values import Redacted, Truncated
from ..views import Body, Room
from ..views.layout import STAND_INS, Layout, stand_in
from ..views.marks import marked
from ..views.spans import Line, Own, columns_of, left_out, plural, size_text, take

_SCOPE_ROOMS: Final = 3
_WIDEST_SHARED: Final = 100  # columns; longer lines are hard to scan
MOST_TEXT: Final = 4000  # characters of one header value, path, message of an exception …
_HEADER_PARTS: Final = STAND_INS | {bytes}


def data(text: str, style: str, most: int = MOST_TEXT) -> Line:
    """Somebody else's text; a very long one is cut, and says so."""
    if len(text) <= most:
        return [(text, style)]
    return [(text[:most], style), (Own("…"), "mark"), (f" ({plural(len(text) - most, 'more character')})", "mark")]


def short_value(value: Any, room: int) -> Line | None:
    """A value on one line, or None where it needs more."""
    return Layout(room, plain).flat(value, room)


def more(rest: str, hint: str | None) -> Line:
    """What is left out, and how to see it."""
    said: Line = [(Own("… "), "quiet"), (rest, "quiet")]
    return said if hint is None else [*said, (f" ({hint})", "quiet")]


# --- headers -------------------------------------------------------------------------------------------------------------


def headers_lines(headers: Any, comma: bool, depth: int, room: Room, hint: str | None) -> Iterator[Line]:
    """The member `headers` of a scope or a message, a pair on each line."""
    indent = "  " * depth
    yield [(indent, ""), ('"headers"', "json.key"), (": [", "json.punctuation")]
    last = len(headers) - 1
    pairs = (_header(pair, number < last, room.width) for number, pair in enumerate(headers))
    taken, left = take(pairs, room)
    for line in taken:
        yield [(indent + "  ", ""), *line]
    if left:
        yield [(indent + "  ", ""), *more(plural(len(headers) - len(taken), "more header"), hint)]
    yield [(indent, ""), ("]," if comma else "]", "json.punctuation")]


def _header(pair: Any, comma: bool, width: int) -> Line:
    end: Line = [(",", "json.punctuation")] if comma else []
    if type(pair) not in (list, tuple) or len(pair) != 2:
        return [*(short_value(pair, width) or [(Own("…"), "mark")]), *end]
    name, value = pair
    line: Line = [("[", "json.punctuation"), *_header_part(name, "header.name")]
    line += [(", ", "json.punctuation"), *_header_part(value, "header.value"), ("]", "json.punctuation"), *end]
    wrong = dict.fromkeys(type(part).__name__ for part in pair if type(part) not in _HEADER_PARTS)
    return [*line, (f" ({' and '.join(wrong)}, not bytes)", "warning")] if wrong else line


def _header_part(value: Any, style: str) -> Line:
    t = type(value)
    if t is bytes or t is str:
        text = value.decode("utf-8", "backslashreplace") if t is bytes else value
        return [(piece, style if now == "json.string" else now) for piece, now in Layout(MOST_TEXT, plain).scalar(text)]
    if t in STAND_INS:
        return stand_in(value, lambda part: _header_part(part, style))
    return short_value(value, MOST_TEXT) or [(Own("…"), "mark")]


# --- JSON ----------------------------------------------------------------------------------------------------------------


def member_lines(name: str, value: Any, room: Room, hint: str | None) -> Iterator[Line]:
    """The value with its name before it, as in an object, cut at the room."""
    yield from bounded(Layout(room.width, plain).member(name, value, False, depth=0), room, hint)


def value_lines(value: Any, room: Room, hint: str | None) -> Iterator[Line]:
    """Any value as JSON, cut at the room."""
    yield from bounded(Layout(room.width, plain).lines(value), room, hint)


def scope_lines(scope: Any, room: Room, hint: str | None) -> Iterator[Line]:
    """A scope as JSON, each of its headers on a line of its own."""
    if type(scope) is not dict:
        yield from value_lines(scope, room, hint)
        return
    # The headers and each other member keep within the room on their own, so that the rest stays in sight.
    yield from bounded(
        _scope_lines(scope, room, hint),
        Room(None if room.lines is None else _SCOPE_ROOMS * room.lines, room.width),
        hint,
    )


def _scope_lines(scope: dict[Any, Any], room: Room, hint: str | None) -> Iterator[Line]:
    """Short members share lines: most of a scope is the same in every connection, and is looked at rarely."""
    yield [("scope ", "quiet"), ("{", "json.punctuation")]
    layout = Layout(room.width, plain)
    shared = _SharedLines(min(room.width, _WIDEST_SHARED))
    left = len(scope)
    for key, value in scope.items():
        left -= 1
        name = key if type(key) is str else as_text(plain(key))
        is_headers = key == "headers" and type(value) in (list, tuple) and len(value) > 0
        lines = iter(()) if is_headers else bounded(layout.member(name, value, left > 0), room, hint)
        first, second = next(lines, None), next(lines, None)
        if first is not None and second is None:
            yield from shared.add(first)
            continue
        yield from shared.flush()
        if is_headers:
            yield from headers_lines(value, left > 0, 1, room, hint)
        elif first is not None and second is not None:
            yield from (first, second)
            yield from lines
    yield from shared.flush()
    yield [("}", "json.punctuation")]


class _SharedLines:
    """Puts short lines together on one, as far as they fit."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._line: Line = []

    def add(self, line: Line) -> Iterator[Line]:
        """Take a line (which begins with its indent); the line that it no longer fits on, if there is one."""
        if self._line and columns_of(self._line) + columns_of(line) - 1 > self._width:
            yield from self.flush()
        self._line = [*self._line, (" ", ""), *line[1:]] if self._line else line

    def flush(self) -> Iterator[Line]:
        """What was taken in and not given out."""
        if self._line:
            yield self._line
        self._line = []


def bounded(lines: Iterator[Line], room: Room, hint: str | None) -> Iterator[Line]:
    """As many lines as there is room for; of those that are left out it is said how many."""
    taken, left = take(lines, room)
    yield from taken
    if left:
        yield more(left_out(left), hint)


# --- bodies --------------------------------------------------------------------------------------------------------------


def body_of(value: Any, content_type: str | None) -> Body | None:
    """A body's bytes, or what was kept of them; None for what is no text and no byte string."""
    head, size = (value.head, value.size) if type(value) is Truncated else (value, None)
    if type(size) is not int:
        size = None
    kept = None if type(head) is Redacted else marked(head)
    if kept is None:
        return None if head is not None or size is None else Body(b"", max(0, size), content_type)
    return Body(kept.data, max(size or 0, kept.size), content_type, kept.size)


def body_size(body: Body) -> str:
    """`27 B`, `10 MiB, first 64 KiB kept`."""
    if not body.cut:
        return size_text(body.size)
    kept = f"first {size_text(body.kept)} kept" if body.data else "not kept"
    return f"{size_text(body.size)}, {kept}"
