"""A response promises trailers, and the server does not offer them.

## Why it matters
hypercorn over HTTP/1.1 then waits for a message that it refuses, and never terminates the body; uvicorn and granian raise
once it comes.

## Fix
Set `trailers` only where `http.response.trailers` is in `scope['extensions']`.

## Bad
```python
async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body"})
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
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": False})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send http.response.start",),
    section="extensions.trailers",
    in_order=False,
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether they are promised, and not offered."""
    if event.get("trailers") is not True or not talk.lacks("http.response.trailers") or talk.aborted:
        return None
    return Found("The response promises trailers, which the server does not offer.")
