"""A WebSocket is accepted a second time.

## Why it matters
uvicorn, hypercorn and daphne raise. It is nearly always a framework and a handler that both accept.

## Fix
Accept once; find out which of two places accepts.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.accept"})
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

from ...protocol.transitions import ACCEPTED
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="error", party="application", on=("send websocket.accept",), section="www.websocket-accept"
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it is accepted already."""
    if talk.phase != ACCEPTED or talk.aborted:
        return None
    return Found("The application accepts a WebSocket that it has accepted already.", records=(talk.accept_n,))
