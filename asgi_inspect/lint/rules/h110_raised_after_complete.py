"""An exception left the application after its response was complete.

## Why it matters
The client has its response, and sees nothing of it. Frameworks do so by design, so that the server logs the exception: Starlette
sends its page for a 500, and raises again. uvicorn, hypercorn and gunicorn then close the connection.

## Fix
Find out why it raised: in a framework it is what the response with status 500 was sent for, else often a background task.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 500, "headers": []})
    await send({"type": "http.response.body", "body": b"Internal Server Error"})
    raise ValueError("no such thing")
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
    raise ConnectionResetError("the client has left")
```
"""

from typing import Final

from ...protocol.transitions import DONE
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import raised, status_shown

ABOUT: Final = About(severity="info", party="application", on=("end",), section="main.errors")


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the call raises, and the response is complete. An OSError tells of a client that has left."""
    if talk.phase != DONE or talk.layer or talk.client_left or not event.is_fault or event.is_os_error:
        return None
    status = status_shown(talk.response.start.get("status"))
    return Found(
        f"{raised(event)} left the application after its response with status {status} was complete.",
        records=(talk.response.final_n,),
    )
