"""`headers` of a push are missing, or not as the specification has them.

## Why it matters
hypercorn reads them unasked, and raises `KeyError`.

## Fix
Give `headers` a list of pairs of byte strings with names in lower case; an empty one is fine.

## Bad
```python
scope = http_scope(extensions={"http.response.push": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.push", "path": "/a.css"})
    await send({"type": "http.response.body"})
```

## Good
```python
scope = http_scope(extensions={"http.response.push": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.push", "path": "/a.css", "headers": []})
    await send({"type": "http.response.body"})
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
    on=("send http.response.push",),
    section="extensions.push",
    extension="http.response.push",
    in_order=False,
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether they are missing, or there is any trouble with them."""
    return said_of_headers(event)
