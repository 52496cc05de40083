"""`send()` returned as if nothing was wrong, though the client had left and the server claims version 2.4, from which on it should
raise an OSError. It is not bound to.

## Why it matters
An application that relies on the exception, and does not call `receive()`, goes on for a client that is gone, maybe for ever.

## Fix
Raise a subclass of OSError out of `send()` where the client has left, or claim version 2.3.

## Bad
```python
received = [
    {"type": "http.request"},
    {"type": "http.disconnect"},
]


def server(app):
    async def serve(scope, receive, send):
        async def take(message):
            pass

        await app(scope, receive, take)

    return serve


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "http.response.start", "status": 499, "headers": []})
    await send({"type": "http.response.body"})
```

## Good
```python
scope = http_scope(asgi={"version": "3.0", "spec_version": "2.3"})
received = [
    {"type": "http.request"},
    {"type": "http.disconnect"},
]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "http.response.start", "status": 499, "headers": []})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ...protocol.versions import SEND_RAISES
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(severity="info", party="server", on=("end",), section="www.disconnected-client", since="2.4")


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether something was sent after the disconnect, and no send has raised: one that did would be known by now."""
    if not talk.heedless_n or talk.refused or talk.layer or event.outcome == "cancelled":
        return None
    if talk.spec_version < SEND_RAISES:
        return None
    major, minor = talk.spec_version
    return Found(
        f"The server claims version {major}.{minor}, and its `send()` did not raise after the client had left.",
        records=(talk.gone, talk.heedless_n),
    )
