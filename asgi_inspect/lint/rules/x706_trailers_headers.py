"""`headers` of trailers are missing, or not as the specification has them.

## Why it matters
Servers raise out of `send`, and the response is never terminated.

## Fix
Give `headers` a list of pairs of byte strings with names in lower case.

## Bad
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body"})
    await send({"type": "http.response.trailers"})
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
from ..shapes.headers import said_of_headers
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send http.response.trailers",),
    section="extensions.trailers",
    extension="http.response.trailers",
    in_order=False,
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether they are missing, or there is any trouble with them."""
    return said_of_headers(event)
