"""An exception left the application while its WebSocket was open.

It is silent where the client had left, which a disconnect tells, or an OSError out of `send()`.

## Why it matters
The client sees a connection that breaks off, or code 1011; what it asked for was not finished.

## Fix
Catch the exception, and close the WebSocket with code 1011 and a reason.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    raise ValueError("no such room")
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4004})
```
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    raise ConnectionError("the client has left")
```
"""

from typing import Final

from ...protocol.transitions import ACCEPTED
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk
from ..words import raised

ABOUT: Final = About(severity="warning", party="application", on=("end",), section="main.errors", terminal=True)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether an exception leaves the outermost layer, and neither side has closed."""
    if talk.phase != ACCEPTED or talk.layer or talk.client_left or talk.receive_raised or not event.is_fault:
        return None
    return Found(f"{raised(event)} left the application while its WebSocket was open.", records=(talk.accept_n,))
