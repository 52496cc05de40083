"""The application returned from its lifespan while the server was running.

## Why it matters
Its clean-up never runs: no server sends the shutdown to a call that has ended.

## Fix
Receive until `lifespan.shutdown` comes.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
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

from ...protocol.transitions import RUNNING
from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(severity="warning", party="application", on=("end",), section="lifespan.scope", terminal=True)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether the call ends well between startup and shutdown."""
    if event.outcome != "returned" or talk.phase != RUNNING:
        return None
    n = talk.answers.get("lifespan.startup.complete", 0)
    return Found("The application returned before `lifespan.shutdown` came.", records=(n,))
