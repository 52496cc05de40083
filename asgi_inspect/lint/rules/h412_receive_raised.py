"""`receive()` raised.

It is silent where the call was cancelled, where the client had left, and at a layer inside another one: that may raise to stop
what it has called.

## Why it matters
What a client does is told by messages: for one that leaves it is a disconnect. Applications do not expect an exception there, and
answer 500 for it.

## Fix
Give `http.disconnect` or `websocket.disconnect` where nothing else can come any more.

## Bad
```python
def server(app):
    async def serve(scope, receive, send):
        async def fail():
            raise RuntimeError("the connection is closed")

        await app(scope, fail, send)

    return serve


async def app(scope, receive, send):
    try:
        await receive()
    except RuntimeError:
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    await receive()
    try:
        await asyncio.wait_for(receive(), timeout=0.01)
    except asyncio.TimeoutError:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talk import Talk
from ..words import raised

ABOUT: Final = About(
    severity="warning",
    party="server",
    on=("receive failed",),
    section="main.applications",
    scopes=frozenset({"http", "websocket"}),
)
# What websockets says where an application has called `receive()` twice at once, which is the application's affair.
_CONCURRENT: Final = "another coroutine"


def check(talk: Talk, event: Event) -> Found | None:
    """Whether it raised while the client was there."""
    if talk.layer or talk.gone or talk.refused or talk.ended or talk.concurrent or not event.is_fault:
        return None
    if event.error is not None and _CONCURRENT in (event.error.message or ""):
        return None
    return Found(f"`receive()` raised {raised(event)}, where it should have given a message.")
