"""The application answers a request whose body it has received in part.

## Why it matters
The client sends the rest all the same; servers drop it, keep it in memory, or close the connection.

## Fix
Receive the body to its end, or refuse the request with a status of 400 or above.

## Bad
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"content-length", b"10")])
received = [
    {"type": "http.request", "body": b"01234", "more_body": True},
    {"type": "http.request", "body": b"56789"},
]


async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```

## Good
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"content-length", b"10")])
received = [
    {"type": "http.request", "body": b"01234", "more_body": True},
    {"type": "http.request", "body": b"56789"},
]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ...protocol.transitions import READING
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import status_shown

ABOUT: Final = About(severity="info", party="application", on=("end",), section="www.request", default=False)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether a part of it was received, and the rest was not, by nobody."""
    if event.outcome != "returned" or talk.request_phase != READING or talk.client_left:
        return None
    status = talk.response.status
    outer = talk.outer
    if status is None or status >= 300 or (isinstance(outer, HttpTalk) and outer.request_final_n):
        return None
    return Found(
        f"The application answers with status {status_shown(status)}, and has received only a part of the request's body.",
        records=(talk.response.start_n,),
    )
