"""Trailers are sent before a response was started.

## Why it matters
Only hypercorn takes it, over HTTP/2 and HTTP/3; other servers raise.

## Fix
Start a response first.

## Bad
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})
```

## Good
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})
```
"""

from typing import Final

from ...protocol.transitions import IDLE
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send http.response.trailers",),
    section="extensions.trailers",
    extension="http.response.trailers",
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether nothing was started."""
    if talk.phase != IDLE or talk.aborted:
        return None
    return Found("Trailers are sent, and no response was started.")
