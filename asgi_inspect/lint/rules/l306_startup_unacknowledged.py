"""The application returned from its lifespan without answering the startup.

## Why it matters
uvicorn, hypercorn and granian take it as started and never send the shutdown; a server that waits for the answer hangs.

## Fix
Send `lifespan.startup.complete`, or raise an exception where the application has no use for lifespans.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
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
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    raise NotImplementedError('no lifespan')
```
"""

from typing import Final

from ...protocol.transitions import STARTING
from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(
    severity="warning", party="application", on=("end",), section="lifespan.startup-complete", terminal=True
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether the call ends well in the middle of the startup."""
    if event.outcome != "returned" or talk.phase != STARTING:
        return None
    return Found("The application returned without answering `lifespan.startup`.", records=(talk.startup_n,))
