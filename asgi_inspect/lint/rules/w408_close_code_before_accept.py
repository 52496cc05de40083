"""A WebSocket is refused with a code or a reason. It is legal, and very common.

## Why it matters
Before the handshake is complete there is no close frame: every server answers a plain 403, and the client sees neither.

## Fix
Accept first and close then, or answer with a response of your own (`websocket.http.response.start`) where the server offers
it.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.close", "code": 4003, "reason": "no"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.close"})
```
"""

from typing import Final

from ...protocol.transitions import CONNECTING
from ..event import Event
from ..kinds import is_int
from ..rule import About, Found
from ..talks import WebSocketTalk
from ..words import shown

ABOUT: Final = About(
    severity="info", party="application", on=("send websocket.close",), section="www.websocket-close", default=False
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it tells the client something, before the WebSocket was accepted."""
    code, reason = event.get("code", 1000), event.get("reason")
    if talk.phase != CONNECTING or talk.aborted or (code == 1000 and not reason):
        return None
    if not is_int(code) or not isinstance(reason, str | None):
        return None
    what = "a reason" if code == 1000 else f"code {code}" if 0 <= code < 100_000 else shown(code)
    return Found(f"The WebSocket is refused with {what}, which never reaches the client.")
