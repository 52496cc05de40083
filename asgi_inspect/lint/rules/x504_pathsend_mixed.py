"""A file is sent by its path in a response that has other content.

## Why it matters
granian raises for either order, so the response is cut.

## Fix
Send the file alone, or read it and send all of it with `http.response.body`.

## Bad
```python
scope = http_scope(extensions={"http.response.pathsend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.pathsend", "path": "/srv/a.txt"})
```
```python
scope = http_scope(extensions={"http.response.pathsend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.pathsend", "path": "/srv/a.txt"})
    await send({"type": "http.response.body", "body": b"x"})
```

## Good
```python
scope = http_scope(extensions={"http.response.pathsend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.pathsend", "path": "/srv/a.txt"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send http.response.pathsend", "send http.response.body"),
    section="extensions.pathsend",
    extension="http.response.pathsend",
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether both kinds of content are in the response."""
    response = talk.response
    if talk.aborted:
        return None
    if event.kind == "http.response.pathsend":
        if not response.bodies or response.pathsend_n:
            return None
        return Found("`http.response.pathsend` is sent after other content.", records=(response.last_body_n,))
    if not response.pathsend_n:
        return None
    return Found(f"`{event.kind}` is sent after `http.response.pathsend`.", records=(response.pathsend_n,))
