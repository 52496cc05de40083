"""The first message that an application receives for a request is neither `http.request` nor `http.disconnect`.

## Why it matters
Applications take the first message for the request: they raise for another one, or read a body that is not there.

## Fix
Give `http.request` first, or `http.disconnect` where the client has left already.

## Bad
```python
received = [
    {"type": "websocket.connect"},
    {"type": "http.request"},
]
```

## Good
```python
received = [
    {"type": "http.request"},
]
```
```python
received = [
    {"type": "http.disconnect"},
]
```
"""

from typing import Final

from ...protocol.alphabet import KNOWN
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import clipped

ABOUT: Final = About(severity="error", party="server", on=("receive",), section="www.request")


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether this is the first, and of a type that cannot be. A layer may give types of its own."""
    if talk.received or event.kind in ("http.request", "http.disconnect"):
        return None
    if event.kind not in KNOWN and not event.kind.startswith("http."):
        return None
    return Found(f"The first message of a request is `{clipped(event.kind)}`.", key=clipped(event.kind))
