"""The application returned without having sent a response.

It is silent where the client had left before: then nothing is owed.

## Why it matters
uvicorn, hypercorn, granian and gunicorn answer 500 in the application's place; daphne leaves the client waiting.

## Fix
Send a response on every path through the application, or raise an exception.

## Bad
```python
async def app(scope, receive, send):
    await receive()
```

## Good
```python
async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})
```
```python
received = [{"type": "http.disconnect"}]


async def app(scope, receive, send):
    message = await receive()
    if message["type"] == "http.disconnect":
        return
```
"""

from typing import Final

from ...protocol.transitions import IDLE
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(severity="error", party="application", on=("end",), section="www.response-start", terminal=True)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the call ends well, and nothing was sent."""
    if event.outcome != "returned" or talk.phase != IDLE or talk.client_left:
        return None
    what = "after it had received the request" if talk.received else "without receiving anything"
    return Found(f"The application returned {what}, and sent no response.")
