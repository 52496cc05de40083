"""HAR 1.2, as browsers write and read it: an entry a request, the messages of a WebSocket in `_webSocketMessages`.

Names that begin with `_` are additions, as the format allows. `_encoding` says how text was made of bytes that are no UTF-8:
`base64`, or `iso-8859-1` for a header. Chrome's panel refuses a file with a time that is none, or `_initiator` that is null.
"""

import base64
import contextlib
import http
import ipaddress
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any, Final

from ..trace import messages
from ..trace.body import SocketMessage, WholeBody, body_of, socket_messages
from ..trace.connection import Connection
from ..trace.records import ProcessRecord
from ..version import __version__
from ..views.content import media_type
from . import Call, Options
from ._address import client_url
from ._exchange import Header, Response, Times, failure, find, headers, octets, response, text, times
from ._fields import MOST, form_fields, pairs, sent_cookies, set_cookies
from ._json import json_text
from ._texts import text_in

SUMMARY = "HTTP Archive 1.2: the Network panel of a browser opens it"

UNKNOWN_TYPE: Final = "x-unknown"  # what browsers write where there is no content-type

_VERSIONS: Final = {"1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2.0", "2.0": "HTTP/2.0", "3": "HTTP/3.0"}
_TEXT_FRAME, _BINARY_FRAME = 1, 2
_RESOURCES: Final = {
    "text/html": "document",
    "application/xhtml+xml": "document",
    "text/css": "stylesheet",
    "text/javascript": "script",
    "application/javascript": "script",
    "text/event-stream": "eventsource",
    "application/manifest+json": "manifest",
}
_FAMILIES: Final = {"image": "image", "font": "font", "audio": "media", "video": "media"}


def export(calls: Iterable[Call], options: Options) -> Iterator[str]:
    """The archive, piece by piece."""
    creator = {"name": "asgi-inspect", "version": __version__}
    yield f'{{"log":{{"version":"1.2","creator":{json_text(creator)},"pages":[],"entries":['
    between = "\n"
    for call in calls:
        yield between + json_text(entry(*call))
        between = ",\n"
    yield "\n]}}\n"


def entry(connection: Connection, process: ProcessRecord | None) -> dict[str, Any]:
    """One connection as an entry."""
    answer, spent = response(connection), times(connection)
    asked, given = body_of(connection, "request"), body_of(connection, "response")
    send, wait, receive = (us / 1000 for us in spent)
    found: dict[str, Any] = {
        "startedDateTime": _moment(connection),
        "time": send + wait + receive,
        "request": _request(connection, process, asked),
        "response": _response(connection, answer, given),
        "cache": {},
        "timings": {
            "blocked": -1,
            "dns": -1,
            "connect": -1,
            "ssl": -1,
            "send": send,
            "wait": wait,
            "receive": receive,
        },
        **_places(connection),
        "_resourceType": _resource_type(connection, given),
        "_conn": connection.conn,
        "_outcome": connection.outcome,
        **_ending(connection, spent),
    }
    if connection.type == "websocket":
        found["_webSocketMessages"] = [_frame(connection, message) for message in socket_messages(connection)]
    if remarks := list(_remarks(connection, asked, given)):
        found["comment"] = "; ".join(remarks)
    return found


def _request(connection: Connection, process: ProcessRecord | None, body: WholeBody) -> dict[str, Any]:
    scope = connection.scope
    found = headers(scope)
    request: dict[str, Any] = {
        "method": connection.method or "GET",
        "url": client_url(connection, process),
        "httpVersion": _version(connection),
        "cookies": sent_cookies(found),
        "headers": [_header(header) for header in found],
        "queryString": pairs(octets(messages.field(scope, "query_string") or b"")[0]),
        "headersSize": -1,
        "bodySize": body.size or (0 if body.whole else -1),
    }
    if body.size or body.wire:
        request["postData"] = _post_data(body)
    return request


def _post_data(body: WholeBody) -> dict[str, Any]:
    """What was posted, its coding undone; the fields of a form in `params`, and all of it in `text` besides."""
    words = text_in(body.data, body.content_type)
    posted: dict[str, Any] = {
        "mimeType": body.content_type or "",
        "text": _base64(body.data) if words is None else words,
    }
    if words is None:
        posted["_encoding"] = "base64"
    fields = form_fields(body.data, body.content_type)
    if fields is not None:
        posted["params"] = fields[:MOST]
    if body.missing:
        posted["_truncated"] = True
    return _commented(posted, body)


def _response(connection: Connection, answer: Response, body: WholeBody) -> dict[str, Any]:
    """The response; status 0 and sizes -1 where none was begun."""
    begun = answer.status != 0
    location = find(answer.headers, b"location")
    found: dict[str, Any] = {
        "status": answer.status,
        "statusText": _phrase(answer.status),
        "httpVersion": _version(connection),
        "cookies": set_cookies(answer.headers, connection.started),
        "headers": [_header(header) for header in answer.headers],
        "content": _content(body),
        "redirectURL": "" if location is None else text(location),
        "headersSize": -1,
        "bodySize": body.size if begun and (body.file is None or body.size) else -1,
    }
    if answer.trailers:
        found["_trailers"] = [_header(header) for header in answer.trailers]
    if connection.outcome != "returned" and (why := _why(connection)):
        found["_error"] = why
    return found


