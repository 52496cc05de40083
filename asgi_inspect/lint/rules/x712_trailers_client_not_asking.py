"""A response promises trailers to a client that has not asked for them.

## Why it matters
Servers send them only where the request has `te: trailers`.

## Fix
Look for `te: trailers` in the scope's headers first.

## Bad
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})
```

## Good
```python
scope = http_scope(headers=[(b"host", b"a"), (b"te", b"trailers")], extensions={"http.response.trailers": {}})


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
    severity="info",
    party="application",
    on=("send http.response.start",),
    section="extensions.trailers",
    extension="http.response.trailers",
    default=False,
    in_order=False,
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether they are promised, and no `te` asks for them."""
    if event.get("trailers") is not True or not isinstance(talk.scope.get("headers"), list | tuple):
        return None
    if any(not isinstance(value, bytes) or b"trailers" in value.lower() for value in talk.headers(b"te")):
        return None
    return Found("The response promises trailers, and the client has not sent `te: trailers`.")
