"""`receive` was called while another `receive` of the same connection had not returned.

To cancel one, to wait for its end and then to call again is no fault.

## Why it matters
hypercorn, daphne, granian and gunicorn split the body between the two callers; uvicorn wakes both, and one of them gets an empty
message that nobody sent; granian tells one of them that the client has left, though it is still there: an event stream that listens for the disconnect itself, and whose endpoint asks `is_disconnected()`, ends after
its first event. uvicorn's WebSockets raise.

## Fix
Receive in one task, and hand on from there what others need: whether the client has left, for instance.

## Bad
```python
import asyncio

received = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.request", "body": b"b"}]


def server(app):
    async def serve(scope, receive, send):
        async def receive_slowly():
            message = await receive()
            await asyncio.sleep(0.001)
            return message

        await app(scope, receive_slowly, send)

    return serve


async def app(scope, receive, send):
    await asyncio.gather(receive(), receive())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```

## Good
```python
import asyncio


async def app(scope, receive, send):
    await receive()
    listener = asyncio.ensure_future(receive())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "more_body": True})
    listener.cancel()
    await asyncio.wait([listener])
    await send({"type": "http.response.body"})
    await receive()
```
"""

from typing import Final

from ..event import Event
from ..rule import EVERY, About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("receive", "receive failed"),
    section="main.applications",
    in_order=False,
    scopes=EVERY,
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether this one was called before the one that ended last was over."""
    n, over_us = talk.last_receive
    if event.began_us >= over_us:
        return None
    return Found(
        "`receive()` was called while another call of it was waiting, so it is left to chance which of them gets what.",
        records=(n,),
    )
