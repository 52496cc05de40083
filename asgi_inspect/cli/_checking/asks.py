"""What is asked: each a connection as an exemplary server and a client of its own would have it.

Unless there is data to send, no route that is known to take a POST gets one that it could act upon: where the application
says that it needs JSON, it gets what is none, and is to refuse that. Else the POST goes to a path that takes GET.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from ...testing import body_in, http_scope, websocket_scope
from ...types import Message
from ...views.spans import plural
from .order import Order
from .routes import Target

MOST_CHUNKS: Final = 1000  # of a body that may be endless
PACE: Final = 0.02
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
_NOWHERE: Final = "/asgi-inspect/nothing-is-here"
_BROKEN: Final = b'{"asgi-inspect": "breaks off'
_PLAIN: Final = b"asgi-inspect sends this in several pieces"
_FEW: Final = 3
_JSON: Final = (b"content-type", b"application/json")


class Ask(NamedTuple):
    """One connection that is to be made."""

    label: str
    """`GET /teas/1`."""
    about: str
    """What is special about it; empty: nothing."""
    scope: dict[str, Any]
    received: list[Message]
    leave_after: int | None = MOST_CHUNKS
    pace: float = 0.0


def plain(order: Order, target: Target, method: str = "GET") -> Ask:
    """One whole request."""
    return _ask(order, target.target, method, headers=target.headers)


def nowhere(order: Order) -> Ask:
    """What no application has."""
    return _ask(order, _NOWHERE, "GET")


def leaving(order: Order, target: Target, after: int) -> Iterator[Ask]:
    """The client leaves after so many chunks; `send` raises then, or, as with most servers, does nothing."""
    where = f"after {plural(after, 'chunk')}" if after else "before the body"
    for about, version in (("raises", "2.4"), ("does nothing", "2.3")):
        ask = _ask(order, target.target, "GET", headers=target.headers)
        ask.scope["asgi"]["spec_version"] = version
        yield ask._replace(about=f"the client leaves {where}, send {about}", leave_after=after)


def uploads(order: Order, targets: Sequence[Target], first: Target) -> Iterator[Ask]:
    """A body in slow pieces, and one that the client does not send to its end."""
    if order.data is not None:
        for target in targets:
            yield from _sent(order, target, order.data)
        return
    careful = [target for target in targets if target.needs_json and "POST" in target.methods][:_FEW]
    for target in careful:
        yield from _pieces(order, target, "POST", _BROKEN, _JSON)
    if not any("POST" in target.methods and target.template == first.template for target in targets):
        yield from _pieces(order, first, "POST", _PLAIN, (b"content-type", b"text/plain"))


def _sent(order: Order, target: Target, data: bytes) -> Iterator[Ask]:
    for method in order.methods or sorted(target.methods - SAFE) or ["POST"]:
        kind = (b"content-type", _type_of(data))
        yield _ask(order, target.target, method, data, (*target.headers, kind))
        yield from _pieces(order, target, method, data, kind)


def _pieces(order: Order, target: Target, method: str, data: bytes, kind: tuple[bytes, bytes]) -> Iterator[Ask]:
    third = -(-len(data) // 3) or 1
    pieces = [data[at : at + third] for at in range(0, len(data), third)]
    ask = _ask(order, target.target, method, data, (*target.headers, kind))
    yield ask._replace(about="a slow body in pieces", received=body_in(*pieces, b""), pace=PACE)
    cut = body_in(*pieces)[:1]
    if cut and cut[0]["more_body"]:
        scope = {**ask.scope, "headers": list(ask.scope["headers"])}
        received: list[Message] = [*cut, {"type": "http.disconnect"}]
        yield ask._replace(about="the client leaves in its body", scope=scope, received=received, pace=PACE)


def talks(order: Order, target: Target) -> Iterator[Ask]:
    """A WebSocket that says something and closes, and one that is lost."""
    connect: Message = {"type": "websocket.connect"}
    data = b"{}" if order.data is None else order.data
    try:
        said: Message = {"type": "websocket.receive", "text": data.decode()}
    except UnicodeDecodeError:
        said = {"type": "websocket.receive", "bytes": data}
    for about, received, leave_after in (
        ("the client closes", [connect, said], None),
        ("the client is lost", [connect], 0),
    ):
        scope = websocket_scope(**_place(target.target), headers=_headers(order, websocket_scope()["headers"]))
        offered = b",".join(value for name, value in scope["headers"] if name == b"sec-websocket-protocol")
        scope["subprotocols"] = [word.strip() for word in offered.decode("latin-1").split(",") if word.strip()]
        yield Ask(f"WEBSOCKET {target.target}", about, scope, received, leave_after)


def _ask(
    order: Order,
    target: str,
    method: str,
    body: bytes | None = None,
    headers: Iterable[tuple[bytes, bytes]] = (),
) -> Ask:
    more = [*headers]
    if body is not None:
        more.append((b"content-length", b"%d" % len(body)))
    scope = http_scope(
        method=method,
        **_place(target),
        headers=_headers(order, [*http_scope()["headers"], *more]),
    )
    return Ask(f"{method} {target}", "", scope, body_in(body or b""))


def _place(target: str) -> Mapping[str, Any]:
    path, _, query = target.partition("?")
    return {"path": unquote(path), "raw_path": path.encode(), "query_string": query.encode()}


def _headers(order: Order, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """These, with those that the user gave in the place of others of their names."""
    given = {name for name, _ in order.headers}
    return [(name, value) for name, value in headers if name not in given] + order.headers


def _type_of(data: bytes) -> bytes:
    try:
        json.loads(data)
    except ValueError:
        return b"text/plain; charset=utf-8"
    return b"application/json"
