"""A connection is given to the application before its startup is answered.

It is silent for a call that the application makes of itself, and in a test client, which may have no lifespan of its own.

## Why it matters
What the application needs is not there yet; the first connections after a deployment fail.

## Fix
Wait for `lifespan.startup.complete` before serving.

## Bad
```python
begun = asyncio.Event()


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await begun.wait()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})
    begun.set()


calls = [(lifespan_scope(), None), (http_scope(), None, "lifespan.startup")]
```

## Good
```python
calls = [(lifespan_scope(), None), (http_scope(), None)]
```
"""

from typing import Final

from ...text import safe
from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(
    severity="error",
    party="server",
    on=("send lifespan.startup.complete", "send lifespan.startup.failed"),
    section="lifespan.startup-complete",
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether a connection had begun before this answer, the first one; only now it is known that none was lost."""
    early = talk.process.early
    if early is None or talk.layer or talk.answers:
        return None
    return Found(
        f"Connection {safe(early)} was begun before the application had answered the startup.",
        records=(talk.startup_n,),
    )
