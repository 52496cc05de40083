"""The response has more than one `content-length`: an error where they differ, a warning where they are the same.

## Why it matters
With two different lengths a client and a proxy may differ on where the response ends. uvicorn on httptools, daphne and gunicorn
send both; uvicorn on h11 and hypercorn raise where they differ.

## Fix
Send one `content-length`; a layer that changes the body has to replace it, not to add one.

## Bad
```python
async def app(scope, receive, send):
    headers = [(b"content-length", b"2"), (b"content-length", b"3")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hi"})
```
```python
async def app(scope, receive, send):
    headers = [(b"content-length", b"0"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..shapes.headers import look_at, lower, pairs
from ..talk import Talk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send http.response.start", "send websocket.http.response.start"),
    section="rfc9112.body-length",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
    field="headers",
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether there are two, and whether they are the same."""
    look = look_at(event.get("headers"))
    if b"content-length" not in look.names:
        return None
    values = [value for name, value in pairs(look.headers) if lower(name) == b"content-length"]
    if len(values) < 2:
        return None
    same = all(value == values[0] for value in values)
    return Found(
        f"`headers` of `{event.kind}` has {len(values)} `content-length`, {'all the same' if same else 'which differ'}.",
        key="same" if same else "",
        severity="warning" if same else "error",
    )
