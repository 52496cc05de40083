"""The first message that a WebSocket's application receives is not `websocket.connect`.

## Why it matters
Frameworks answer the connect with an accept; without it they raise, or wait for ever.

## Fix
Give `websocket.connect` first, and anything else after it was answered.

## Bad
```python
scope = websocket_scope()
received = [{"type": "websocket.receive", "text": "x"}]


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope()
received = [{"type": "websocket.disconnect", "code": 1006}]
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk
from ..words import clipped

ABOUT: Final = About(severity="error", party="server", on=("receive",), section="www.websocket-connect")


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether this is the first message, and none that may be."""
    if talk.received or event.kind in ("websocket.connect", "websocket.disconnect") or not event.kind:
        return None
    if talk.sent:  # answered before it was asked, which is rule W118's affair
        return None
    return Found(
        f"The first message that the application received is `{clipped(event.kind)}`, not `websocket.connect`."
    )
