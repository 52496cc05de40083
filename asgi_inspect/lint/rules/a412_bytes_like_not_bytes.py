"""A bytearray or a memoryview stands where bytes belong: in a body, in the `bytes` of a WebSocket, in a header or a link.

## Why it matters
daphne raises `TypeError`, and the response is cut off; uvicorn, hypercorn, granian and gunicorn take it. Starlette's `Response` sends
a memoryview that it was given as it is.

## Fix
Turn it into bytes before it is sent: `bytes(body)`.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytearray(b"fine")})
```
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-a", memoryview(b"1"))]})
    await send({"type": "http.response.body"})
```

## Good
```python
class Octets(bytes):
    pass


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": Octets(b"fine")})
```
"""

from collections.abc import Mapping
from typing import Any, Final

from ...protocol.fields import MESSAGES, Kind
from ..event import Event
from ..kinds import KEPT_BACK, pairs_of, piece_of
from ..rule import About, Found
from ..shapes.headers import items_of
from ..talk import Talk
from ..words import quoted

ABOUT: Final = About(
    severity="warning",
    party="sender",
    on=("send", "receive", "scope"),
    section="main.strings",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
    field="body",
)
_FIELDS: Final[Mapping[str, tuple[tuple[str, Kind], ...]]] = {
    kind: tuple((name.rstrip("?"), what) for name, what in fields.items() if what in ("octets", "headers", "links"))
    for kind, fields in MESSAGES.items()
}
_OF_A_SCOPE: Final[tuple[tuple[str, Kind], ...]] = (("headers", "headers"),)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether there is one in the fields that such a message has."""
    for field, what in _OF_A_SCOPE if event.direction is None else _FIELDS.get(event.kind, ()):
        value = event.get(field)
        if what == "octets":
            wrong, where = value, f"`{field}`"
        elif what == "links":
            wrong, where = next(filter(_is_like_bytes, items_of(value)), None), "A link"
        else:
            wrong, where = _in_headers(value)
        if _is_like_bytes(wrong):
            kind = type(piece_of(wrong) if isinstance(wrong, KEPT_BACK) else wrong).__name__
            whole = f"`{event.kind}`" if event.kind else "the scope"
            return Found(f"{where} in {whole} is a {kind}, not bytes.", key=field)
    return None


def _in_headers(headers: Any) -> tuple[Any, str]:
    """The first name or value that is one, and where it stands."""
    for name, value in pairs_of(headers):
        if _is_like_bytes(name):
            return name, "The name of a header"
        if _is_like_bytes(value):
            return value, f"The value of the header {quoted(name)}"
    return None, ""


def _is_like_bytes(value: Any) -> bool:
    if type(value) is bytes:
        return False
    return isinstance(piece_of(value) if isinstance(value, KEPT_BACK) else value, bytearray | memoryview)
