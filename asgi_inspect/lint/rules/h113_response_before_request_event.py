"""A response is started before the application has received anything.

That is legal, and usual where a request has no body that matters.

## Why it matters
It is worth knowing where a request has a body: it is never read, and some servers close the connection for it.

## Fix
Receive the request before answering it, where it may have a body.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ...protocol.transitions import IDLE
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send http.response.start",),
    section="www.request",
    default=False,
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether nothing was received. What a layer outside has received is not asked for."""
    if talk.received or talk.phase != IDLE:
        return None
    return Found("The application starts its response before it has received anything.")
