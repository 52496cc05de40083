"""A WebSocket is refused with a response of the application's own, and the server does not offer that.

## Why it matters
daphne ignores the message and the client hangs, gunicorn answers 403.

## Fix
Look for `websocket.http.response` in `scope['extensions']`, and send `websocket.close` where it is missing.

## Bad
```python
scope = websocket_scope(extensions={})


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"no"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"no"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send websocket.http.response.start", "send websocket.http.response.body"),
    section="extensions.denial",
    in_order=False,
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether the scope lacks the extension."""
    if not talk.lacks("websocket.http.response") or talk.aborted:
        return None
    return Found(
        "The application refuses the WebSocket with a response, but the server does not offer `websocket.http.response`."
    )
