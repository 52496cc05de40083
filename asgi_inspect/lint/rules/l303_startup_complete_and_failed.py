"""The startup is said to be complete, and to have failed.

## Why it matters
The server goes by the first of them; uvicorn and granian end the lifespan with an AssertionError on the second.

## Fix
Send one of the two.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.startup.failed", "message": "no database"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
```

## Good
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
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
    section="lifespan.startup-failed",
)
_OTHER: Final = {
    "lifespan.startup.complete": "lifespan.startup.failed",
    "lifespan.startup.failed": "lifespan.startup.complete",
}


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether the other answer was given before, and this one was not."""
    other = _OTHER[event.kind]
    first = talk.answers.get(other)
    if first is None or event.kind in talk.answers:
        return None
    return Found(f"The application sends `{event.kind}` after `{other}`.", records=(first,))
