"""A WebSocket is accepted after it was closed or refused.

## Why it matters
hypercorn and daphne ignore it; granian opens the WebSocket after all, which the application has just refused.

## Fix
Return after `websocket.close`.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.close"})
    await send({"type": "websocket.accept"})
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

from ...protocol.transitions import CLOSED
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="error", party="application", on=("send websocket.accept",), section="www.websocket-close"
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it is closed."""
    if talk.phase != CLOSED or talk.aborted:
        return None
    return Found("The application accepts a WebSocket that it has closed.", records=(talk.close_n,))
