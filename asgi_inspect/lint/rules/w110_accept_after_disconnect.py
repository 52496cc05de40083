"""A WebSocket is accepted after the client has left. It is legal, and has no effect.

## Why it matters
uvicorn raises an OSError for it, others do nothing.

## Fix
Return where `websocket.disconnect` comes in place of an answer.

## Bad
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "websocket.accept"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send websocket.accept",),
    section="www.websocket-disconnect",
    default=False,
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether the client has left."""
    if not talk.gone:
        return None
    return Found("The application accepts a WebSocket whose client has left.", records=(talk.gone,))
