"""The shutdown is answered before `lifespan.shutdown` was received.

## Why it matters
uvicorn and granian end the lifespan with an AssertionError, and never send the shutdown.

## Fix
Wait for `lifespan.shutdown`, clean up, and answer then.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
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
"""

from typing import Final

from ...protocol.transitions import FAILED
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
    """Whether there was no shutdown, and no such answer."""
    if talk.shutdown_n or talk.phase == FAILED or _SHUTDOWN & talk.answers.keys():
        return None
    return Found(f"The application sends `{event.kind}` before it has received `lifespan.shutdown`.")


_SHUTDOWN: Final = frozenset({"lifespan.shutdown.complete", "lifespan.shutdown.failed"})
