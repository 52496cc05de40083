"""A response is started on a WebSocket that was accepted or closed.

## Why it matters
After the handshake there is no HTTP any more: servers raise.

## Fix
Answer `websocket.connect` with the response itself; close an open WebSocket with `websocket.close`.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"no"})
```
"""

from typing import Final

from ...protocol.transitions import ACCEPTED, CLOSED
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send websocket.http.response.start",),
    section="extensions.denial",
    extension="websocket.http.response",
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it is accepted or closed."""
    if talk.phase not in (ACCEPTED, CLOSED) or talk.aborted:
        return None
    what, n = ("accepted", talk.accept_n) if talk.phase == ACCEPTED else ("closed", talk.close_n)
    return Found(f"The application starts a response on a WebSocket that it has {what}.", records=(n,))
