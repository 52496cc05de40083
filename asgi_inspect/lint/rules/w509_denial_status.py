"""A WebSocket is refused with a status that does not refuse: 1xx or 2xx.

## Why it matters
The client waits for 101 and takes anything else as a refusal; a 2xx says that all is well, and a 1xx is no final response.

## Fix
Refuse with 401, 403, 404, 426 or a redirect.

## Bad
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 200, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"no"})
```

## Good
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"no"})
```
"""

from typing import Final

from ..event import Event
from ..kinds import is_int
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send websocket.http.response.start",),
    section="extensions.denial",
    extension="websocket.http.response",
    in_order=False,
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether its status is 1xx or 2xx."""
    status = event.get("status")
    if not is_int(status) or not 100 <= status < 300:
        return None
    what = "says that all is well" if status >= 200 else "is no final response"
    return Found(f"The WebSocket is refused with status {status}, which {what}.", key=str(status))
