"""An empty message is sent over a WebSocket. It is legal.

## Why it matters
daphne drops it; every other server sends it.

## Fix
Send something, if the application has to run under daphne.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": ""})
    await send({"type": "websocket.close"})
```
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "bytes": b"", "text": None})
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

from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send websocket.send",),
    section="www.websocket-send",
    default=False,
    in_order=False,
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether one of the two is empty, and the other is not there."""
    text, octets = event.get("text"), event.get("bytes")
    if (text == "" and octets is None) or (octets == b"" and text is None):
        return Found("An empty message is sent, which daphne drops.")
    return None
