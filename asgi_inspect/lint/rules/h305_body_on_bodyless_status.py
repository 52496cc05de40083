"""A response with status 204 or 304 has a body. Messages with an empty body are legal, however many there are.

## Why it matters
uvicorn raises, and closes the connection; the other servers drop the body. Where one of them did not, the client would take it
for the next response.

## Fix
Send no body with such a status, or another status with it.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b"x"})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 205, "headers": []})
    await send({"type": "http.response.body", "body": b"x"})
```
"""

from typing import Final

from ..event import Event
from ..response import content_size
from ..rule import About, Found
from ..talks import HttpTalk, WebSocketTalk
from ..words import counted

ABOUT: Final = About(
    severity="error",
    party="application",
    on=(
        "send http.response.body",
        "send http.response.zerocopysend",
        "send http.response.pathsend",
        "send websocket.http.response.body",
    ),
    section="rfc9110.content",
    scopes=frozenset({"http", "websocket"}),
)


def check(talk: HttpTalk | WebSocketTalk, event: Event) -> Found | None:
    """Whether there is content in spite of the status; that of a wrong type is another rule's."""
    response = talk.response
    if response.status not in (204, 304) or response.final_n or talk.client_left:
        return None
    size = content_size(event)
    if not size and (size == 0 or event.kind.endswith(".body")):
        return None
    sent = counted(size, "byte") + " of body" if size else "a file"
    return Found(
        f"The application sends {sent} in a response with status {response.status}, which has none.",
        records=(response.start_n,),
    )
