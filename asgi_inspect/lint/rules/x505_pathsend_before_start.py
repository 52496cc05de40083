"""A file is sent by its path before the response was started.

## Why it matters
granian raises; there is no head that the file could follow.

## Fix
Send `http.response.start` first, with the `content-length` of the file.

## Bad
```python
scope = http_scope(extensions={"http.response.pathsend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.pathsend", "path": "/srv/a.txt"})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
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

from ...protocol.transitions import IDLE
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
    """Whether no start was sent."""
    if talk.phase != IDLE or talk.aborted:
        return None
    return Found("`http.response.pathsend` is sent before any `http.response.start`.")
