"""An event stream (server-sent events), or a chunk of one: a field a line, as they were sent, blank lines between events."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from .content import media_type
from .spans import Body, Line, Room, Shown, left_out, take

_NAMES: Final = ("data", "event", "id", "retry")
_BLANK_LINE: Final = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n)")
_LOOKS_SO: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?::|(?:data|event|id|retry): )[^\r\n]*(?:\r\n|\n)")
_EDGES: Final = b"\r\n"


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
    while begin < len(data):
        found = _BLANK_LINE.search(data, begin)
        end = len(data) if found is None else found.end()
        piece = data[begin:end].strip(_EDGES)
        if piece:
            # The specification knows no charset but UTF-8.
            yield Event(list(_fields(piece.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "backslashreplace"))), end - 1)
        begin = end


def _with_blank_lines(events: Iterator[Event]) -> Iterator[Line]:
    for number, event in enumerate(events):
        if number:
            yield []
        yield from event.lines


def _fields(piece: str) -> Iterator[Line]:
    for text in piece.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        name, colon, value = text.partition(":")
        if text.startswith(":"):
            yield [(text, "quiet")]  # a comment, most often a heartbeat
        elif name in _NAMES:
            yield [(name, "field.name"), (colon, "quiet"), (value, "text")]
        else:
            yield [(text, "text")]  # the middle of an event that was sent in pieces
