"""A middleware received what the client had sent, and the application inside of it waited for that in vain.

Needs a tap on each side of the middleware.

## Why it matters
A message is given once. A middleware that reads the body to log it, and then calls an application that wants to read it too, leaves
that waiting until the client gives up.

## Fix
Give the application a `receive` of its own, which first replays what was read.

## Bad
```python
received = [{"type": "http.request", "body": b"a", "more_body": False}]


async def application(scope, receive, send):
    message = await receive()
    if message["type"] == "http.disconnect":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def logging(app):
    async def middleware(scope, receive, send):
        await receive()
        await app(scope, wait(receive), send)

    return middleware


def wait(receive):
    async def waiting():
        await asyncio.sleep(0.15)
        return await receive()

    return waiting


import asyncio

app = logging(InspectMiddleware(application))
```

## Good
```python
received = [{"type": "http.request", "body": b"a", "more_body": False}]


async def application(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def logging(app):
    async def middleware(scope, receive, send):
        read = [await receive()]

        async def replay():
            return read.pop() if read else await receive()

        await app(scope, replay, send)

    return middleware


app = logging(InspectMiddleware(application))
```
"""

from typing import Final

from ...protocol.transitions import CONNECTING, IDLE
from ..event import Event
from ..rule import About, Found
from ..talk import Talk
from ..talks import HttpTalk, WebSocketTalk

ABOUT: Final = About(
    severity="warning",
    party="middleware",
    on=("receive http.disconnect", "receive websocket.disconnect", "receive failed"),
    section="main.middleware",
    scopes=frozenset({"http", "websocket"}),
)
_LONG_US: Final = 100_000  # a call that was over sooner has not waited in vain


def check(talk: Talk, event: Event) -> Found | None:
    """Whether this call waited for what was given to the layer around, and nothing was answered by then."""
    outer = talk.outer
    if outer is None or not outer.in_order or event.t_us - event.began_us < _LONG_US:
        return None
    if isinstance(talk, HttpTalk) and isinstance(outer, HttpTalk):
        n, kind = outer.request_final_n, "http.request"
        waits = not talk.request_final_n and talk.phase == IDLE and not talk.gone
    elif isinstance(talk, WebSocketTalk) and isinstance(outer, WebSocketTalk):
        n, kind = outer.connect_n, "websocket.connect"
        waits = not talk.connect_n and talk.phase == CONNECTING and not talk.gone
    else:
        return None
    if not n or not waits or (event.outcome == "cancelled" and not outer.gone):
        return None
    return Found(
        f"A middleware received the last `{kind}`, and the application inside waited for it "
        f"{(event.t_us - event.began_us) / 1e6:.1f} s in vain.",
        records=(n,),
    )
