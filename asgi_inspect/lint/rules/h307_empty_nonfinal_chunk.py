"""A message with an empty body that is neither the first nor the last one. That is legal.

## Why it matters
Nothing is sent for it: an empty chunk would end the body. Some code sends such messages to keep a connection alive, which they
do not.

## Fix
Leave out pieces that are empty.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    await send({"type": "http.response.body", "body": b"b"})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..response import content_size
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="info", party="application", on=("send http.response.body",), section="www.response-body", default=False
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether nothing comes, and more is to come, behind another one."""
    if event.symbol == event.kind or not talk.response.bodies or talk.response.final_n or content_size(event) != 0:
        return None
    return Found(
        "The application sends an empty piece of body, which is neither the first nor the last.",
        records=(talk.response.last_body_n,),
    )
