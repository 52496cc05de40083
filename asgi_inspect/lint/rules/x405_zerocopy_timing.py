"""A file is sent by its descriptor before the response was started.

One that is sent after the response was complete is told by the rule H107; one that makes the body too long or too short for its
`content-length` by H303 and H304, where `count` says how much of it is sent.

## Why it matters
There is no head yet that the file could follow: servers raise.

## Fix
Send `http.response.start` first.

## Bad
```python
import os

scope = http_scope(extensions={"http.response.zerocopysend": {}})


async def app(scope, receive, send):
    with open(os.devnull, "rb") as file:
        await send({"type": "http.response.zerocopysend", "file": file})
    await send({"type": "http.response.start", "status": 200, "headers": []})
```

## Good
```python
import os

scope = http_scope(extensions={"http.response.zerocopysend": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    with open(os.devnull, "rb") as file:
        await send({"type": "http.response.zerocopysend", "file": file})
```
"""

from typing import Final

from ...protocol.transitions import IDLE
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send http.response.zerocopysend",),
    section="extensions.zerocopysend",
    extension="http.response.zerocopysend",
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether no start was sent."""
    if talk.phase != IDLE or talk.aborted:
        return None
    return Found("`http.response.zerocopysend` is sent before any `http.response.start`.")
