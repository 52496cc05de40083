"""A response is started while another one of the same connection is under way.

It is silent where the first start raised: servers differ on whether such a start counts, so a second try is right.

## Why it matters
The status and headers of the first start are on their way, those of the second are lost: an error page arrives with status 200.
uvicorn, hypercorn, daphne and granian raise out of this `send`; gunicorn takes it silently.

## Fix
Start one response for each connection; what handles errors has to know whether a response was started, and then cannot answer.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.start", "status": 500, "headers": []})
    await send({"type": "http.response.body", "body": b"Internal Server Error"})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
```
"""

from typing import Final

from ...protocol.transitions import DONE, IDLE
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import status_shown

ABOUT: Final = About(
    severity="error", party="application", on=("send http.response.start",), section="www.response-start"
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether one was started, and is not complete."""
    if talk.phase in (IDLE, DONE) or talk.aborted:
        return None
    first = talk.response
    return Found(
        f"The application starts a response with status {status_shown(event.get('status'))}, while one with status "
        f"{status_shown(first.start.get('status'))} is under way.",
        records=(first.start_n,),
    )
