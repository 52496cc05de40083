"""The application returned without having accepted or refused the WebSocket.

## Why it matters
uvicorn and hypercorn answer 500, granian and gunicorn 403; daphne keeps the client waiting until its own time limit.

## Fix
Answer `websocket.connect` with `websocket.accept` or `websocket.close` on every path.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.close"})
```
```python
scope = websocket_scope()
received = [{"type": "websocket.disconnect", "code": 1006}]


async def app(scope, receive, send):
    await receive()
```
"""

from typing import Final

from ...protocol.transitions import CONNECTING
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(severity="error", party="application", on=("end",), section="www.websocket-connect", terminal=True)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether the call ends well, and the handshake was not answered."""
    if event.outcome != "returned" or talk.phase != CONNECTING or talk.client_left:
        return None
    return Found("The application returned without accepting or closing the WebSocket.", records=_asked(talk))


def _asked(talk: WebSocketTalk) -> tuple[int, ...]:
    return (talk.connect_n,) if talk.connect_n else ()
