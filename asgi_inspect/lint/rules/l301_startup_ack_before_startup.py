"""The startup is answered before `lifespan.startup` was received.

## Why it matters
uvicorn and granian end the lifespan with an AssertionError, and never send the shutdown.

## Fix
Receive `lifespan.startup` first.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
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

from ...protocol.transitions import NEW
from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send lifespan.startup.complete", "send lifespan.startup.failed"),
    section="lifespan.startup-complete",
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether nothing was received."""
    if talk.phase != NEW or talk.startup_n or len(talk.answers):
        return None
    return Found(f"The application sends `{event.kind}` before it has received `lifespan.startup`.")
