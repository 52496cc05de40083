"""A body is sent after the body of this response was complete: the message before did not say `more_body`.

It is an error where the client never gets what is sent, a warning where nothing is lost because it is empty.

## Why it matters
uvicorn, hypercorn and granian raise out of this `send`; daphne and gunicorn drop what is sent, and say nothing. The client has
a response that looks complete, and lacks the rest.

## Fix
Give `more_body: True` to every piece of the body but the last one, and send nothing behind that.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a"})
    await send({"type": "http.response.body", "body": b"b"})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body", "body": b"b", "more_body": True})
    await send({"type": "http.response.body", "body": b""})
```
"""

from typing import Final

from ..event import Event
from ..response import content_size
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import counted

ABOUT: Final = About(
    severity="error", party="application", on=("send http.response.body",), section="www.response-body"
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the body was complete, by a body: what follows a file that was sent by its path is X504's."""
    response = talk.response
    if not response.final_n or response.pathsend_n or talk.aborted:
        return None
    size = content_size(event)
    if size or (size is None and event.get("body") is not None):
        lost = counted(size, "byte") if size else "a body"
        return Found(
            f"The application sends {lost} after the body was complete: the message before did not say `more_body`.",
            records=(response.final_n,),
        )
    return Found(
        "The application sends an empty `http.response.body` after the body was complete.",
        records=(response.final_n,),
        key="empty",
        severity="warning",
    )
