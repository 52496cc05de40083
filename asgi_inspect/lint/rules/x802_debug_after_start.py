"""A debug message is sent after the response was started.

## Why it matters
It belongs before the start; test clients look for it there.

## Fix
Send `http.response.debug` before `http.response.start`.

## Bad
```python
scope = http_scope(client=("testclient", 50000), extensions={"http.response.debug": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.debug", "info": {}})
    await send({"type": "http.response.body"})
```

## Good
```python
scope = http_scope(client=("testclient", 50000), extensions={"http.response.debug": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.debug", "info": {}})
    await send({"type": "http.response.start", "status": 200, "headers": []})
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
    on=("send http.response.debug",),
    section="extensions.debug",
    extension="http.response.debug",
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether there was a start."""
    if talk.phase == IDLE or talk.aborted:
        return None
    return Found("`http.response.debug` is sent after the response was started.", records=(talk.response.start_n,))
