"""A message of a WebSocket is sent with neither `bytes` nor `text`. Empty ones count as there.

## Why it matters
Exactly one of the two must be there. uvicorn, daphne and gunicorn send nothing, without a word.

## Fix
Give `bytes` or `text`.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send"})
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
    """Whether both are missing, or None."""
    if event.get("bytes") is not None or event.get("text") is not None:
        return None
    return Found("`websocket.send` has neither `bytes` nor `text`.")