def _content(body: WholeBody) -> dict[str, Any]:
    """What was answered, its coding undone, so that `size` is that of the text; of what was cut off, the true size."""
    decoded = body.coding is not None and body.trouble is None and body.data != body.wire
    content: dict[str, Any] = {
        "size": len(body.data) if decoded else body.size,
        "mimeType": body.content_type or UNKNOWN_TYPE,
    }
    if decoded and not body.cut:
        content["compression"] = len(body.data) - body.size
    words = text_in(body.data, body.content_type)
    if words is not None:
        content["text"] = words
    else:
        content |= {"text": _base64(body.data), "encoding": "base64"}
    if body.missing:
        content["_truncated"] = True
    return _commented(content, body)


def _commented(holder: dict[str, Any], body: WholeBody) -> dict[str, Any]:
    notes = [*body.notes, *([body.trouble] if body.trouble else [])]
    return {**holder, "comment": "; ".join(notes)} if notes else holder


def _header(header: Header) -> dict[str, str]:
    try:
        found = {"name": header.name.decode(), "value": header.value.decode()}
    except UnicodeDecodeError:
        found = {"name": header.name.decode("latin-1"), "value": header.value.decode("latin-1")}
        found["_encoding"] = "iso-8859-1"
    if not header.whole:
        found["comment"] = "withheld" if header.withheld else "not whole in the trace"
    return found


def _places(connection: Connection) -> dict[str, str]:
    """The server's address, and the client's port, which tells TCP connections apart."""
    found = {}
    server, client = messages.field(connection.scope, "server"), messages.field(connection.scope, "client")
    with contextlib.suppress(ValueError):  # a name, or a Unix socket
        host = messages.as_text(server[0] if isinstance(server, list | tuple) and server else None)
        found["serverIPAddress"] = str(ipaddress.ip_address(host.partition("%")[0]))
    if (
        isinstance(client, list | tuple)
        and len(client) > 1
        and isinstance(client[1], int)
        and client[1].bit_length() < 32
    ):
        found["connection"] = str(client[1])
    return found


def _ending(connection: Connection, spent: Times) -> dict[str, Any]:
    """How the application ended, and when, if that was not with the response; how a WebSocket was closed."""
    found: dict[str, Any] = {}
    ended = connection.duration_us
    if ended is not None and ended != sum(spent):
        found["_applicationTime"] = ended / 1000
    if connection.answered_us is not None and not connection.accepted and not connection.complete:
        found["_complete"] = False
    for name in ("route", "endpoint"):
        said = getattr(connection.end, name, None)
        if said:
            found[f"_{name}"] = said
    if connection.closed_by is not None:
        found["_webSocketClose"] = {
            "type": "send" if connection.closed_by == "client" else "receive",
            "code": connection.close_code,
            "reason": connection.close_reason or "",
        }
    return found


def _frame(connection: Connection, message: SocketMessage) -> dict[str, Any]:
    """A message, sent or received by the client, as Chrome writes it."""
    started = connection.started
    binary = message.kind == "bytes"
    words = None if binary else _utf8(message.data)
    frame: dict[str, Any] = {
        "type": "send" if message.sender == "client" else "receive",
        "time": (started.timestamp() if started is not None else 0) + message.t_us / 1_000_000,
        "opcode": _BINARY_FRAME if binary else _TEXT_FRAME,
        "data": _base64(message.data) if binary else words,
    }
    if message.missing:
        frame["_size"] = message.size
    return frame


def _remarks(connection: Connection, asked: WholeBody, given: WholeBody) -> Iterator[str]:
    """What else a reader must know, in words."""
    if connection.outcome == "raised":
        yield f"the application raised {failure(connection.error) or 'an exception'}"
    elif connection.outcome == "cancelled":
        yield "the application was cancelled"
    elif connection.outcome == "open":
        yield "the application had not ended when the trace did"
    if connection.disconnected:
        yield "the client left before the response was complete"
    for side, body in (("request", asked), ("response", given)):
        if body.missing:
            state = "withheld" if body.loss == "redacted" else "truncated in the trace"
            yield f"{side} body {state}: {body.size - body.missing} of {body.size} bytes"
    if any(message.missing for message in socket_messages(connection)):
        yield "some WebSocket messages are truncated in the trace: _size is their true size"
    if connection.lost:
        yield f"{connection.lost} records of this connection were lost"


def _why(connection: Connection) -> str:
    return failure(connection.error) or {"raised": "raised", "cancelled": "cancelled"}.get(connection.outcome, "")


def _resource_type(connection: Connection, given: WholeBody) -> str:
    """The kind by which Chrome's panel filters."""
    if connection.type == "websocket":
        return "websocket"
    if connection.method == "OPTIONS" and find(headers(connection.scope), b"access-control-request-method") is not None:
        return "preflight"
    media = media_type(given.content_type) or ""
    return _RESOURCES.get(media) or _FAMILIES.get(media.partition("/")[0]) or "fetch"


def _moment(connection: Connection) -> str:
    started = connection.started
    assert started is not None, "an entry needs a time: see `takes`"
    return started.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _version(connection: Connection) -> str:
    return _VERSIONS.get(connection.http_version or "", "HTTP/1.1")


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def _utf8(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
