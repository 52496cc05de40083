"""`send` was called while another `send` of the same response had not returned.

Seen where the first of them took longer than a millisecond. Messages of a WebSocket are whole, so there it is left alone.

## Why it matters
Nothing says which bytes come first. Where the first one waits for a slow client, the second one passes it, or makes the server keep
more than it wants to.

## Fix
Send in one task, or hold an `asyncio.Lock` around each `send`.

## Bad
```python
import asyncio


def server(app):
    async def serve(scope, receive, send):
        async def send_slowly(message):
            await asyncio.sleep(0.003)
            await send(message)

        await app(scope, receive, send_slowly)

    return serve


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    first = {"type": "http.response.body", "body": b"a", "more_body": True}
    second = {"type": "http.response.body", "body": b"b", "more_body": True}
    await asyncio.gather(send(first), send(second))
    await send({"type": "http.response.body"})
```

## Good
```python
import asyncio


async def app(scope, receive, send):
    lock = asyncio.Lock()

    async def send_alone(message):
        async with lock:
            await send(message)

    await send({"type": "http.response.start", "status": 200, "headers": []})
    first = {"type": "http.response.body", "body": b"a", "more_body": True}
    second = {"type": "http.response.body", "body": b"b", "more_body": True}
    await asyncio.gather(send_alone(first), send_alone(second))
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("sent",),
    section="main.applications",
    in_order=False,
    scopes=frozenset({"http"}),
)

_ORDERED: Final = frozenset({"http.response.start", "http.response.body"})  # whose bytes are one stream


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether another message was sent before this one was taken."""
    if talk.last_send <= event.of or event.outcome not in (None, "returned"):
        return None
    return Found(
        f"`send()` was called while another call of it, which took {event.t_us - event.began_us:,} µs, was waiting.",
        records=(event.of, talk.last_send),
        severity="warning" if talk.last_kind in _ORDERED else None,
    )
