"""A message of the client is given to the application after the disconnect.

## Why it matters
The application has cleaned up, and takes the message for one of another connection, or raises.

## Fix
Give nothing but `websocket.disconnect` after the first of them.

## Bad
```python
scope = websocket_scope()
received = [
    {"type": "websocket.connect"},
    {"type": "websocket.disconnect", "code": 1000},
    {"type": "websocket.receive", "text": "x"},
]


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    await receive()
```

## Good
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "x"}, {"type": "websocket.disconnect", "code": 1000}]
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(severity="error", party="server", on=("receive",), section="www.websocket-disconnect")


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it is anything but a disconnect, after one."""
    if not talk.gone or event.kind not in ("websocket.receive", "websocket.connect"):
        return None
    if event.began_us < talk.gone_us:  # two calls of `receive()` at once, which is rule A501's affair
        return None
    return Found(f"`{event.kind}` came after `websocket.disconnect`.", records=(talk.gone,))
