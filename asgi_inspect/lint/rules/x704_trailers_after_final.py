"""More trailers are sent after the last ones.

## Why it matters
The response is complete: servers raise, or drop them.

## Fix
Send all of them in one message, or set `more_trailers` on all but the last.

## Bad
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})
```

## Good
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})
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
    on=("send http.response.trailers",),
    section="extensions.trailers",
    extension="http.response.trailers",
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether a response that promised them is complete."""
    if talk.phase != DONE or not talk.response.start.get("trailers") or talk.aborted:
        return None
    return Found("Trailers are sent after the last ones.", records=(talk.response.final_n,))
