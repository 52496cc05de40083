"""The `headers` of a response are a generator, or another iterator that can be read only once.

## Why it matters
daphne and gunicorn read the headers twice, first to check their types: an iterator is empty the second time, and the response
has lost all of them. While this inspector is in between it hands a list on, which hides that.

## Fix
Give `headers` a list.

## Bad
```python
async def app(scope, receive, send):
    headers = ((name, b"1") for name in (b"x-a", b"x-b"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    headers = [(name, b"1") for name in (b"x-a", b"x-b")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": {b"x-a": b"1"}.items()})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..kinds import is_iterator
from ..rule import About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send http.response.start", "send websocket.http.response.start"),
    section="www.response-start",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether they were read from an iterator, or are one that was left alone."""
    if "headers" not in (event.told("once") or ()) and not is_iterator(event.get("headers")):
        return None
    return Found(f"`headers` of `{event.kind}` is an iterator, which can be read only once.")
