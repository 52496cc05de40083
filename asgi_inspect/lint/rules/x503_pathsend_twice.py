"""A second file is sent by its path in one response.

## Why it matters
granian refuses it; the first one has completed the response.

## Fix
Send one file in one response.

## Bad
```python
scope = http_scope(extensions={"http.response.pathsend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.pathsend", "path": "/srv/a.txt"})
    await send({"type": "http.response.pathsend", "path": "/srv/a.txt"})
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
    on=("send http.response.pathsend",),
    section="extensions.pathsend",
    extension="http.response.pathsend",
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether there was one before."""
    first = talk.response.pathsend_n
    if not first or talk.aborted:
        return None
    return Found("A second `http.response.pathsend` is sent in one response.", records=(first,))
