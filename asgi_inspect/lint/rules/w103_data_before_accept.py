"""A message of the client is given to an application that has not accepted the WebSocket yet.

## Why it matters
The handshake is not over, so there is nobody who may have sent it; the application takes it for its own order.

## Fix
Hold what the client sends until the application has accepted.

## Bad
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "x"}]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]


async def app(scope, receive, send):
    await receive()
    await receive()
```
"""

from typing import Final

from ...protocol.transitions import CONNECTING
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="error", party="server", on=("receive websocket.receive",), section="www.websocket-connect"
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether the handshake still waits for its answer."""
    if talk.phase != CONNECTING or talk.gone or not talk.connect_n:
        return None
    return Found(
        "`websocket.receive` came before the application had accepted the WebSocket.", records=(talk.connect_n,)
    )
