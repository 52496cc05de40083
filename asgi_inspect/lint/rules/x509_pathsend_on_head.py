"""A file is sent by its path in answer to a HEAD.

## Why it matters
Nothing of it is to be sent; a server may open and read it all the same.

## Fix
Answer a HEAD with an empty body.

## Bad
```python
scope = http_scope(method="HEAD", extensions={"http.response.pathsend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.pathsend", "path": "/srv/a.txt"})
```

## Good
```python
scope = http_scope(method="HEAD")


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send http.response.pathsend",),
    section="extensions.pathsend",
    extension="http.response.pathsend",
    default=False,
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether it is a HEAD."""
    return Found("A file is sent by its path in answer to a HEAD.") if talk.method == "HEAD" else None
