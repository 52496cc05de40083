"""A push is sent before the response was started. One that is sent after it was complete is told by the rule H107.

## Why it matters
There is nothing to push beside: the specification allows it between the start and the last of the body.

## Fix
Send it after `http.response.start`, and before the last `http.response.body`.

## Bad
```python
scope = http_scope(extensions={"http.response.push": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.push", "path": "/a.css", "headers": []})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```

## Good
```python
scope = http_scope(extensions={"http.response.push": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.push", "path": "/a.css", "headers": []})
    await send({"type": "http.response.body"})
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
    on=("send http.response.push",),
    section="extensions.push",
    extension="http.response.push",
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether no start was sent."""
    if talk.phase != IDLE or talk.aborted:
        return None
    return Found("`http.response.push` is sent before any `http.response.start`.")
