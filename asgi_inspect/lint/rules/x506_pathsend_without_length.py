"""A file is sent by its path, and the response has no `content-length`.

## Why it matters
The server does not add it: granian sends the file in chunks, and no client can show how far it is.

## Fix
Set `content-length` to the size of the file.

## Bad
```python
scope = http_scope(extensions={"http.response.pathsend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
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

from ...protocol.transitions import IDLE
from ..event import Event
from ..kinds import pairs_of
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send http.response.pathsend",),
    section="extensions.pathsend",
    extension="http.response.pathsend",
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether there is none at all, of whatever form."""
    response = talk.response
    if response.bodies or not response.start_n or talk.aborted or talk.phase == IDLE:
        return None
    headers = response.start.get("headers", [])
    if not isinstance(headers, list | tuple) or any(_is_length(name) for name, _ in pairs_of(headers)):
        return None
    return Found("A file is sent by its path, and the response has no `content-length`.", records=(response.start_n,))


def _is_length(name: object) -> bool:
    return isinstance(name, str | bytes) and name.lower() in ("content-length", b"content-length")
