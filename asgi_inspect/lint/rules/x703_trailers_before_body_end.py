"""Trailers are sent before the last of the body.

## Why it matters
They come behind the body on the wire: servers raise.

## Fix
Send the last `http.response.body`, without `more_body`, first.

## Bad
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})
```

## Good
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})
```
"""

from typing import Final

from ...protocol.transitions import BODY_WITH_TRAILERS, STARTED_WITH_TRAILERS
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
    """Whether a response that promised them is still at its body."""
    if talk.phase not in (STARTED_WITH_TRAILERS, BODY_WITH_TRAILERS) or talk.aborted:
        return None
    return Found("Trailers are sent before the last of the body.", records=(talk.response.start_n,))
