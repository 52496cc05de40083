"""More of the body is sent after a response that refuses a WebSocket was complete.

## Why it matters
Servers raise, or what is sent is lost.

## Fix
Set `more_body` on every part of the body but the last.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"no"})
    await send({"type": "websocket.http.response.body", "body": b"no"})
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

from ...protocol.transitions import DENIED
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
    """Whether the last of it was sent."""
    if talk.phase != DENIED or talk.aborted:
        return None
    return Found("The application sends more of a response that it has completed.", records=(talk.response.final_n,))
