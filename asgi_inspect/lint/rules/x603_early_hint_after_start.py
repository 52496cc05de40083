"""An early hint is sent after the response was started.

## Why it matters
It is an informational response, which comes before the final one: hypercorn and uvicorn raise. Older texts of the
specification said otherwise.

## Fix
Send early hints before `http.response.start`.

## Bad
```python
scope = http_scope(extensions={"http.response.early_hint": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload; as=style"]})
    await send({"type": "http.response.body"})
```

## Good
```python
scope = http_scope(extensions={"http.response.early_hint": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload; as=style"]})
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload; as=style"]})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ...protocol.transitions import DONE, IDLE
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send http.response.early_hint",),
    section="extensions.early-hint",
    extension="http.response.early_hint",
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the response is under way."""
    if talk.phase in (IDLE, DONE) or talk.aborted:
        return None
    return Found("`http.response.early_hint` is sent after the response was started.", records=(talk.response.start_n,))
