"""The client left before the body of its request was complete, and the application answers as if all was well.

## Why it matters
Whoever takes `http.disconnect` for the end of the body stores what is cut: the upload is lost, and nobody knows.
Falcon's `await req.stream.read()` gives what came before as if it were all, and so does Sanic.

## Fix
Stop when `http.disconnect` comes before the last piece of the body; nothing that came before may be used.

## Bad
```python
scope = http_scope(method="POST", asgi={"version": "3.0", "spec_version": "2.3"})
received = [
    {"type": "http.request", "body": b"abc", "more_body": True},
    {"type": "http.disconnect"},
]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```

## Good
```python
scope = http_scope(method="POST", asgi={"version": "3.0", "spec_version": "2.3"})
received = [
    {"type": "http.request", "body": b"abc", "more_body": True},
    {"type": "http.disconnect"},
]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "http.response.start", "status": 400, "headers": []})
    await send({"type": "http.response.body"})
```
```python
scope = http_scope(asgi={"version": "3.0", "spec_version": "2.3"})
received = [
    {"type": "http.disconnect"},
]


async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..kinds import is_int
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import status_shown

ABOUT: Final = About(
    severity="warning", party="application", on=("send http.response.start",), section="www.disconnect"
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether a body was cut, and the status says that it was fine."""
    status = event.get("status")
    if not talk.left_early or not is_int(status) or not 200 <= status < 400 or talk.response.start_n:
        return None
    if not (talk.request_size or talk.declares_body):
        return None
    length, outer = talk.content_length, talk.outer
    if length is not None and talk.request_size >= length:  # all of it came, and only its end is missing
        return None
    if isinstance(outer, HttpTalk) and outer.request_final_n:
        return None
    return Found(
        f"The application answers with status {status_shown(status)}, though the client left before the body of its request "
        "was complete.",
        records=(talk.gone,),
    )
