"""`lifespan.shutdown` comes a second time in one call.

## Why it matters
The application closes twice what it has closed.

## Fix
Give it once for each call.

## Bad
```python
scope = lifespan_scope()
received = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}, {"type": "lifespan.shutdown"}]


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
```

## Good
```python
scope = lifespan_scope()
received = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(severity="error", party="server", on=("receive lifespan.shutdown",), section="lifespan.shutdown")


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether there was one before."""
    if not talk.shutdown_n:
        return None
    return Found("`lifespan.shutdown` came a second time.", records=(talk.shutdown_n,))
