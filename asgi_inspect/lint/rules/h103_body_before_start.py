"""A body is sent before the response was started.

## Why it matters
uvicorn, hypercorn, daphne and granian raise out of this `send`, and the client gets a 500; gunicorn takes it silently, and writes
a body without a head.

## Fix
Send `http.response.start` first, with the status and the headers.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.body", "body": b"hi"})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hi"})
```
"""

from typing import Final

from ...protocol.transitions import IDLE
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="error", party="application", on=("send http.response.body",), section="www.response-start"
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether no start was sent."""
    if talk.phase != IDLE or talk.aborted:
        return None
    return Found("The application sends `http.response.body` before any `http.response.start`.")
