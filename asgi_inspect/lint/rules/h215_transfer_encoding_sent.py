"""The response has a header `transfer-encoding`. Where it has a `content-length` as well, another rule speaks.

## Why it matters
How a body is framed is the server's affair: it has to ignore this header. One that does not sends a body in chunks that says
so twice, or is not in chunks at all.

## Fix
Leave `transfer-encoding` out: the server frames a body without `content-length` itself.

## Bad
```python
async def app(scope, receive, send):
    headers = [(b"transfer-encoding", b"chunked")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    headers = [(b"content-encoding", b"identity")]
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
    severity="warning",
    party="application",
    on=("send http.response.start", "send websocket.http.response.start"),
    section="www.response-start",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
    field="headers",
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether there is one, alone."""
    names = look_at(event.get("headers")).names
    if b"transfer-encoding" not in names or b"content-length" in names:
        return None
    return Found(f"`headers` of `{event.kind}` has `transfer-encoding`, which is the server's to decide.")
