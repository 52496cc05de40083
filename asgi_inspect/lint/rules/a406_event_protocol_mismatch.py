"""A message belongs to another protocol than the scope.

Inside a middleware it is left alone, as that may turn one into the other; it is told where such a message reaches the outside.

## Why it matters
It is nearly always a page for "not found" that was written for HTTP, and is reached by a WebSocket. uvicorn and hypercorn raise and
answer 500, granian takes it, daphne ignores it and leaves the client waiting.

## Fix
Look at the `type` of the scope before answering: refuse a WebSocket with `websocket.close`, or with
`websocket.http.response.start` where the server offers that extension.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope(extensions={"websocket.http.response": {}})


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 404, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})
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
    section="main.protocols",
    in_order=False,
    scopes=frozenset(SENT),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether its type begins as those of another protocol do."""
    protocol = event.kind.partition(".")[0]
    if event.kind not in KNOWN or protocol == talk.type:
        return None
    if event.direction == "send":
        if talk.layer:
            return None
        return Found(f"`{event.kind}` was sent in a scope of type {talk.type}.", key=protocol)
    if not talk.received:  # the first message has a rule of its own
        return None
    return Found(f"`receive()` gave `{event.kind}` in a scope of type {talk.type}.", key=protocol)
