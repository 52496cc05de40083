"""The shutdown is answered a second time.

## Why it matters
uvicorn and granian raise an AssertionError out of the second `send`.

## Fix
Answer once.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
    await send({"type": "lifespan.shutdown.failed"})
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
    on=("send lifespan.shutdown.complete", "send lifespan.shutdown.failed"),
    section="lifespan.shutdown-complete",
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether either answer was given before."""
    first = next((n for kind, n in talk.answers.items() if kind.startswith("lifespan.shutdown.")), None)
    return None if first is None else Found(f"The application sends `{event.kind}`, a second answer.", records=(first,))
