"""The application returned in the middle of a response: the last piece of its body said `more_body`.

It is silent where the client had left before: then nothing is owed.

## Why it matters
The client has a status that says all is well, and a body that is cut. uvicorn says "ASGI callable returned without completing
response" and cuts the connection, as hypercorn, granian and gunicorn do; daphne keeps it open, and the client waits.

## Fix
Send a last `http.response.body` without `more_body` on every path, also where a generator ends early.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body"})
```
```python
received = [{"type": "http.request"}, {"type": "http.disconnect"}]


async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    if (await receive())["type"] == "http.disconnect":
        return
    await send({"type": "http.response.body", "body": b"b"})
```
"""

from typing import Final

from ...protocol.transitions import BODY, BODY_WITH_TRAILERS
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import counted

ABOUT: Final = About(severity="error", party="application", on=("end",), section="www.response-body", terminal=True)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the call ends well, and more of the body was promised."""
    if event.outcome != "returned" or talk.phase not in (BODY, BODY_WITH_TRAILERS) or talk.client_left:
        return None
    response = talk.response
    sent = "a part" if response.uncounted else counted(response.size, "byte")
    return Found(
        f"The application returned after {sent} of body, the last piece of which says that more is to come.",
        records=(response.start_n, response.last_body_n),
    )
