"""An exception left the application after its client had left, or after it had closed or refused a WebSocket.

An `OSError` then is right, as servers raise one out of `send`. An exception that tells of the disconnect by its name is an info.
Exceptions at other moments are told by the rules H108, H109, H110, W113, W114, L310 and L311.

## Why it matters
Servers log a traceback for each client that leaves, among which those of real errors are lost.

## Fix
Catch what a disconnect brings about, clean up, and return.

## Bad
```python
received = [{"type": "http.disconnect"}]


async def app(scope, receive, send):
    message = await receive()
    raise ValueError(f"no body in {message}")
```
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}]


class WebSocketDisconnect(Exception):
    pass


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    raise WebSocketDisconnect
```

## Good
```python
received = [{"type": "http.disconnect"}]


async def app(scope, receive, send):
    await receive()
    raise ConnectionError("the client has left")
```
```python
scope = websocket_scope()


async def app(scope, receive, send):
    raise ValueError("this application speaks HTTP alone")
```
"""

from typing import Final

from ...protocol.transitions import ACCEPTED, CONNECTING
from ..event import Event, is_cancelled
from ..rule import About, Found
from ..talk import Talk
from ..talks import WebSocketTalk
from ..words import raised

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("end",),
    section="main.errors",
    terminal=True,
    scopes=frozenset({"http", "websocket"}),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether an exception left the outermost layer at a moment that has no rule of its own."""
    if event.outcome != "raised" or talk.layer or event.error is None or not (talk.received or talk.sent):
        return None
    if event.is_os_error or is_cancelled(event.error) or not _is_over(talk):
        return None
    after = "after its client had left" if talk.aborted else "after it had closed or refused the WebSocket"
    by_design = talk.aborted and "disconnect" in event.error.type.rpartition(".")[2].lower()
    return Found(
        f"{raised(event)} left the application {after}.",
        records=(talk.gone or talk.refused,) if talk.aborted else (),
        severity="info" if by_design else None,
    )


def _is_over(talk: Talk) -> bool:
    if talk.aborted:
        return True
    return isinstance(talk, WebSocketTalk) and talk.phase not in (CONNECTING, ACCEPTED)
