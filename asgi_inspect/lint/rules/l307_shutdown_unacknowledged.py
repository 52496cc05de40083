"""The application returned from its lifespan without answering the shutdown.

## Why it matters
uvicorn, hypercorn and granian put up with it; the specification has the server wait for the answer.

## Fix
Send `lifespan.shutdown.complete` once all is closed.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
```

## Good
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
```
"""

from typing import Final

from ...protocol.transitions import STOPPING
from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(
    severity="warning", party="application", on=("end",), section="lifespan.shutdown-complete", terminal=True
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether the call ends well in the middle of the shutdown."""
    if event.outcome != "returned" or talk.phase != STOPPING:
        return None
    return Found("The application returned without answering `lifespan.shutdown`.", records=(talk.shutdown_n,))
