"""A response to a HEAD request has a body. It is an info where that is one message, which servers drop, and a warning where the body
comes in more than one, or the server is known to send it all the same.

## Why it matters
Most servers drop it. daphne drops the first message only: the rest of a streamed body stands on the connection in front of the
next response. granian sends it over HTTP/2, where the client fails on it.

## Fix
Answer HEAD with the headers of the GET, and an empty body.

## Bad
```python
scope = http_scope(method="HEAD")


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body", "body": b"b"})
```
```python
scope = http_scope(method="HEAD")


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a"})
```

## Good
```python
scope = http_scope(method="HEAD")


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body", "body": b"b"})
```
"""

from typing import Final

from ..event import Event
from ..response import content_size
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(severity="info", party="application", on=("send http.response.body",), section="rfc9110.head")


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether this is the second message with a body, or the last one, and there was one."""
    if talk.method != "HEAD":
        return None
    response = talk.response
    if not response.start_n or response.final_n or response.status in (204, 304) or talk.client_left:
        return None
    filled = response.filled + bool(content_size(event))
    if filled > 1:
        return Found(
            "The application sends the body of a response to HEAD in more than one message.",
            records=(response.start_n, response.first_body_n),
            severity="warning",
        )
    if not filled or event.symbol != event.kind:
        return None
    is_sent = talk.server == "granian" and talk.scope.get("http_version") == "2"
    return Found(
        f"The response to HEAD has a body, which {'granian sends over HTTP/2' if is_sent else 'the server has to drop'}.",
        records=(response.start_n,),
        severity="warning" if is_sent else "info",
    )
