"""`lifespan.shutdown` comes while other calls of the application are running.

## Why it matters
All connections are to be closed by then: what they use is taken away from them.

## Fix
End or cancel all calls before `lifespan.shutdown`.

## Bad
```python
begun, stopping = asyncio.Event(), asyncio.Event()


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await begun.wait()
        await receive()
        stopping.set()
        await send({"type": "lifespan.shutdown.complete"})
        return
    begun.set()
    await stopping.wait()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


calls = [(lifespan_scope(), None), (http_scope(), None, "lifespan.startup.complete")]
```

## Good
```python
calls = [(http_scope(), None), (lifespan_scope(), None)]
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="info",
    party="server",
    on=("end",),
    section="lifespan.shutdown",
    scopes=frozenset({"http", "websocket"}),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether it was running at that moment, and not on its way out; its own end is what proves it."""
    if not talk.at_shutdown or talk.layer or talk.process.several or talk.cancelled or event.outcome == "cancelled":
        return None
    return Found("The call was still running as `lifespan.shutdown` was given to the application.")
