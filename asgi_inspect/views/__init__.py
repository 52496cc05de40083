"""A body as a person wants to read it. One file a view; the first that takes a body for its own shows it.

A view is a module with `view(body, room) -> Shown | None`. It does no I/O, and it never raises, whatever the bytes are.
What a body is, its type and its bytes tell together: types are wrong, and missing, in practice.
"""

from collections.abc import Callable
from typing import Final

from . import events, form, hexdump, images, json, kinds, multipart, ndjson, text
from .spans import Body, Room, Shown

__all__ = ["Body", "Room", "Shown", "show"]

_VIEWS: Final[tuple[Callable[[Body, Room], Shown | None], ...]] = (
    multipart.view,
    form.view,
    events.view,
    ndjson.view,
    json.view,
    images.view,
    kinds.view,
    text.view,
)


def show(body: Body, room: Room) -> Shown:
    """The body, by the view that suits its content type and its bytes."""
    for view in _VIEWS:
        shown = view(body, room)
        if shown is not None:
            return shown
    return hexdump.view(body, room)
