"""A connection as what a command line must say to send the same again; and where that cannot be said, why not."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from ..trace.body import WholeBody, body_of
from ..trace.connection import Connection
from ..trace.messages import field
from ..values import Parts, Redacted
from . import Call
from ._address import Address, client_url, server_address
from ._exchange import Header, find, headers, response, text
from ._shell import comment

_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,1000}")
_UNSENDABLE: Final = re.compile(rb"[\0\r\n]")
_CODINGS: Final = (b"gzip", b"br", b"deflate", b"zstd")


class Request(NamedTuple):
    """What is to be sent: only headers that can be, and the body as it passed on the wire."""

    address: Address
    method: str
    headers: list[Header]
    body: bytes
    says_it_is_empty: bool
    """Whether there is no body, and a header that says so."""
    http_version: str
    has_no_host: bool
    """Whether the client sent no Host header, as those of HTTP/1.0 need not."""
    coded: bool
    """Whether the response came with a content coding, which a client must undo to show it."""
    remarks: list[str]
    """What is different from what was sent, and why."""

    def has(self, name: bytes) -> bool:
        """Whether there is a header of that name, given in lower case."""
        return find(self.headers, name) is not None


def lines(calls: Iterable[Call], command: Callable[[Request], str], program: str) -> Iterator[str]:
    """A line a connection, with its remarks as comments before it."""
    for call in calls:
        request = request_of(call, program)
        if isinstance(request, str):
            yield comment(f"{client_url(*call)}: {request} (connection {call.connection.conn})") + "\n"
            continue
        made = command(request)
        yield "".join(comment(remark) + "\n" for remark in request.remarks) + made + "\n"


def request_of(call: Call, program: str) -> Request | str:
    """What is to be sent, or why nothing can be."""
    connection, process = call
    method, version = connection.method or "GET", connection.http_version or "1.1"
    answer = response(connection)
    address = server_address(connection, process)
    if connection.type == "websocket":
        if answer.status == 101 or version not in ("1.0", "1.1"):
            return f"a WebSocket, whose conversation {program} cannot hold"
        address = address._replace(scheme={"ws": "http", "wss": "https"}.get(address.scheme, address.scheme))
    if not _TOKEN.fullmatch(method.encode("utf-8", "surrogatepass")):
        return "a method that is none"
    body = body_of(connection, "request")
    found = headers(connection.scope)
    sendable = [header for header in found if _TOKEN.fullmatch(header.name) and not _UNSENDABLE.search(header.value)]
    remarks = list(_remarks(connection, found, sendable, body))
    encoding = (find(answer.headers, b"content-encoding") or b"").strip().lower()
    return Request(
        address,
        method,
        _without_those_of_the_client(sendable, address, body),
        body.wire,
        not body.wire and find(found, b"content-length") == b"0",
        version,
        version in ("1.0", "1.1") and find(found, b"host") is None,
        encoding in _CODINGS and find(found, b"accept-encoding") is not None,
        remarks,
    )


def _without_those_of_the_client(found: list[Header], address: Address, body: WholeBody) -> list[Header]:
    """All but the headers that a client makes by itself of the URL and the body."""
    own = {b"content-length"}
    if address.own_host is None:
        own.add(b"host")
    if not body.wire:
        own.add(b"transfer-encoding")
    return [header for header in found if header.name.lower() not in own]


def _withheld(connection: Connection, sendable: list[Header], body: WholeBody) -> list[str]:
    """What is not sent as it was, because it is secret."""
    url = {"the path": ("path", "raw_path"), "the query": ("query_string",)}
    found = [
        name
        for name, keys in url.items()
        if any(isinstance(field(connection.scope, key), Parts | Redacted) for key in keys)
    ]
    found += dict.fromkeys(text(header.name)[:100] for header in sendable if header.withheld)
    return [*found, "the body"] if body.withheld else found


def _remarks(connection: Connection, found: list[Header], sendable: list[Header], body: WholeBody) -> Iterator[str]:
    if withheld := _withheld(connection, sendable, body):
        yield f"withheld, so not sent as it was: {', '.join(withheld)} (--no-redact gives all that the trace has)"
    if body.missing:
        state = "withheld" if body.loss == "redacted" else "truncated in the trace"
        yield f"the body is {state}: only {body.size - body.missing} of its {body.size} bytes are sent"
    elif not body.whole and len(body.notes) > bool(body.withheld):
        yield f"the body may not be whole: {'; '.join(body.notes)}"
    for header in found:
        if header not in sendable:
            yield f"left out, as it cannot be sent: the header {text(header.name)[:100]}"
        elif not header.whole and not header.withheld:
            yield f"not whole in the trace: the header {text(header.name)[:100]}"
    if connection.method == "HEAD" and body.wire:
        yield "a HEAD with a body, which is not sent"
