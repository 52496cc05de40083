"""The application waits for another message after it has answered the shutdown. It is legal.

## Why it matters
There is none: uvicorn and hypercorn cancel the call, granian lets it wait for ever.

## Fix
Return after `lifespan.shutdown.complete`.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
    try:
        await asyncio.wait_for(receive(), 0.01)
    except TimeoutError:
        pass
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
    severity="info",
    party="application",
    on=("receive", "receive failed"),
    section="lifespan.shutdown-complete",
    default=False,
    in_order=False,
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether a `receive()` was begun behind that answer."""
    n = talk.answers.get("lifespan.shutdown.complete")
    if n is None or not talk.over_us or event.began_us < talk.over_us:
        return None
    return Found("The application waits for another message after `lifespan.shutdown.complete`.", records=(n,))
