"""The body of a response that refuses a WebSocket is sent in parts. It is legal.

## Why it matters
granian refuses it, and the client gets an error of the server's.

## Fix
Send the body in one message.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"n", "more_body": True})
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
    severity="info",
    party="application",
    on=("send websocket.http.response.body",),
    section="extensions.denial",
    extension="websocket.http.response",
    in_order=False,
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether more is to come."""
    if event.get("more_body") is not True or talk.aborted:
        return None
    return Found("The response that refuses the WebSocket is sent in parts, which granian does not take.")
