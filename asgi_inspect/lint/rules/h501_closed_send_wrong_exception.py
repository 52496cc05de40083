"""`send()` raised for a client that has left, but no OSError. From version 2.4 on a server that raises there raises a subclass of
that.

## Why it matters
Applications and frameworks catch OSError there, and take anything else for a fault of their own: it ends in their logs.

## Fix
Raise a subclass of OSError out of `send()` where the client has left.

## Bad
```python
received = [
    {"type": "http.request"},
    {"type": "http.disconnect"},
]


def server(app):
    async def serve(scope, receive, send):
        async def take(message):
            raise RuntimeError("the connection is closed")

        await app(scope, receive, take)

    return serve


async def app(scope, receive, send):
    await receive()
    await receive()
    try:
        await send({"type": "http.response.start", "status": 200, "headers": []})
    except RuntimeError:
        pass
```

## Good
```python
received = [
    {"type": "http.request"},
    {"type": "http.disconnect"},
]


async def app(scope, receive, send):
    await receive()
    await receive()
    try:
        await send({"type": "http.response.start", "status": 200, "headers": []})
    except OSError:
        pass
```
"""

from typing import Final

from ...protocol.versions import SEND_RAISES
from ..event import Event, is_cancelled
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import raised

ABOUT: Final = About(severity="warning", party="server", on=("sent",), section="www.disconnected-client", since="2.4")
# What raises these may have been the message itself.
_OF_MESSAGES: Final = frozenset({"TypeError", "ValueError", "KeyError", "AttributeError", "AssertionError"})


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether a message that had its place was refused so, by the server itself."""
    if event.outcome != "raised" or not talk.gone_early or talk.layer or talk.spec_version < SEND_RAISES:
        return None
    error = event.error
    if error is None or event.is_os_error or is_cancelled(error) or error.type.rpartition(".")[2] in _OF_MESSAGES:
        return None
    response = talk.response
    is_long = response.length is not None and response.size > response.length
    if event.of not in (response.start_n, response.last_body_n) or is_long:
        return None
    return Found(
        f"`send()` raised {raised(event)}, which is no OSError, for a client that has left.",
        records=(talk.gone, event.of),
    )
