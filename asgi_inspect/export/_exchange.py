"""One connection as a client and a server would tell it: headers in bytes, the response, and when each part was over.

Only layer 0 is told, which is what passed on the wire. What a trace could not keep is given as far as it was kept.
"""

import re
from typing import Any, Final, NamedTuple

from ..trace import messages
from ..trace.body import messages_of
from ..trace.connection import Connection
from ..trace.records import ErrorInfo, SendRecord
from ..values import Parts, Redacted, Truncated

_LARGEST_US: Final = 1 << 50  # some 35 years: whatever a damaged trace says, times stay numbers that others can read
_SHORT: Final = 1000

# What each proxy adds; then the client of the server is not the client of the application.
_FORWARDED: Final = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-prefix"})


class Header(NamedTuple):
    """One header as it passed; `whole` is False where the trace holds only a part of it, or a stand-in, `withheld` is True
    where that is because it is secret.
    """

    name: bytes
    value: bytes
    whole: bool
    withheld: bool = False


def headers(holder: Any) -> list[Header]:
    """The headers of a scope or message."""
    return [_header(name, value) for name, value in messages.headers_of(holder)]


def _header(name: Any, value: Any) -> Header:
    withheld = isinstance(value, Redacted | Parts)
    name, name_is_whole = octets(name)
    value, value_is_whole = octets(value)
    return Header(name, value, name_is_whole and value_is_whole, withheld)


def octets(value: Any) -> tuple[bytes, bool]:
    """A value in a place of bytes, and whether these are all of them."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value), True
    if isinstance(value, str):  # a bug of the application, which some servers forgive
        return value.encode("utf-8", "surrogatepass"), True
    if isinstance(value, Truncated):
        return octets(value.head)[0] if value.head is not None else b"", False
    if isinstance(value, Parts):
        return b"".join(octets(part)[0] for part in value.parts), False
    if isinstance(value, Redacted):
        return b"<redacted>", False
    return messages.as_text(value).encode("utf-8", "surrogatepass"), False


def find(found: list[Header], name: bytes) -> bytes | None:
    """The value of the first header of that name, given in lower case."""
    return next((header.value for header in found if header.name.lower() == name), None)


def text(value: bytes) -> str:
    """What a header or an address says, for readers of text: UTF-8, or else each byte as a character."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


class Response(NamedTuple):
    """How the application answered: the status, 0 where it did not, and the headers of all that began a response."""

    status: int
    headers: list[Header]
    trailers: list[Header]


def response(connection: Connection) -> Response:
    """The response; of a WebSocket, the one that the server makes of `websocket.accept` or of a refusal."""
    status, found, trailers = 0, [], []
    begun = False
    for record, message in messages_of(connection):
        if not isinstance(record, SendRecord):
            continue
        kind = messages.message_type(message)
        if messages.is_start(message) and not begun:
            begun, status, found = True, messages.status_of(message) or 0, headers(message)
        elif kind == "websocket.accept" and not begun:
            begun, status, found = True, 101, _accepted(message)
        elif kind == "websocket.close" and not begun:
            begun, status = True, 403  # what the specification has the server answer
        elif kind == "http.response.trailers":
            trailers += headers(message)
    return Response(status if 0 <= status < 1000 else 0, found, trailers)


def _accepted(message: Any) -> list[Header]:
    found = headers(message)
    chosen = messages.field(message, "subprotocol")
    if isinstance(chosen, str) and find(found, b"sec-websocket-protocol") is None:
        found.append(Header(b"sec-websocket-protocol", octets(chosen)[0], True))
    return found


class Times(NamedTuple):
    """Whole microseconds that follow one another: until the request was received, the response began, and it was over."""

    send: int
    wait: int
    receive: int


def times(connection: Connection) -> Times:
    """How the time was spent, from our own offsets."""
    asked, sent = 0, []
    for record, message in messages_of(connection):
        if isinstance(record, SendRecord):
            sent.append(record.t_us)
        elif messages.message_type(message) == "http.request":
            asked = record.t_us
    begun = connection.answered_us
    if begun is None and connection.type == "websocket" and sent:
        begun = sent[0]
    last = _whole(sent[-1] if sent and connection.type == "http" and connection.complete else _last_us(connection))
    begun = last if begun is None else min(_whole(begun), last)
    asked = min(_whole(asked), begun)
    return Times(asked, begun - asked, last - begun)


def _last_us(connection: Connection) -> int:
    ended = connection.duration_us
    return connection.last_us if ended is None else max(ended, connection.last_us)


def _whole(us: int) -> int:
    return max(0, min(us, _LARGEST_US))


def forwarded(found: list[Header]) -> bool:
    """Whether a proxy passed this on."""
    return any(header.name.lower() in _FORWARDED for header in found)


def failure(error: ErrorInfo | None) -> str:
    """An exception in one short line."""
    if error is None:
        return ""
    words = f"{error.type}: {error.message}" if error.message else error.type
    return re.sub(r"\s+", " ", words[:_SHORT])
