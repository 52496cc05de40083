"""The response has more bytes of body than its `content-length` says.

It is silent where a body is not to be sent (HEAD, 204, 304), and where the size is not known (path send).

## Why it matters
uvicorn and hypercorn raise, and cut the connection; gunicorn cuts the body. daphne and granian write the surplus bytes onto the
connection, where the client takes them for the next response.

## Fix
Make `content-length` the number of bytes (not of characters) that are sent, or leave it out, so that the server frames the body.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
    await send({"type": "http.response.body", "body": b"hi"})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})
```
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
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
    on=("send http.response.body", "send http.response.zerocopysend", "send websocket.http.response.body"),
    section="rfc9112.body-length",
    scopes=frozenset({"http", "websocket"}),
)


def check(talk: HttpTalk | WebSocketTalk, event: Event) -> Found | None:
    """Whether this message crosses the line."""
    response = talk.response
    if response.length is None or response.uncounted or response.final_n:
        return None
    size = content_size(event)
    if size is None or not response.size <= response.length < response.size + size:
        return None
    if talk.without_content or talk.client_left:
        return None
    return Found(
        f"The response has {counted(response.size + size, 'byte')} of body by now, but its `content-length` says "
        f"{response.length:,}: {counted(response.size + size - response.length, 'byte')} are too many.",
        records=(response.start_n,),
    )
