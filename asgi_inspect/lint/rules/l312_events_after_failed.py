"""The application goes on after it has said that its startup or shutdown failed.

## Why it matters
The server is about to end, and hypercorn raises out of that very `send`: what comes after it may never run.

## Fix
Return after `lifespan.startup.failed` or `lifespan.shutdown.failed`.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
    await send({"type": "lifespan.shutdown.complete"})
```

```python
scope = lifespan_scope()
received = [{"type": "lifespan.startup"}]


async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
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
    await send({"type": "lifespan.startup.failed", "message": "no database"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(
    severity="info", party="application", on=("send", "receive failed"), section="lifespan.startup-failed"
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether something has failed, and no worse rule has a word on this."""
    startup = talk.answers.get("lifespan.startup.failed")
    if event.direction == "send":
        if startup is None or not event.kind.startswith("lifespan.shutdown."):
            return None
        return Found(f"The application sends `{event.kind}` after `lifespan.startup.failed`.", records=(startup,))
    kind = "lifespan.startup.failed" if startup is not None else "lifespan.shutdown.failed"
    n = talk.answers.get(kind)
    if n is None or not talk.over_us or event.began_us < talk.over_us:
        return None
    return Found(f"The application waits for another message after `{kind}`.", records=(n,))
