"""An event stream (server-sent events), or a chunk of one: a field a line, as they were sent, blank lines between events."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from .content import media_type
from .spans import Body, Line, Own, Room, Shown, left_out, size_text, take

_NAMES: Final = ("data", "event", "id", "retry")
_BLANK_LINE: Final = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n)")
_LOOKS_SO: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?::|(?:data|event|id|retry): )[^\r\n]*(?:\r\n|\n)")
_BLANK: Final = re.compile(rb"[\r\n]*")
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_EDGES: Final = b"\r\n"
_MOST_FIELDS: Final = 10_000  # of one event; no screen shows more


class Event(NamedTuple):
    """One event. end: where its last byte lies in the stream, which tells when it was whole."""

    lines: list[Line]
    end: int


def is_event_stream(body: Body) -> bool:
    """Whether it is one by its type; where it has none, by its first line."""
    media = media_type(body.content_type)
    if media is None:
        return _LOOKS_SO.match(body.data) is not None and _BLANK_LINE.search(body.data) is not None
    return media == "text/event-stream"


def view(body: Body, room: Room) -> Shown | None:
    """The fields of the events; None for any other type."""
    if not is_event_stream(body):
        return None
    lines, left = take(_with_blank_lines(split(body.data)), room)
    return Shown("events", lines, left_out(left) if left else None)


def split(data: bytes) -> Iterator[Event]:
    """The events one by one, as they end with a blank line; what follows the last of them, too."""
    begin = 0
    while (begin := _after_blanks(data, begin)) < len(data):
        found = _BLANK_LINE.search(data, begin)
        end = len(data) if found is None else found.end()
        piece = data[begin:end].strip(_EDGES)
        yield Event(list(_fields(piece.removeprefix(b"\xef\xbb\xbf"))), end - 1)
        begin = end


def _after_blanks(data: bytes, begin: int) -> int:
    found = _BLANK.match(data, begin)
    return begin if found is None else found.end()


def _with_blank_lines(events: Iterator[Event]) -> Iterator[Line]:
    for number, event in enumerate(events):
        if number:
            yield []
        yield from event.lines


def _fields(piece: bytes) -> Iterator[Line]:
    begin = 0
    for _ in range(_MOST_FIELDS):
        found = _LINE_END.search(piece, begin)
        # The specification knows no charset but UTF-8.
        yield _field(piece[begin : None if found is None else found.start()].decode("utf-8", "backslashreplace"))
        if found is None:
            return
        begin = found.end()
    yield [(Own(f"… {size_text(len(piece) - begin)} more of this event"), "mark")]


def _field(text: str) -> Line:
    name, colon, value = text.partition(":")
    if text.startswith(":"):
        return [(text, "quiet")]  # a comment, most often a heartbeat
    if name in _NAMES:
        return [(name, "field.name"), (colon, "quiet"), (value, "text")]
    return [(text, "text")]  # the middle of an event that was sent in pieces
