"""A response with a body has no `content-type`.

## Why it matters
That is legal. Clients then guess by the content, and browsers may take for HTML what is none.

## Fix
Send a `content-type`.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hi"})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hi"})
```
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})
```
"""

from typing import Final

from ..event import Event
from ..response import content_size
from ..rule import About, Found
from ..shapes.headers import look_at
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send http.response.body",),
    section="rfc9110.content",
    default=False,
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether this is the first of a body whose kind is not said."""
    response = talk.response
    if response.filled or not response.start_n or talk.method == "HEAD" or not content_size(event):
        return None
    if response.status is None or not 200 <= response.status < 300 or response.status in (204, 205):
        return None
    headers = response.start.get("headers", [])
    if not isinstance(headers, list | tuple) or b"content-type" in look_at(headers).names:
        return None
    return Found(
        f"The response with status {response.status} has a body, and no `content-type`.", records=(response.start_n,)
    )
