"""`lifespan.shutdown` comes after the application has said that its startup failed.

## Why it matters
What was never started is shut down; the server should have logged the failure and ended.

## Fix
End after `lifespan.startup.failed`.

## Bad
```python
scope = lifespan_scope()
received = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
    await receive()
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

from ...protocol.transitions import FAILED
from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(
    severity="error", party="server", on=("receive lifespan.shutdown",), section="lifespan.startup-failed"
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether the startup has failed."""
    if talk.phase != FAILED:
        return None
    n = talk.answers.get("lifespan.startup.failed", 0)
    return Found("`lifespan.shutdown` came after `lifespan.startup.failed`.", records=(n,))
