"""The first message of a lifespan is not `lifespan.startup`.

## Why it matters
Applications start up on it; without it they serve with nothing initialised, or wait for ever.

## Fix
Give `lifespan.startup` first.

## Bad
```python
scope = lifespan_scope()
received = [{"type": "lifespan.shutdown"}]


async def app(scope, receive, send):
    await receive()
    raise RuntimeError('no lifespan')
```

## Good
```python
scope = lifespan_scope()
received = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk
from ..words import clipped

ABOUT: Final = About(severity="error", party="server", on=("receive",), section="lifespan.startup")


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether this is the first message, and another one."""
    if talk.received or event.kind == "lifespan.startup" or not event.kind:
        return None
    return Found(f"The first message of the lifespan is `{clipped(event.kind)}`, not `lifespan.startup`.")
