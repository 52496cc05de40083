"""The `extensions` of a scope are the very dict of another scope.

## Why it matters
What an application or a middleware adds there on one connection shows up on others. granian has one dict for the whole
process.

## Fix
Make a new dict for each scope.

## Bad
```python
shared = {}
calls = [(http_scope(extensions=shared), None), (http_scope(extensions=shared), None, "http.request")]
begun = asyncio.Event()


async def app(scope, receive, send):
    message = await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    if begun.is_set():
        await send({"type": "http.response.body"})
        return
    begun.set()
    await asyncio.sleep(0.2)
    await send({"type": "http.response.body"})
```

## Good
```python
calls = [(http_scope(extensions={}), None), (http_scope(extensions={}), None)]
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="warning",
    party="server",
    on=("scope",),
    section="main.middleware",
    once=True,
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether the trace says so, at the outermost layer."""
    if talk.layer or "extensions" not in (event.told("shared") or ()):
        return None
    return Found("The `extensions` of this scope are the very dict of another scope.")
