"""JSON, pretty-printed. What does not parse (the head of a truncated body, a chunk of a stream) is left to the text view."""

from typing import Any, Final

from .charset import decode
from .content import FORM, media_type
from .layout import Layout, parse
from .spans import Body, Room, Shown, left_out, take

MAX_SIZE: Final = 4 << 20  # bytes, half a second to parse; a longer body is shown as text
# What much JSON is called by those who say nothing of it.
_MAYBE: Final = (None, "text/plain", "text/html", FORM, "application/octet-stream")


def view(body: Body, room: Room) -> Shown | None:
    """The body's JSON; None where its type says that it is something else, or where it is no JSON."""
    if body.cut or len(body.data) > MAX_SIZE or not _may_be_json(body):
        return None
    try:
        value = parse(decode(body))
    except (ValueError, RecursionError):
        return None
    taken, left = take(Layout(room.width, _as_it_is).lines(value), room)
    return Shown("json", taken, left_out(left) if left else None)


def _may_be_json(body: Body) -> bool:
    media = media_type(body.content_type)
    if media in _MAYBE:
        return body.data.lstrip()[:1] in (b"{", b"[")
    return media is not None and media.endswith(("/json", "+json"))


def _as_it_is(value: Any) -> Any:
    """A parsed body holds nothing that a layout does not know."""
    return value
