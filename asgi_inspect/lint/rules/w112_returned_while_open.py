"""The application returned while its WebSocket was open, without closing it.

## Why it matters
What the client sees depends on the server: a connection that breaks off (uvicorn), code 1011 (hypercorn, gunicorn), a close
without a code (granian); under daphne the socket stays open.

## Fix
Send `websocket.close` before returning, or return only after `websocket.disconnect`.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "x"})
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
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
```
"""

from typing import Final

from ...protocol.transitions import ACCEPTED
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(severity="warning", party="application", on=("end",), section="www.websocket-scope", terminal=True)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether the call ends well, and neither side has closed."""
    if event.outcome != "returned" or talk.phase != ACCEPTED or talk.client_left:
        return None
    return Found(
        "The application returned without closing the WebSocket that it had accepted.", records=(talk.accept_n,)
    )
