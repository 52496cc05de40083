r"""The body of a request that came in chunks looks as if the chunks were still in it.

## Why it matters
A server has to undo the chunks: the application takes the sizes between them for a part of the body.

## Fix
Give the application the content of the chunks.

## Bad
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"transfer-encoding", b"chunked")])
received = [
    {"type": "http.request", "body": b"5\r\nhello\r\n0\r\n\r\n"},
]
```

## Good
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"transfer-encoding", b"chunked")])
received = [
    {"type": "http.request", "body": b"hello"},
]
```
"""

import re
from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="error", party="server", on=("receive http.request",), section="www.request", default=False
)
_CHUNKS: Final = re.compile(rb"[0-9a-fA-F]{1,8}\r\n.*\r\n0\r\n\r\n", re.DOTALL)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether a body in one message looks so."""
    body = event.get("body")
    if (
        event.symbol != event.kind
        or talk.request_size
        or not isinstance(body, bytes)
        or not body.endswith(b"0\r\n\r\n")
    ):
        return None
    if talk.header(b"transfer-encoding") is None or _CHUNKS.fullmatch(body) is None:
        return None
    return Found("The body of a request that came in chunks still has their sizes in it.")
