"""Keys of the lifespan's `state` have come or gone between the end of the startup and the shutdown. It is legal.

## Why it matters
Each connection gets a copy of `state` as it begins: those that were there before do not see the change.

## Fix
Put everything into `state` before `lifespan.startup.complete`; change what stands in it, not its keys.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    scope["state"]["late"] = 1
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
```

## Good
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    scope["state"]["cache"] = {}
    await send({"type": "lifespan.startup.complete"})
    scope["state"]["cache"]["late"] = 1
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk
from ..words import quoted

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("receive lifespan.shutdown",),
    section="lifespan.state",
    default=False,
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether they are others than they were; that all are gone is what rule L210 is about."""
    before, now = talk.state_keys, event.told("state")
    if before is None or now is None or (before and not now):
        return None
    changed = sorted(before ^ set(now))
    if not changed:
        return None
    return Found(
        f"Keys of `state` have come or gone since the startup was complete: {', '.join(map(quoted, changed[:5]))}."
    )
