"""The application receives more bytes of body than the `content-length` of the request says.

It is silent where the body is encoded, which a layer outside may have undone.

## Why it matters
The server has read into the next request of the connection, or a layer has changed the body, and not its length. Applications
that read by `content-length` lose the rest.

## Fix
Give as many bytes as `content-length` says; a layer that changes the body has to change the header in the scope.

## Bad
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"content-length", b"3")])
received = [
    {"type": "http.request", "body": b"hello"},
]
```

## Good
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"content-length", b"3")])
received = [
    {"type": "http.request", "body": b"hel"},
]
```
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"content-length", b"3"), (b"content-encoding", b"gzip")])
received = [
    {"type": "http.request", "body": b"hello"},
]
```
"""

from typing import Final

from ..event import Event
from ..response import content_size
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import counted

ABOUT: Final = About(severity="error", party="server", on=("receive http.request",), section="www.request")


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether this message crosses the line."""
    size = content_size(event)
    if not size:
        return None
    length = talk.declared_length
    if length is None or not talk.request_size <= length < talk.request_size + size:
        return None
    return Found(
        f"The application has received {counted(talk.request_size + size, 'byte')} of body, but the `content-length` of the "
        f"request says {length:,}.",
        severity="warning" if talk.layer else None,  # of a layer in between: it was read rightly from the connection
    )
