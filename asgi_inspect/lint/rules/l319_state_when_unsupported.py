"""The application puts a `state` into the scope of a lifespan that has none: its server does not support it.

## Why it matters
Nothing of it goes into later scopes: what the application looks for there is missing.

## Fix
Keep what is shared in the application itself where `state` is not in the scope.

## Bad
```python
scope = lifespan_scope()
del scope["state"]


async def app(scope, receive, send):
    scope.setdefault("state", {})["db"] = 1
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
```

## Good
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    scope.setdefault("state", {})["db"] = 1
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(
    severity="info", party="application", on=("end",), section="lifespan.state", default=False, in_order=False
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether the scope, which had no such key as the outermost layer was called, has one at the end."""
    if talk.layer or not talk.scope or "state" in talk.scope or "state" not in (event.told("scope_changes") or ()):
        return None
    return Found("The application has put a `state` into a lifespan's scope that had none.")
