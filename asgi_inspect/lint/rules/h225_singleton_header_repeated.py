"""A header that can stand only once in a response stands in it more than once.

## Why it matters
Some clients take the first, some the last, some refuse the response or join the values to one that makes no sense. Mostly a
layer adds what the application has set already.

## Fix
Replace the header instead of adding another one.

## Bad
```python
async def app(scope, receive, send):
    headers = [(b"content-type", b"text/plain"), (b"content-type", b"text/html")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    headers = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"vary", b"a"), (b"vary", b"b")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..shapes.headers import look_at, lower, pairs
from ..talk import Talk
from ..words import quoted

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send http.response.start", "send websocket.http.response.start"),
    section="rfc9110.order",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
    field="headers",
)
_ONCE: Final = frozenset(
    {b"content-type", b"location", b"etag", b"last-modified", b"date", b"server", b"content-range"}
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether any of those stands there twice."""
    look = look_at(event.get("headers"))
    if look.names.isdisjoint(_ONCE):
        return None
    names = [lower(name) for name, _ in pairs(look.headers)]
    repeated = next(
        (name for name in names if isinstance(name, bytes) and name in _ONCE and names.count(name) > 1), None
    )
    if repeated is None:
        return None
    return Found(
        f"`headers` of `{event.kind}` has {quoted(repeated)} {names.count(repeated)} times.",
        key=repeated.decode("ascii"),
    )
