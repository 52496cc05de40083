"""A WebSocket is accepted with a subprotocol that the client has not offered.

## Why it matters
uvicorn with wsproto and hypercorn raise, after which even `websocket.close` fails, and daphne stalls; others send it, and
browsers fail the connection.

## Fix
Choose one of `scope['subprotocols']`, or none.

## Bad
```python
scope = websocket_scope(subprotocols=["chat"])


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "graphql-ws"})
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope(subprotocols=["chat"])


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "chat"})
    await send({"type": "websocket.close"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk
from ..words import quoted

ABOUT: Final = About(
    severity="error", party="application", on=("send websocket.accept",), section="rfc6455.handshake", in_order=False
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it is none of those in the scope."""
    chosen = event.get("subprotocol")
    if not isinstance(chosen, str) or not chosen:
        return None
    offered = talk.scope.get("subprotocols", [])
    if not isinstance(offered, list | tuple) or not all(isinstance(one, str) for one in offered) or chosen in offered:
        return None  # what the trace does not know whole is not judged
    what = ", ".join(map(quoted, offered[:5])) or "none"
    return Found(f"The application accepts with subprotocol {quoted(chosen)}; the client offered {what}.")
