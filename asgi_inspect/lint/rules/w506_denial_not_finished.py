"""The application returned in the middle of a response that refuses a WebSocket.

## Why it matters
uvicorn cuts it or sends it empty, hypercorn answers 500, granian 403.

## Fix
End it with a `websocket.http.response.body` without `more_body`.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"no"})
```
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await receive()
```
"""

from typing import Final

from ...protocol.transitions import DENYING, DENYING_BODY
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("end",),
    section="extensions.denial",
    extension="websocket.http.response",
    terminal=True,
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether the call ends well, and the last of the body was not sent."""
    if event.outcome != "returned" or talk.phase not in (DENYING, DENYING_BODY) or talk.client_left:
        return None
    return Found(
        "The application returned without completing the response that refuses the WebSocket.",
        records=(talk.response.start_n,),
    )
