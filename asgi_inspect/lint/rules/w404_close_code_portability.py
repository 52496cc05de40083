"""An open WebSocket is closed with a code other than 1000 and 3000 to 4999. It is legal.

## Why it matters
daphne raises for every code from 1001 to 2999 ("invalid close code"), and the socket stays open. Other servers send it.

## Fix
Close with 1000, or with a code of your own from 4000 to 4999, if the application has to run under daphne.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 1011})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4003})
```
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.close", "code": 1008})
```
"""

from typing import Final

from ...protocol.transitions import ACCEPTED
from ..event import Event
from ..kinds import is_int
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(severity="info", party="application", on=("send websocket.close",), section="rfc6455.codes")


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it is one that daphne does not take."""
    code = event.get("code")
    if talk.phase != ACCEPTED or talk.aborted or not is_int(code) or not 1001 <= code <= 2999:
        return None
    if code in (1004, 1005, 1006) or code >= 1015:  # worse things are said of these
        return None
    return Found(f"The WebSocket is closed with code {code}, for which daphne raises.", key=str(code))
