"""`lifespan.startup` comes a second time in one call.

## Why it matters
The application starts up twice: two pools, two schedulers.

## Fix
Give it once for each call.

## Bad
```python
scope = lifespan_scope()
received = [{"type": "lifespan.startup"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "lifespan.startup.complete"})
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

ABOUT: Final = About(severity="error", party="server", on=("receive lifespan.startup",), section="lifespan.startup")


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether there was one before."""
    if not talk.startup_n:
        return None
    return Found("`lifespan.startup` came a second time.", records=(talk.startup_n,))
