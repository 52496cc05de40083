"""`lifespan.shutdown` comes before the application has answered the startup.

## Why it matters
What is half started is shut down.

## Fix
Wait for `lifespan.startup.complete` or `lifespan.startup.failed`.

## Bad
```python
scope = lifespan_scope()
received = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
```

## Good
```python
scope = lifespan_scope()
received = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
```
"""

from typing import Final

from ...protocol.transitions import STARTING
from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(
    severity="error", party="server", on=("receive lifespan.shutdown",), section="lifespan.startup-complete"
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether the startup was not answered."""
    if talk.phase != STARTING:
        return None
    return Found("`lifespan.shutdown` came before the startup was answered.", records=(talk.startup_n,))
