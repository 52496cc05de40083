"""A WebSocket is closed with a `reason` under a server that speaks a version of the specification without one.

## Why it matters
`reason` came with version 2.3. daphne (2.0) drops it, so the client never sees it.

## Fix
Do not count on `reason` under this server, or send it as a message before closing.

## Bad
```python
scope = websocket_scope(asgi={"version": "3.0", "spec_version": "2.0"})


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4001, "reason": "bye"})
```

## Good
```python
scope = websocket_scope(asgi={"version": "3.0", "spec_version": "2.0"})


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4001, "reason": ""})
```
```python
scope = websocket_scope()


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4001, "reason": "bye"})
```
"""

from typing import Final

from ...protocol.versions import CLOSE_REASON
from ..event import Event
from ..rule import About, Found
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="info", party="application", on=("send websocket.close",), section="www.versions", since="2.3"
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether there is a reason, which the server does not know."""
    reason = event.get("reason")
    if talk.spec_version >= CLOSE_REASON or not reason or not isinstance(reason, str) or talk.aborted:
        return None
    if talk.of_test and not talk.says_version:
        return None
    version = ".".join(map(str, talk.spec_version))
    return Found(
        f"The WebSocket is closed with a `reason`, which version {version} of the specification does not have."
    )
