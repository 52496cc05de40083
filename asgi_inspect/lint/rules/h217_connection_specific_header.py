"""The response has a header that is about the connection, not about the response: `connection`, `keep-alive`,
`proxy-connection`, `upgrade`, `te`. It is a warning over HTTP/2 and later, where those are forbidden, and else an info.

It is silent where such a header has a meaning: `connection: close` over HTTP/1.1, and what a status of 426 has to name.

## Why it matters
The connection is the server's. Over HTTP/2 a client takes a response with such a header for malformed, unless the server drops
it first.

## Fix
Leave headers about the connection to the server.

## Bad
```python
scope = http_scope(http_version="2")


async def app(scope, receive, send):
    headers = [(b"connection", b"keep-alive")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    headers = [(b"keep-alive", b"timeout=5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    headers = [(b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    headers = [(b"upgrade", b"websocket"), (b"connection", b"upgrade")]
    await send({"type": "http.response.start", "status": 426, "headers": headers})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..kinds import text_of
from ..rule import About, Found
from ..shapes.headers import key_of, look_at, lower, pairs
from ..talk import Talk
from ..words import clipped, quoted

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send http.response.start", "send websocket.http.response.start"),
    section="rfc9113.connection",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
    field="headers",
)
_NAMES: Final = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"upgrade", b"te"})
_UPGRADE_REQUIRED: Final = 426


def check(talk: Talk, event: Event) -> Found | None:
    """Whether there is one that has no place here."""
    look = look_at(event.get("headers"))
    if look.names.isdisjoint(_NAMES):
        return None
    version = text_of(talk.scope.get("http_version"))
    is_new = version.partition(".")[0] in ("2", "3")
    for name, value in pairs(look.headers):
        if lower(name) in _NAMES and (is_new or not _is_fine(lower(name), value, event.get("status"))):
            over = f"over HTTP/{clipped(version)}, which forbids it" if is_new else "which is the server's affair"
            return Found(
                f"`headers` of `{event.kind}` has {quoted(name)}, {over}.",
                key=key_of(name),
                severity="warning" if is_new else "info",
            )
    return None


def _is_fine(name: bytes, value: object, status: object) -> bool:
    """Whether such a header has a meaning over HTTP/1.1, or that is not known."""
    if not isinstance(value, bytes):
        return True
    words = {word.strip() for word in value.lower().split(b",")}
    if name == b"connection":
        return b"close" in words or (status == _UPGRADE_REQUIRED and b"upgrade" in words)
    return (name == b"te" and words == {b"trailers"}) or (name == b"upgrade" and status == _UPGRADE_REQUIRED)
