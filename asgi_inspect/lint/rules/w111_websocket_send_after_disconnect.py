"""Something is sent over a WebSocket after the client has left. It is legal, and every framework does it.

## Why it matters
From version 2.4 of the specification on `send` should raise an OSError for it; under older servers it is lost without a
word.

## Fix
Stop sending once `websocket.disconnect` was received.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
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

from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send websocket.send", "send websocket.close"),
    section="www.disconnected-client",
    default=False,
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether the client has left."""
    if not talk.gone:
        return None
    return Found(f"The application sends `{event.kind}` after `websocket.disconnect`.", records=(talk.gone,))
