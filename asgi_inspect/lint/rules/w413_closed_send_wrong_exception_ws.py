"""`send()` raised for a WebSocket whose client has left, but no OSError. From version 2.4 on a server that raises there raises a
subclass of that.

## Why it matters
Applications and frameworks catch OSError there, and take anything else for a fault of their own: it ends in their logs. uvicorn
on the older implementation of websockets, and gunicorn on a close, raise RuntimeError.

## Fix
Raise a subclass of OSError out of `send()` where the client has left.

## Bad
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]


def server(app):
    async def serve(scope, receive, send):
        async def take(message):
            if message["type"] == "websocket.send":
                raise RuntimeError("the connection is closed")
            await send(message)

        await app(scope, receive, take)

    return serve


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    try:
        await send({"type": "websocket.send", "text": "x"})
    except RuntimeError:
        pass
```

## Good
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    try:
        await send({"type": "websocket.send", "text": "x"})
    except OSError:
        pass
```
"""

from typing import Final

from ...protocol.transitions import ACCEPTED
from ...protocol.versions import SEND_RAISES
from ..event import Event, is_cancelled
from ..rule import About, Found
from ..talks import WebSocketTalk
from ..words import raised

ABOUT: Final = About(severity="warning", party="server", on=("sent",), section="www.disconnected-client", since="2.4")
# What raises these may have been the message itself.
_OF_MESSAGES: Final = frozenset({"TypeError", "ValueError", "KeyError", "AttributeError", "AssertionError"})


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether a message that had its place was refused so, by the server itself."""
    if event.outcome != "raised" or not talk.gone or talk.layer or talk.spec_version < SEND_RAISES:
        return None
    error = event.error
    if error is None or event.is_os_error or is_cancelled(error) or error.type.rpartition(".")[2] in _OF_MESSAGES:
        return None
    if event.of < talk.gone or not _has_its_place(talk, event.of):
        return None
    return Found(
        f"`send()` raised {raised(event)}, which is no OSError, for a client that has left.",
        records=(talk.gone, event.of),
    )


def _has_its_place(talk: WebSocketTalk, n: int) -> bool:
    """Whether that message is the first close, or the last one sent over an open WebSocket."""
    if n == talk.close_n:
        return talk.accept_n != 0
    return n == talk.last_send and talk.last_kind == "websocket.send" and talk.phase == ACCEPTED
