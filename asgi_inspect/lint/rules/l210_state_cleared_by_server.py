"""All keys that were in the lifespan's `state` as its startup was complete are gone as the shutdown comes.

It is silent where single keys are gone, which the application may have taken out itself.

## Why it matters
granian clears `state` before the shutdown, so the application does not find what it has to close.

## Fix
Keep what has to be closed in the application too, not in `state` alone.

## Bad
```python
scope = lifespan_scope()
kept = scope["state"]


async def app(scope, receive, send):
    await receive()
    scope["state"]["db"] = 1
    await send({"type": "lifespan.startup.complete"})
    kept.clear()
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
```

## Good
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    scope["state"]["db"] = 1
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk
from ..words import quoted

ABOUT: Final = About(severity="warning", party="server", on=("receive lifespan.shutdown",), section="lifespan.state")


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether all keys are gone; a trace cannot tell who took out single ones."""
    before, now = talk.state_keys, event.told("state")
    if not before or now is None or now:
        return None
    names = ", ".join(map(quoted, sorted(before)[:5]))
    return Found(f"`state` is empty at the shutdown; as the startup was complete it had {names}.")
