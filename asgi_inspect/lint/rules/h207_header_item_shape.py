"""A member of the `headers` of a response is no pair of name and value.

## Why it matters
Servers unpack each member into two: they raise `ValueError`, or take bytes of two letters for a name and a value.

## Fix
Make each member a pair, like `(b"x-a", b"1")`.

## Bad
```python
async def app(scope, receive, send):
    headers = [b"x-a: 1"]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    headers = [(b"x-a", b"1", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    headers = [(b"x-a", b"1"), [b"x-b", b"2"]]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..shapes.headers import items_of, look_at, no_pair
from ..talk import Talk
from ..words import shown

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send http.response.start", "send websocket.http.response.start"),
    section="www.response-start",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
    field="headers",
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether any member is no pair."""
    headers = event.get("headers")
    if look_at(headers).usual:
        return None
    for item in items_of(headers):
        if no_pair(item):
            return Found(f"`headers` of `{event.kind}` has {_said(item)} where a pair of name and value belongs.")
    return None


def _said(item: object) -> str:
    """A member by its kind: what it holds may be a secret."""
    return shown(item) if isinstance(item, list | tuple) else f"a {type(item).__name__}"
