"""A message of more than 1 MiB is sent over a WebSocket. It is legal.

## Why it matters
Many clients and servers have a limit of 1 MiB for a message (daphne has it for what it receives), and close with 1009.

## Fix
Send it in several messages, or over HTTP.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "bytes": b"x" * (1 << 21)})
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

from ...trace.messages import payload_size
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk
from ..words import counted

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send websocket.send",),
    section="www.websocket-send",
    default=False,
    in_order=False,
)

_LIMIT: Final = 1 << 20


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether its payload is larger."""
    size = payload_size(event.message)
    return Found(f"A message of {counted(size, 'byte')} is sent.") if size > _LIMIT else None
