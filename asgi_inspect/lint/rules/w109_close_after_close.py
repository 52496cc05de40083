"""A WebSocket is closed a second time.

## Why it matters
uvicorn raises RuntimeError; hypercorn, daphne and granian do nothing.

## Fix
Close once; a handler and whatever wraps it must not both do it.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close"})
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

from ...protocol.transitions import CLOSED
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="warning", party="application", on=("send websocket.close",), section="www.websocket-close"
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it is closed, by the application itself."""
    if talk.phase != CLOSED or talk.aborted:
        return None
    return Found("The application closes a WebSocket that it has closed already.", records=(talk.close_n,))
