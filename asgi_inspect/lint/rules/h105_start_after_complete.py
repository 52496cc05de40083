"""A response is started after the one of this connection was complete.

## Why it matters
A connection has one response. uvicorn, hypercorn and granian raise out of this `send` ("Unexpected ASGI message
'http.response.start' sent, after response already completed"), daphne and gunicorn take it silently; the client never sees
the second response. It is nearly always an error handler, or a second `Response` object, that runs after the first one.

## Fix
Return once the response is complete; whatever sends a second one has to know that the first was sent.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
    await send({"type": "http.response.start", "status": 500, "headers": []})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
```
```python
calls = [(http_scope(), None), (http_scope(), None)]


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
```
"""

from typing import Final

from ...protocol.transitions import DONE
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import status_shown

ABOUT: Final = About(
    severity="error", party="application", on=("send http.response.start",), section="www.response-body"
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the response was complete."""
    if talk.phase != DONE or talk.aborted:
        return None
    first = talk.response
    return Found(
        f"The application starts a response with status {status_shown(event.get('status'))}, after it has completed one "
        f"with status {status_shown(first.start.get('status'))}.",
        records=(first.start_n, first.final_n),
    )
