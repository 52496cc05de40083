"""A response with status 204 or 304 has a `content-type`.

## Why it matters
There is no content that it could be about. Frameworks do so often, and nothing breaks.

## Fix
Leave `content-type` out of a response without a body.

## Bad
```python
async def app(scope, receive, send):
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 205, "headers": headers})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..shapes.headers import look_at
from ..talk import Talk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send http.response.start", "send websocket.http.response.start"),
    section="rfc9110.content",
    default=False,
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
    field="headers",
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether there is one where there is no body."""
    status = event.get("status")
    if status not in (204, 304) or b"content-type" not in look_at(event.get("headers")).names:
        return None
    return Found(f"A response with status {status} has a `content-type`, but no body can follow.")
