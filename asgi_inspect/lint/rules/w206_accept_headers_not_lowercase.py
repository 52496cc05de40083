"""The name of a header of `websocket.accept` has upper-case letters. It is told once for each process.

## Why it matters
The specification asks for lower case, so that layers can look for a header without folding each name.

## Fix
Give the names of headers in lower case.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"X-A", b"1")]})
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"x-a", b"V")]})
    await send({"type": "websocket.close"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..shapes.headers import is_upper, look_at, pairs
from ..talks import WebSocketTalk
from ..words import quoted

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send websocket.accept",),
    section="www.websocket-accept",
    once=True,
    in_order=False,
    since="2.1",
    field="headers",
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether any name is not in lower case."""
    headers = event.get("headers")
    if look_at(headers).lower:
        return None
    name = next(quoted(name) for name, _ in pairs(headers) if is_upper(name))
    return Found(f"`headers` of `websocket.accept` has the name {name}, which is not in lower case.")
