"""The headers of `websocket.accept`: what is wrong with one of them alone."""

from typing import Any, Final

from .headers import HeaderRow, is_pseudo, wrong_type

_ACCEPT: Final = ("send websocket.accept",)
# RFC 6455, 4.2.2: what the server itself answers the handshake with, and what would frame a body that there is none of.
_RESERVED: Final = frozenset(
    {
        b"connection",
        b"content-length",
        b"sec-websocket-accept",
        b"sec-websocket-extensions",
        b"sec-websocket-version",
        b"transfer-encoding",
        b"upgrade",
    }
)


def _accept(*headers: str) -> str:
    """An example: an accept with these headers."""
    return f'{{"type": "websocket.accept", "headers": [{", ".join(headers)}]}}'


def _always(name: Any, value: Any) -> bool:
    return True


ROWS: Final = (
    HeaderRow(
        "W205",
        "accept-headers-bytes",
        "error",
        "application",
        "www.websocket-accept",
        on=_ACCEPT,
        bad=lambda name, value: wrong_type(name) or wrong_type(value),
        says="`headers` of `websocket.accept` has {name} with a name or a value that is no bytes.",
        what="The name or the value of a header of `websocket.accept` is no bytes; mostly it is a str.",
        why="uvicorn on wsproto and gunicorn take a str; uvicorn on websockets and hypercorn raise in the middle of the "
        "handshake; daphne and granian send no headers at all.",
        fix="Give both as bytes: `(b'x-a', b'1')`.",
        breaks=(_accept('("x-a", b"1")'), _accept('(b"x-a", "1")')),
        holds=(_accept('(b"x-a", b"1")'),),
        since="2.1",
    ),
    HeaderRow(
        "W207",
        "accept-headers-pseudo",
        "error",
        "application",
        "www.websocket-accept",
        on=_ACCEPT,
        bad=lambda name, value: is_pseudo(name),
        says="`headers` of `websocket.accept` has the pseudo header {name}.",
        what="The headers of `websocket.accept` have a pseudo header of HTTP/2, like `:status`.",
        why="Over HTTP/1.1 it becomes a line that begins with a colon, and clients fail the handshake; over HTTP/2 it is one of "
        "the server's own.",
        fix="Leave pseudo headers to the server.",
        breaks=(_accept('(b":x", b"1")'),),
        holds=(_accept('(b"x-a", b":v")'),),
        since="2.1",
    ),
    HeaderRow(
        "W209",
        "accept-headers-subprotocol",
        "error",
        "application",
        "www.websocket-accept",
        on=_ACCEPT,
        names=frozenset({b"sec-websocket-protocol"}),
        bad=_always,
        says="`headers` of `websocket.accept` names the subprotocol in {name}, which is what `subprotocol` is for.",
        what="A WebSocket is accepted with a header `sec-websocket-protocol`.",
        why="hypercorn raises. uvicorn and gunicorn send it, also beside the one that they make of `subprotocol`; clients fail "
        "the connection where there are two.",
        fix="Give `subprotocol` one of those in `scope['subprotocols']`.",
        breaks=(
            """scope = websocket_scope(subprotocols=["chat"])


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"sec-websocket-protocol", b"chat")]})
    await send({"type": "websocket.close"})
""",
        ),
        holds=(
            """scope = websocket_scope(subprotocols=["chat"])


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "chat"})
    await send({"type": "websocket.close"})
""",
        ),
        since="2.1",
    ),
    HeaderRow(
        "W210",
        "accept-headers-reserved",
        "warning",
        "application",
        "rfc6455.handshake",
        on=_ACCEPT,
        names=_RESERVED,
        bad=_always,
        says="`headers` of `websocket.accept` has {name}, which is for the server to send.",
        what="A WebSocket is accepted with a header of the handshake itself, like `upgrade`, or of a body, like `content-length`.",
        why="The client gets it twice, or with a value that does not fit, and fails the handshake.",
        fix="Leave the headers of the handshake to the server; send cookies and headers of your own.",
        breaks=(_accept('(b"upgrade", b"websocket")'),),
        holds=(_accept('(b"set-cookie", b"a=1")', '(b"x-a", b"1")'),),
        since="2.1",
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
