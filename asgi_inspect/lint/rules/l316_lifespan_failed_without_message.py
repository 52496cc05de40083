"""The application says that its startup or shutdown failed, and not why. It is legal.

## Why it matters
The server logs the message; without one an operator sees a process that ends for no reason.

## Fix
Give `message` the cause in words.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed"})
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
    severity="info",
    party="application",
    on=("send lifespan.startup.failed", "send lifespan.shutdown.failed"),
    section="lifespan.startup-failed",
    default=False,
    in_order=False,
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether there is no message."""
    return None if event.get("message", "") != "" else Found(f"`{event.kind}` has no `message`.")
