"""The body of a response that refuses a WebSocket is sent, and the response was not started.

## Why it matters
Servers raise; the client is refused with an error of the server's.

## Fix
Send `websocket.http.response.start` first.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.body", "body": b"no"})
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

from ...protocol.transitions import ACCEPTED, CLOSED, CONNECTING
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send websocket.http.response.body",),
    section="extensions.denial",
    extension="websocket.http.response",
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether no response was started."""
    if talk.phase not in (CONNECTING, ACCEPTED, CLOSED) or talk.aborted:
        return None
    return Found("The application sends `websocket.http.response.body` without a `websocket.http.response.start`.")
