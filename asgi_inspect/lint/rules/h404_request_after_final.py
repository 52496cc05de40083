"""The application receives another `http.request` after the one that completed the body.

It is silent where `receive()` was called twice at once: then servers do what they like.

## Why it matters
The application has all of the body, and has begun to answer: what comes now is lost, or taken for the beginning of something
else. A layer that gives the same body for each call of `receive()` does so, and makes whatever waits for the client to leave turn
for ever.

## Fix
Give `more_body: True` with every piece but the last, and then nothing but `http.disconnect`.

## Bad
```python
received = [
    {"type": "http.request", "body": b"a"},
    {"type": "http.request", "body": b"b"},
]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```

## Good
```python
received = [
    {"type": "http.request", "body": b"a", "more_body": True},
    {"type": "http.request", "body": b"", "more_body": True},
    {"type": "http.request", "body": b""},
    {"type": "http.disconnect"},
]


async def app(scope, receive, send):
    await receive()
    await receive()
    await receive()
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(severity="error", party="server", on=("receive http.request",), section="www.request")


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the body was complete, and the client there."""
    if not talk.request_final_n or talk.gone or talk.concurrent or event.began_us < talk.last_receive[1]:
        return None
    return Found(
        "The application receives an `http.request` after one without `more_body` had completed the body.",
        records=(talk.request_final_n,),
    )
