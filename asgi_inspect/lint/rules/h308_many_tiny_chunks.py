"""A body was sent in more than 1,000 messages of less than 64 bytes each, and is no event stream.

## Why it matters
Each message costs more than what it carries: a call through every layer, a chunk with its own length, and often a segment.

## Fix
Join what is small to pieces of some kilobytes.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1001):
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * 1001})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import counted

ABOUT: Final = About(
    severity="info", party="application", on=("send http.response.body",), section="www.response-body", default=False
)
_MANY: Final = 1_000
_TINY: Final = 64  # bytes


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether this completes such a body."""
    response = talk.response
    if response.bodies < _MANY or event.symbol != event.kind or response.final_n or response.uncounted:
        return None
    if response.size >= _TINY * response.bodies:
        return None
    if any(value.lower().startswith(b"text/event-stream") for value in response.values(b"content-type")):
        return None
    return Found(
        f"{counted(response.size, 'byte')} of body came in {counted(response.bodies + 1, 'message')}.",
        records=(response.start_n,),
    )
