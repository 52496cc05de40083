"""The application receives an `http.request` without a body, which says that more is to come. That is legal.

## Why it matters
It costs the application a turn. httpx begins every request so, and granian does it for the trailers of a request.

## Fix
Give a message when there is something to give.

## Bad
```python
received = [
    {"type": "http.request", "body": b"", "more_body": True},
    {"type": "http.request", "body": b"a"},
]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```

## Good
```python
received = [
    {"type": "http.request", "body": b"a", "more_body": True},
    {"type": "http.request", "body": b""},
]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..response import content_size
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="info", party="server", on=("receive http.request",), section="www.request", in_order=False, default=False
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether nothing comes, and more is to come."""
    if event.symbol == event.kind or content_size(event) != 0:
        return None
    return Found("The application receives an `http.request` with an empty body and `more_body`.")
