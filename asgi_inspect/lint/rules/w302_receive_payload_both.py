"""A message of a WebSocket has both `bytes` and `text`. Both keys may be there, if one of them is None.

## Why it matters
Exactly one of the two must be there. Frameworks take the one that they look for first.

## Fix
Give one of the two, and leave the other out.

## Bad
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.receive", "bytes": b"x", "text": "x"}, {"type": "websocket.disconnect", "code": 1000}]
```

## Good
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.receive", "bytes": None, "text": "x"}, {"type": "websocket.disconnect", "code": 1000}]
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="error", party="server", on=("receive websocket.receive",), section="www.websocket-receive", in_order=False
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether both are there."""
    if event.get("bytes") is None or event.get("text") is None:
        return None
    return Found("`websocket.receive` has both `bytes` and `text`.")
