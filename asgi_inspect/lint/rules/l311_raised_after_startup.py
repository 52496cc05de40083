"""An exception left the application between startup and shutdown.

## Why it matters
The servers go on serving, and the application's clean-up never runs.

## Fix
Catch it; whatever runs beside the server must not end the lifespan.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    raise RuntimeError("the scheduler died")
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
from ..words import raised

ABOUT: Final = About(severity="error", party="application", on=("end",), section="lifespan.scope", terminal=True)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether an exception leaves the outermost layer while the server runs."""
    if talk.phase != RUNNING or talk.layer or not event.is_fault:
        return None
    return Found(f"{raised(event)} left the application's lifespan before `lifespan.shutdown` came.")
