"""Trailers are sent, and the response was started without `trailers`.

## Why it matters
Without that flag the last of the body completes the response: servers raise, or drop the trailers.

## Fix
Start the response with `"trailers": True`.

## Bad
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
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
    """Whether there was a start, and none that promised them."""
    response = talk.response
    if not response.start_n or response.start.get("trailers") or talk.aborted:
        return None
    return Found("Trailers are sent, and the response was started without `trailers`.", records=(response.start_n,))
