"""The name of a header of the response has upper-case letters. It is told once for each process.

## Why it matters
The specification asks for lower case, so that layers can look for a header without folding each name: those that compare with
`b"content-type"` miss `b"Content-Type"`, and add a second one. Servers take it, and send it in lower case over HTTP/2. Django does
so in every response.

## Fix
Send the names of headers in lower case.

## Bad
```python
async def app(scope, receive, send):
    headers = [(b"Content-Type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    headers = [(b"content-type", b"Text/Plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..shapes.headers import is_upper, look_at, pairs
from ..talk import Talk
from ..words import quoted

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send http.response.start", "send websocket.http.response.start"),
    section="www.response-start",
    once=True,
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
    field="headers",
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether any name is not in lower case."""
    headers = event.get("headers")
    if look_at(headers).lower:
        return None
    names = [quoted(name) for name, _ in pairs(headers) if is_upper(name)]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return Found(f"`headers` of `{event.kind}` has the name {names[0]}{more} not in lower case.")
