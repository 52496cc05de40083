"""The application returned after it had started a response, and sent no body at all, not even an empty one.

It is silent where the client had left before: then nothing is owed.

## Why it matters
A start alone is no response, also with a status that has no body: servers may keep it until the first piece of the body comes.
uvicorn and hypercorn send the head and cut the connection; granian answers 500 instead; daphne and gunicorn send nothing.

## Fix
Send an `http.response.body` after every start; it may be empty.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ...protocol.transitions import STARTED, STARTED_WITH_TRAILERS
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import status_shown

ABOUT: Final = About(severity="error", party="application", on=("end",), section="www.response-start", terminal=True)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the call ends well, and only a start was sent."""
    if event.outcome != "returned" or talk.phase not in (STARTED, STARTED_WITH_TRAILERS) or talk.client_left:
        return None
    status = status_shown(talk.response.start.get("status"))
    return Found(
        f"The application started a response with status {status}, and returned without any `http.response.body`.",
        records=(talk.response.start_n,),
    )
