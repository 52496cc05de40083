"""A WebSocket is accepted with headers under a server that speaks a version of the specification without them: below 2.1.

It is silent for empty headers, which Starlette always sends, and in a test client that does not say what it speaks.

## Why it matters
daphne drops them: cookies that are set so never reach the client.

## Fix
Look at `scope["asgi"]["spec_version"]`, and send what the headers would say as a message behind the accept.

## Bad
```python
scope = websocket_scope(asgi={"version": "3.0", "spec_version": "2.0"})


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"set-cookie", b"a=1")]})
    await send({"type": "websocket.close"})
```

## Good
```python
scope = websocket_scope(asgi={"version": "3.0", "spec_version": "2.0"})


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": []})
    await send({"type": "websocket.close"})
```
```python
scope = websocket_scope(asgi={"version": "3.0", "spec_version": "2.1"})


async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"set-cookie", b"a=1")]})
    await send({"type": "websocket.close"})
```
"""

from typing import Final

from ...protocol.versions import ACCEPT_HEADERS
from ..event import Event
from ..rule import About, Found
from ..shapes.headers import items_of
from ..talks import WebSocketTalk

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send websocket.accept",),
    section="www.versions",
    in_order=False,
    since="2.1",
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether there are any, which the server does not know."""
    if talk.spec_version >= ACCEPT_HEADERS or not items_of(event.get("headers")) or talk.aborted:
        return None
    if talk.of_test and not talk.says_version:
        return None
    version = ".".join(map(str, talk.spec_version))
    return Found(
        f"The WebSocket is accepted with `headers`, which version {version} of the specification does not have."
    )
