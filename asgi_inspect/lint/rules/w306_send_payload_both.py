"""A message of a WebSocket has both `bytes` and `text`. Both keys may be there, if one of them is None.

## Why it matters
Exactly one of the two must be there. uvicorn and hypercorn send the bytes, gunicorn the text; daphne and granian raise.

## Fix
Give one of the two, and leave the other out.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "bytes": b"x", "text": "x"})
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "bytes": None, "text": "x"})
    await send({"type": "websocket.close"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="error", party="application", on=("send websocket.send",), section="www.websocket-send", in_order=False
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether both are there."""
    if event.get("bytes") is None or event.get("text") is None:
        return None
    return Found("`websocket.send` has both `bytes` and `text`.")
