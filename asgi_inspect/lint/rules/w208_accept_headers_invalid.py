r"""A header of `websocket.accept` has a name or a value with characters that are not allowed in one: an error, but for control
characters in a value that do not end its line, which are a warning.

## Why it matters
Who can put a line break into a value can add headers of his own to the answer. Some servers raise, others send it.

## Fix
Remove control characters from what comes from outside, or encode it, before it goes into a header.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"x-a", b"1\r\nx-b: 2")]})
    await send({"type": "websocket.close"})
```
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"x a", b"1")]})
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"set-cookie", b"a=1; Path=/")]})
    await send({"type": "websocket.close"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..shapes.headers import breaks_line, has_control, is_no_token, key_of, look_at, pairs
from ..talks import WebSocketTalk
from ..words import quoted

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send websocket.accept",),
    section="rfc9110.values",
    in_order=False,
    since="2.1",
    field="headers",
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether any name or value has such a character; the worst one first."""
    headers = event.get("headers")
    if look_at(headers).usual:
        return None
    found = [each for name, value in pairs(headers) if (each := _said(name, value)) is not None]
    return min(found, key=lambda each: each.severity == "warning", default=None)


def _said(name: object, value: object) -> Found | None:
    if is_no_token(name):
        return Found(
            f"`headers` of `websocket.accept` has the name {quoted(name)}, which is empty or has characters that no name "
            "may have.",
            key=key_of(name),
        )
    if not has_control(value):
        return None
    breaks = breaks_line(value)
    what = "a line break or a NUL" if breaks else "a control character"
    return Found(
        f"`headers` of `websocket.accept` has a value for {quoted(name)} with {what} in it.",
        key=key_of(name),
        severity="error" if breaks else "warning",
    )
