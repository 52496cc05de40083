"""A response with status 204 has a `content-length`, or one with 204 or 205 has one that is not 0, which is a warning.

With status 304 it is right: it says how long the body of a 200 would be.

## Why it matters
A 204 must not have that header. Django and Quart send `content-length: 0` with each one; granian and gunicorn strip it. Where it
is not 0, uvicorn on httptools writes a body behind the 204, and a client takes that for the next response.

## Fix
Leave `content-length` out of a response with status 204.

## Bad
```python
async def app(scope, receive, send):
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    headers = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    headers = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 304, "headers": headers})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 205, "headers": headers})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    headers = []
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..shapes.headers import look_at, lower, pairs
from ..talk import Talk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send http.response.start", "send websocket.http.response.start"),
    section="rfc9110.content-length",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
    field="headers",
)
_NO_CONTENT: Final = 204
_RESET_CONTENT: Final = 205


def check(talk: Talk, event: Event) -> Found | None:
    """Whether there is one that should not be, or says what cannot be."""
    status = event.get("status")
    if status not in (_NO_CONTENT, _RESET_CONTENT):
        return None
    look = look_at(event.get("headers"))
    if b"content-length" not in look.names:
        return None
    values = [value for name, value in pairs(look.headers) if lower(name) == b"content-length"]
    size = next((int(value) for value in values if isinstance(value, bytes) and value.isdigit() and len(value) < 20), 0)
    if status == _RESET_CONTENT and not size:
        return None
    return Found(
        f"A response with status {status} has `content-length: {size:,}`, but no body can follow.",
        severity="warning" if size else "info",
    )
