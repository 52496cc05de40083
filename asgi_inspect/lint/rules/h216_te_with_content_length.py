"""The response has both `transfer-encoding` and `content-length`: two answers to where its body ends.

## Why it matters
A client and a proxy that believe different ones take what follows for another response: that is how responses are smuggled.
uvicorn on httptools and gunicorn send both, daphne sends both and no chunks, granian drops the connection; uvicorn on h11 and
hypercorn drop `content-length`.

## Fix
Send `content-length` alone, or neither of the two.

## Bad
```python
async def app(scope, receive, send):
    headers = [(b"transfer-encoding", b"chunked"), (b"content-length", b"0")]
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
from ..shapes.headers import look_at
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
    """Whether there are both."""
    names = look_at(event.get("headers")).names
    if b"transfer-encoding" not in names or b"content-length" not in names:
        return None
    return Found(f"`headers` of `{event.kind}` has both `transfer-encoding` and `content-length`.")
