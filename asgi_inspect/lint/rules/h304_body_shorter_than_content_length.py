"""The response was completed with fewer bytes of body than its `content-length` says.

It is silent where a body is not to be sent (HEAD, 204, 304), where the size is not known (path send), and where the client left.

## Why it matters
The client waits for the rest. uvicorn raises "Response content shorter than Content-Length" and cuts the connection; daphne and
granian leave the client waiting until it gives up, and the next response on that connection is read as the missing bytes.

## Fix
Send as many bytes as `content-length` says, or leave that header out, so that the server frames the body itself.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
    await send({"type": "http.response.body", "body": b"hi"})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})
```
```python
scope = http_scope(method="HEAD")


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 304, "headers": [(b"content-length", b"10")]})
    await send({"type": "http.response.body"})
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
    """Whether this completes a body that is too short."""
    response = talk.response
    if response.length is None or event.symbol != event.kind or response.uncounted or response.final_n:
        return None
    size = content_size(event)
    if size is None or talk.without_content or talk.client_left:
        return None
    missing = response.length - response.size - size
    if missing <= 0:
        return None
    return Found(
        f"The response is complete with {counted(response.size + size, 'byte')} of body, "
        f"but its `content-length` says {response.length:,}: {counted(missing, 'byte')} never come.",
        records=(response.start_n,),
    )
