"""A response that refuses a WebSocket is started twice.

## Why it matters
Servers raise, or send the first one only.

## Fix
Start one response, and return once it is complete.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
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

from ...protocol.transitions import DENIED, DENYING, DENYING_BODY
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
    """Whether one was started."""
    if talk.phase not in (DENYING, DENYING_BODY, DENIED) or talk.aborted:
        return None
    return Found("The application starts a second response on the same WebSocket.", records=(talk.response.start_n,))
