"""A message of a WebSocket came with neither `bytes` nor `text`. Empty ones count as there.

## Why it matters
Exactly one of the two must be there. Frameworks raise `KeyError`, or take it for an empty message.

## Fix
Give `bytes` or `text`.

## Bad
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.receive"}, {"type": "websocket.disconnect", "code": 1000}]
```

## Good
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": ""}, {"type": "websocket.disconnect", "code": 1000}]
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
    """Whether both are missing, or None."""
    if event.get("bytes") is not None or event.get("text") is not None:
        return None
    return Found("`websocket.receive` has neither `bytes` nor `text`.")
