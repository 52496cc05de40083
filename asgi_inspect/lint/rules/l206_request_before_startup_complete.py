"""A connection is given to the application before its startup is answered.

It is silent for a call that the application makes of itself, and in a test client, which may have no lifespan of its own.

## Why it matters
What the application needs is not there yet; the first connections after a deployment fail.

## Fix
Wait for `lifespan.startup.complete` before serving.

## Bad
```python
begun = asyncio.Event()


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await begun.wait()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})
    begun.set()


calls = [(lifespan_scope(), None), (http_scope(), None, "lifespan.startup")]
```

## Good
```python
calls = [(lifespan_scope(), None), (http_scope(), None)]
```
"""

from typing import Final

from ...protocol.transitions import STARTING
from ..event import Event
from ..rule import About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="error",
    party="server",
    on=("scope",),
    section="lifespan.startup-complete",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether a lifespan of this process has received its startup, and not answered it."""
    if talk.process.lifespan_phase != STARTING or talk.layer or talk.of_test or event.told("parent") is not None:
        return None
    return Found("A connection was begun while the lifespan's startup was not answered yet.")
