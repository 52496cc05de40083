"""A connection is given to the application after its shutdown was begun.

It is silent for a call that the application makes of itself, and in a test client, which may have no lifespan of its own.

## Why it matters
What the application needs is closed, or being closed.

## Fix
Stop accepting connections before `lifespan.shutdown`.

## Bad
```python
begun = asyncio.Event()


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await begun.wait()
        await send({"type": "lifespan.shutdown.complete"})
        return
    begun.set()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


calls = [(lifespan_scope(), None), (http_scope(), None, "lifespan.shutdown")]
```

## Good
```python
calls = [(http_scope(), None), (lifespan_scope(), None)]
```
"""

from typing import Final

from ...protocol.transitions import STOPPED, STOPPING
from ..event import Event
from ..rule import About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="error",
    party="server",
    on=("scope",),
    section="lifespan.shutdown",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether a lifespan of this process is in its shutdown."""
    if talk.process.lifespan_phase not in (STOPPING, STOPPED) or talk.layer or talk.of_test:
        return None
    if event.told("parent") is not None:
        return None
    return Found("A connection was begun after `lifespan.shutdown` had been given to the application.")
