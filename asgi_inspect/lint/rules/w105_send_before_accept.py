"""A message is sent over a WebSocket that was not accepted yet.

## Why it matters
uvicorn, hypercorn and daphne raise; granian returns as if all were well, and the message is lost.

## Fix
Send `websocket.accept` first.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.send", "text": "x"})
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "x"})
    await send({"type": "websocket.close"})
```
"""

from typing import Final

from ...protocol.transitions import CONNECTING
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(severity="error", party="application", on=("send websocket.send",), section="www.websocket-send")


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it was not accepted, and not refused either."""
    if talk.phase != CONNECTING or talk.aborted:
        return None
    return Found("The application sends a message over a WebSocket that it has not accepted.")
