"""A response promises trailers, and has no `trailer` header that names them.

## Why it matters
The server does not add it; proxies and clients may drop trailers that were not announced.

## Fix
Name the fields in a `trailer` header.

## Bad
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": True})
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
from ..kinds import pairs_of
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send http.response.start",),
    section="extensions.trailers",
    extension="http.response.trailers",
    in_order=False,
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether they are promised, and there is no such header."""
    if event.get("trailers") is not True:
        return None
    headers = event.get("headers", [])
    if not isinstance(headers, list | tuple) or any(_is_trailer(name) for name, _ in pairs_of(headers)):
        return None
    return Found("The response promises trailers, and has no `trailer` header.")


def _is_trailer(name: object) -> bool:
    return isinstance(name, str | bytes) and name.lower() in ("trailer", b"trailer")
