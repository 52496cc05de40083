"""A second `websocket.connect` is given to the application.

## Why it matters
A connection begins once. Frameworks raise on the second one, or accept twice.

## Fix
Give `websocket.connect` once for each call of the application.

## Bad
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.connect"}]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "x"}]
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="error", party="server", on=("receive websocket.connect",), section="www.websocket-connect"
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether there was one before."""
    if not talk.connect_n or talk.gone:  # behind a disconnect it is rule W115's affair
        return None
    return Found("`websocket.connect` came a second time.", records=(talk.connect_n,))
