"""A message of the WebSocket's own is sent after a response was started in its place.

## Why it matters
hypercorn and granian take an accept, and open the WebSocket that was just refused; others raise.

## Fix
Send nothing but the response's body after `websocket.http.response.start`.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.http.response.body", "body": b"no"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"no"})
    await receive()
```
"""

from typing import Final

from ...protocol.transitions import DENIED, DENYING, DENYING_BODY
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send websocket.accept", "send websocket.send", "send websocket.close"),
    section="extensions.denial",
    extension="websocket.http.response",
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether the WebSocket is being refused."""
    if talk.phase not in (DENYING, DENYING_BODY, DENIED) or talk.aborted:
        return None
    return Found(
        f"The application sends `{event.kind}` after it has started a response in the WebSocket's place.",
        records=(talk.response.start_n,),
    )
