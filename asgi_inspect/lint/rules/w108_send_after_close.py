"""A message is sent over a WebSocket after the application has closed or refused it.

## Why it matters
uvicorn, hypercorn and daphne raise; under granian the message is lost without a word.

## Fix
Send before `websocket.close`, and return after it; stop the tasks that send.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close"})
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
"""

from typing import Final

from ...protocol.transitions import CLOSED
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(severity="error", party="application", on=("send websocket.send",), section="www.websocket-close")


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it is closed, by the application itself."""
    if talk.phase != CLOSED or talk.aborted:
        return None
    return Found("The application sends a message over a WebSocket that it has closed.", records=(talk.close_n,))
