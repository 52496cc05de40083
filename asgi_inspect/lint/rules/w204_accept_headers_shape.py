"""`headers` of `websocket.accept` are no iterable of pairs. They may be left out, or be an empty list.

## Why it matters
A dict is iterated over by its keys: servers raise in the middle of the handshake, or send nonsense.

## Fix
Give `headers` a list of pairs, like `[(b"x-a", b"1")]`, or leave it out.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": {b"x-a": b"1"}})
    await send({"type": "websocket.close"})
```
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"x-a", b"1", b"2")]})
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": []})
    await send({"type": "websocket.close"})
```
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..shapes.headers import items_of, look_at, no_headers, no_pair
from ..talks import WebSocketTalk
from ..words import shown

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send websocket.accept",),
    section="www.websocket-accept",
    in_order=False,
    since="2.1",
    field="headers",
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it is no list of headers, or has a member that is no pair."""
    headers = event.get("headers", [])
    if look_at(headers).usual:
        return None
    if no_headers(headers):
        return Found(f"`headers` of `websocket.accept` is {shown(headers)}, not an iterable of pairs.")
    if any(map(no_pair, items_of(headers))):
        return Found("`headers` of `websocket.accept` has a member that is no pair of name and value.")
    return None
