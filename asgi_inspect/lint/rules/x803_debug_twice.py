"""A second debug message is sent.

## Why it matters
It is to be sent once: a test client keeps one of the two.

## Fix
Put everything into one `info`.

## Bad
```python
scope = http_scope(client=("testclient", 50000), extensions={"http.response.debug": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.debug", "info": {}})
    await send({"type": "http.response.debug", "info": {}})
    await send({"type": "http.response.start", "status": 200, "headers": []})
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
    """Whether there was one before."""
    return Found("A second `http.response.debug` is sent.") if talk.debugs and talk.phase == IDLE else None
