"""The startup is answered a second time with the same message.

## Why it matters
uvicorn and granian end the lifespan with an AssertionError, and the shutdown is never run; hypercorn ignores it.

## Fix
Answer once; a framework and a wrapper around its lifespan must not both do it.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.startup.complete"})
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
    """Whether that very answer was given before."""
    first = talk.answers.get(event.kind)
    return None if first is None else Found(f"The application sends `{event.kind}` a second time.", records=(first,))
