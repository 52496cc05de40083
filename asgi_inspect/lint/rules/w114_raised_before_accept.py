"""An exception left the application before it had accepted or refused the WebSocket.

It is silent where nothing was received yet: so an application says that it does not speak WebSocket. Exceptions that say nothing
of the kind, like KeyError, AttributeError or TypeError, are told all the same.

## Why it matters
The client is refused, with 500 under most servers.

## Fix
Catch the exception, and refuse with `websocket.close`.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    raise ValueError("no such room")
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


async def app(scope, receive, send):
    raise ValueError("HTTP only")
```
"""

from typing import Final

from ...protocol.transitions import CONNECTING
from ..event import Event, is_mistake
from ..rule import About, Found
from ..talks import WebSocketTalk
from ..words import raised

ABOUT: Final = About(severity="info", party="application", on=("end",), section="main.errors", terminal=True)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether an exception leaves the outermost layer in the middle of the handshake."""
    if talk.phase != CONNECTING or talk.layer or talk.client_left or talk.receive_raised or not event.is_fault:
        return None
    if not talk.received and not talk.sent and not (event.error is not None and is_mistake(event.error)):
        return None  # the documented way to say that it does not speak WebSocket
    return Found(f"{raised(event)} left the application before it had answered the WebSocket's handshake.")
