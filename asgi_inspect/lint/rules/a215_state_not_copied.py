"""The `state` of a request or a WebSocket is the very dict of the lifespan, and not a copy of it.

The values in it are the same objects in each copy: that is what it is for.

## Why it matters
What a middleware writes into `state` for one request, such as who has logged in, is there for all others too.

## Fix
Give each scope a shallow copy: `{**scope, "state": state.copy()}`.

## Bad
```python
state = {}
served = asyncio.Event()


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await served.wait()
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})
    served.set()


calls = [(lifespan_scope(state=state), None), (http_scope(state=state), None, "lifespan.startup.complete")]
```

## Good
```python
state = {}
served = asyncio.Event()


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await served.wait()
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})
    served.set()


calls = [(lifespan_scope(state=state), None), (http_scope(state=state.copy()), None, "lifespan.startup.complete")]
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="error",
    party="server",
    on=("scope",),
    section="lifespan.state",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether the trace says so, at the outermost layer."""
    if talk.layer or "state" not in (event.told("shared") or ()):
        return None
    return Found(
        "`state` of the scope is the very dict of the lifespan's scope: what one request writes there, all others see."
    )
