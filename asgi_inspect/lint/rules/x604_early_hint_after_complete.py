"""An early hint is sent after the response was complete.

## Why it matters
Servers raise, or drop it: there is nothing left to hint at.

## Fix
Send early hints before `http.response.start`.

## Bad
```python
scope = http_scope(extensions={"http.response.early_hint": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload; as=style"]})
```

## Good
```python
scope = http_scope(extensions={"http.response.early_hint": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload; as=style"]})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ...protocol.transitions import DONE
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send http.response.early_hint",),
    section="extensions.early-hint",
    extension="http.response.early_hint",
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the response is complete."""
    if talk.phase != DONE or talk.aborted:
        return None
    return Found(
        "`http.response.early_hint` is sent after the response was complete.", records=(talk.response.final_n,)
    )
