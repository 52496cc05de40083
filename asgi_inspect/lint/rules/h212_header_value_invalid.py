r"""The value of a header of the response has a character that is not allowed in one: an error where it ends the line (CR, LF,
NUL), a warning where it is another control character. A tab, and bytes above 0x7f, are allowed.

## Why it matters
Who can put a line break into a value can add headers, or a response of its own. Most servers raise; daphne replaces the
characters by spaces.

## Fix
Remove control characters from what comes from outside, or encode it, before it goes into a header.

## Bad
```python
async def app(scope, receive, send):
    headers = [(b"x-a", b"1\r\nx-b: 2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    headers = [(b"x-a", b"1\x07")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    headers = [(b"x-a", b"1\t2"), (b"x-b", b"\xe9")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..shapes.headers import breaks_line, has_control, key_of, look_at, pairs
from ..talk import Talk
from ..words import quoted

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send http.response.start", "send websocket.http.response.start"),
    section="rfc9110.values",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
    field="headers",
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether any value has a control character; the worst one first."""
    headers = event.get("headers")
    if look_at(headers).usual:
        return None
    found = [(name, breaks_line(value)) for name, value in pairs(headers) if has_control(value)]
    if not found:
        return None
    name, breaks = max(found, key=lambda case: case[1])
    what = "a line break or a NUL" if breaks else "a control character"
    return Found(
        f"`headers` of `{event.kind}` has a value for {quoted(name)} with {what} in it.",
        key=key_of(name),
        severity="error" if breaks else "warning",
    )
