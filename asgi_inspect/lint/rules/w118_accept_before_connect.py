"""A WebSocket is accepted or refused before `websocket.connect` was received.

## Why it matters
It works under six servers; gunicorn then never gives the connect, and an application that waits for it hangs.

## Fix
Receive `websocket.connect` first.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await send({"type": "websocket.accept"})
    await receive()
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close"})
```
"""

from typing import Final

from ...protocol.transitions import CONNECTING
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send websocket.accept", "send websocket.close"),
    section="www.websocket-connect",
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether nothing was received, and nothing was sent."""
    if talk.received or talk.phase != CONNECTING or talk.sent:
        return None
    return Found(f"The application sends `{event.kind}` before it has received `websocket.connect`.")
