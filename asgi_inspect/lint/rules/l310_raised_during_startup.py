"""An exception left the application in the middle of its startup.

## Why it matters
Servers take it for an application without lifespan: uvicorn prints that the protocol appears unsupported, hypercorn and
granian print a warning, and all of them serve the half-started application.

## Fix
Send `lifespan.startup.failed` with a message, so that the server stops and says why.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    raise RuntimeError("no database")
```

## Good
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
```
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    raise ValueError('no lifespan')
```
"""

from typing import Final

from ...protocol.transitions import STARTING
from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk
from ..words import raised

ABOUT: Final = About(severity="warning", party="application", on=("end",), section="lifespan.scope", terminal=True)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether an exception leaves the outermost layer before the startup was answered."""
    if talk.phase != STARTING or talk.layer or not event.is_fault:
        return None
    return Found(
        f"{raised(event)} left the application before its startup was answered, so servers serve it half started.",
        records=(talk.startup_n,),
    )
