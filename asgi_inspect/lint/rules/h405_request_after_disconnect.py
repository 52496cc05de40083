"""The application receives an `http.request` after an `http.disconnect`.

It is silent where `receive()` was called twice at once: then servers do what they like.

## Why it matters
An application that was told of the end has stopped reading: what comes now is lost.

## Fix
Give nothing but `http.disconnect` after the first of them.

## Bad
```python
received = [
    {"type": "http.disconnect"},
    {"type": "http.request"},
]


async def app(scope, receive, send):
    await receive()
    await receive()
```

## Good
```python
received = [
    {"type": "http.request", "body": b"a", "more_body": True},
    {"type": "http.disconnect"},
]


async def app(scope, receive, send):
    await receive()
    await receive()
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(severity="error", party="server", on=("receive http.request",), section="www.disconnect")


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the client had left."""
    if not talk.gone or talk.concurrent or event.began_us < talk.last_receive[1]:
        return None
    return Found("The application receives an `http.request` after an `http.disconnect`.", records=(talk.gone,))
