"""The start of a response that refuses a WebSocket lacks `headers`, or its body lacks `body`. It is legal.

## Why it matters
uvicorn, hypercorn and granian raise `KeyError` or RuntimeError for it.

## Fix
Give both keys, empty if there is nothing in them.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send websocket.http.response.start", "send websocket.http.response.body"),
    section="extensions.denial",
    extension="websocket.http.response",
    in_order=False,
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether the key is missing."""
    name = "headers" if event.kind.endswith("start") else "body"
    if not isinstance(event.message, dict) or name in event.message or talk.aborted:
        return None
    return Found(f"`{event.kind}` has no `{name}`, for which most servers raise.", key=name)
