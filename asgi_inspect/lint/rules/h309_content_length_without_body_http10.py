"""A response over HTTP/1.0 has no `content-length`. That is legal.

## Why it matters
HTTP/1.0 knows no chunks, so the server has to close the connection to end the body: each request costs another one.

## Fix
Send `content-length` where it is known.

## Bad
```python
scope = http_scope(http_version="1.0")


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
```python
scope = http_scope(http_version="1.0")


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..shapes.headers import look_at
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send http.response.start",),
    section="rfc9112.body-length",
    default=False,
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the end of the connection is the end of the body. granian calls the version `1`."""
    if talk.scope.get("http_version") not in ("1.0", "1") or talk.method == "HEAD" or event.get("status") in (204, 304):
        return None
    headers = event.get("headers", [])
    if not isinstance(headers, list | tuple) or b"content-length" in look_at(headers).names:
        return None
    return Found("A response over HTTP/1.0 has no `content-length`: the connection has to be closed to end it.")
