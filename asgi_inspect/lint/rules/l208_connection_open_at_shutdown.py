"""`lifespan.shutdown` comes while other calls of the application are running.

## Why it matters
All connections are to be closed by then: what they use is taken away from them.

## Fix
End or cancel all calls before `lifespan.shutdown`.

## Bad
```python
begun, stopping = asyncio.Event(), asyncio.Event()


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await begun.wait()
        await receive()
        stopping.set()
        await send({"type": "lifespan.shutdown.complete"})
        return
    begun.set()
    await stopping.wait()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


calls = [(lifespan_scope(), None), (http_scope(), None, "lifespan.startup.complete")]
```

## Good
```python
calls = [(http_scope(), None), (lifespan_scope(), None)]
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(
    severity="info", party="server", on=("receive lifespan.shutdown",), section="lifespan.shutdown", in_order=False
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether any are, other than those that are on their way out."""
    process = talk.process
    if talk.layer or process.several or process.has_lost:
        return None
    if not any(not (call.cancelled or call.incomplete) for call in process.open.values()):
        return None
    return Found("`lifespan.shutdown` came while calls for connections were still running.")
