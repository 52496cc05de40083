"""A message that is for `receive` was sent, or one that is for `send` was received.

## Why it matters
Servers raise, or drop it. `websocket.disconnect` is what an application is told; to close it sends `websocket.close`. To end an HTTP
connection it returns.

## Fix
Send what the specification lists as a send event: `websocket.close` closes, the last `http.response.body` ends a response.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
    await send({"type": "http.disconnect"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close"})
    await receive()
```
"""

from typing import Final

from ...protocol.alphabet import KNOWN, SENT
from ..event import Event
from ..rule import About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="error",
    party="sender",
    on=("send strange", "receive strange"),
    section="main.events",
    in_order=False,
    scopes=frozenset(SENT),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether it is of this protocol, and of the other direction, as all are that are strange and known."""
    if event.kind not in KNOWN or event.kind.partition(".")[0] != talk.type:
        return None
    if event.direction == "send":
        return Found(f"`{event.kind}` was sent, which only `receive()` gives.", key=event.kind)
    if not talk.received:  # the first message has a rule of its own
        return None
    return Found(f"`receive()` gave `{event.kind}`, which is only sent.", key=event.kind)
