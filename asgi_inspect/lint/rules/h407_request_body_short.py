"""The body of a request is complete with fewer bytes than its `content-length` says.

It is silent where the body is encoded, which a layer outside may have undone.

## Why it matters
The upload was cut, and the application takes what there is for all of it. A server has to give `http.disconnect` instead.

## Fix
Give `http.disconnect` where the client leaves before the body is complete; a layer that reads the body has to give it again.

## Bad
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"content-length", b"10")])
received = [
    {"type": "http.request", "body": b"hel"},
]
```

## Good
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"content-length", b"10")])
received = [
    {"type": "http.request", "body": b"hel", "more_body": True},
    {"type": "http.disconnect"},
]


async def app(scope, receive, send):
    while (await receive())["type"] == "http.request":
        pass
```
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"content-length", b"3")])
received = [
    {"type": "http.request", "body": b"hel"},
]
```
"""

from typing import Final

from ..event import Event
from ..response import content_size
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import counted

ABOUT: Final = About(severity="warning", party="server", on=("receive http.request",), section="www.request")


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether this completes a body that is too short."""
    if event.symbol != event.kind or talk.request_uncounted or talk.request_final_n or talk.concurrent or talk.gone:
        return None
    length, size = talk.declared_length, content_size(event)
    if length is None or size is None or talk.request_size + size >= length:
        return None
    return Found(
        f"The body of the request is complete with {counted(talk.request_size + size, 'byte')}, but its `content-length` says "
        f"{length:,}."
    )
