"""An event stream (server-sent events), or a chunk of one: a field a line, as they were sent, blank lines between events."""

from collections.abc import Iterator

from .content import media_type
from .spans import Body, Line, Room, Shown, left_out, take
from .text import decode


def view(body: Body, room: Room) -> Shown | None:
    """The fields of the events; None for any other type."""
    if media_type(body.content_type) != "text/event-stream":
        return None
    texts = decode(body).replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
    lines, left = take(_fields(texts), room)
    return Shown("events", lines, left_out(left) if left else None)


def _fields(texts: list[str]) -> Iterator[Line]:
    for text in texts:
        name, colon, value = text.partition(":")
        if text.startswith(":"):
            yield [(text, "quiet")]  # a comment, most often a heartbeat
        elif name in ("data", "event", "id", "retry"):
            yield [(name, "field.name"), (colon, "quiet"), (value, "text")]
        else:
            yield [(text, "text")]  # the middle of an event that was sent in pieces
