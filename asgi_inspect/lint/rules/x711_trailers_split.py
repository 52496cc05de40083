"""Trailers are sent in several messages. It is legal.

## Why it matters
hypercorn sends the first of them only.

## Fix
Send all trailers in one message.

## Bad
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": True})
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

from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send http.response.trailers",),
    section="extensions.trailers",
    extension="http.response.trailers",
    in_order=False,
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether more are to come."""
    if event.get("more_trailers") is not True:
        return None
    return Found("Trailers are sent in several messages, of which hypercorn sends the first only.")
