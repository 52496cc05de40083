"""A response as far as it was sent, also one that refuses a WebSocket."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from ..trace.messages import size_of
from .event import Event
from .kinds import is_int, is_length, is_sized, pairs_of

_CONTENT_LENGTH: Final = b"content-length"
_NOTHING: Final[Mapping[Any, Any]] = {}


class Response:
    """A response, also one that refuses a WebSocket."""

    # All of it is as it is here until something is sent.
    start: Mapping[Any, Any] = _NOTHING
    start_n = 0
    """The number of the record of its start; 0: none was sent."""
    start_us = 0
    status: int | None = None
    """None where there is none that makes sense."""
    length: int | None = None
    """The one content-length that makes sense; None where there is none, or several."""
    size = 0
    """Bytes of body that were sent."""
    uncounted = False
    """Whether content was sent of which the size is not known."""
    bodies = 0
    """How many messages with content were sent, empty ones too."""
    filled = 0
    """How many of them were not empty."""
    first_filled_us = last_filled_us = 0
    """When the first and the last of those were sent."""
    first_body_n = first_body_us = last_body_n = 0
    final_n = 0
    """The number of the record that completed the body; 0: none has."""
    pathsend_n = 0

    def begin(self, event: Event) -> None:
        """The start was sent."""
        self.start = event.message if isinstance(event.message, dict) else _NOTHING
        self.start_n, self.start_us = event.n, event.t_us
        status = self.start.get("status")
        self.status = status if is_int(status) else None
        lengths = [value for name, value in pairs_of(self.start.get("headers")) if _is_content_length(name)]
        self.length = int(lengths[0]) if len(lengths) == 1 and is_length(lengths[0]) else None

    @cached_property
    def fields(self) -> list[tuple[bytes, bytes]]:
        """Its headers with names in lower case, as far as both are bytes that the trace has whole; asked once it has begun."""
        return [
            (name.lower(), value)
            for name, value in pairs_of(self.start.get("headers"))
            if isinstance(name, bytes) and isinstance(value, bytes)
        ]

    def values(self, name: bytes) -> list[bytes]:
        """The values of all headers that are called so."""
        return [value for found, value in self.fields if found == name]

    def add(self, event: Event) -> None:
        """A message with content was sent."""
        self.bodies += 1
        self.last_body_n = event.n
        if not self.first_body_n:
            self.first_body_n, self.first_body_us = event.n, event.t_us
        size = content_size(event)
        if size is None:
            self.uncounted = True
        elif size:
            self.size += size
            self.filled += 1
            self.first_filled_us = self.first_filled_us or event.t_us
            self.last_filled_us = event.t_us
        if event.kind == "http.response.pathsend":
            self.pathsend_n = event.n
        if event.symbol == event.kind and not self.final_n:
            self.final_n = event.n

    def has_no_content(self, method: Any) -> bool:
        """Whether it has no content by its status or the method: HEAD, 1xx, 204, 304, 2xx to CONNECT (RFC 9110, 6.4.1)."""
        status = self.status
        if method == "HEAD" or not method:  # of an unknown method nothing is known
            return True
        return status is not None and (
            100 <= status < 200 or status in (204, 304) or (method == "CONNECT" and 200 <= status < 300)
        )


def _is_content_length(name: Any) -> bool:
    return type(name) is bytes and len(name) == len(_CONTENT_LENGTH) and name.lower() == _CONTENT_LENGTH


def content_size(event: Event) -> int | None:
    """The bytes of content in a message; None where that is not known."""
    if event.kind == "http.response.pathsend":
        return None
    if event.kind == "http.response.zerocopysend":
        count = event.get("count")
        return count if is_int(count) and count >= 0 else None
    body = event.get("body", b"")
    return size_of(body) if is_sized(body) else None
