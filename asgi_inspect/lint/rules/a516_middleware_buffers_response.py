"""A middleware held a streamed response back until it was complete.

Needs a tap on each side of the middleware. Streamed is what comes in several parts over more than a second, or as
`text/event-stream`.

## Why it matters
Events reach the browser all at once or never, long downloads stay in memory, and what the application sends is no longer slowed down
by a slow client.

## Fix
Pass on each part as it comes, and leave `text/event-stream` alone.

## Bad
```python
async def application(scope, receive, send):
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"data: 1\\n\\n", "more_body": True})
    await send({"type": "http.response.body", "body": b"data: 2\\n\\n"})


def holding_back(app):
    async def middleware(scope, receive, send):
        held = []

        async def hold(message):
            held.append(message)

        await app(scope, receive, hold)
        for message in held:
            await send(message)

    return middleware


app = holding_back(InspectMiddleware(application))
```

## Good
```python
async def application(scope, receive, send):
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"data: 1\\n\\n", "more_body": True})
    await send({"type": "http.response.body", "body": b"data: 2\\n\\n"})


def passing_on(app):
    async def middleware(scope, receive, send):
        async def pass_on(message):
            await send(message)

        await app(scope, receive, pass_on)

    return middleware


app = passing_on(InspectMiddleware(application))
```
"""

from typing import Final

from ..event import Event
from ..response import Response
from ..rule import About, Found
from ..talk import Talk
from ..talks import HttpTalk
from ..words import counted

ABOUT: Final = About(
    severity="warning",
    party="middleware",
    on=("send http.response.start",),
    section="main.middleware",
    scopes=frozenset({"http"}),
)
_LONG_US: Final = 1_000_000
_EVENTS: Final = b"text/event-stream"


def check(talk: Talk, event: Event) -> Found | None:
    """Whether a response that was streamed inside begins only now that it is complete there."""
    if not talk.inner or not isinstance(talk, HttpTalk) or talk.response.start_n:
        return None
    for inner in talk.inner:
        if (
            isinstance(inner, HttpTalk)
            and inner.response.status == event.get("status")
            and _is_streamed(inner.response)
        ):
            response = inner.response
            held_us = event.t_us - response.first_filled_us
            return Found(
                f"A middleware began the response only after the application had sent all of it, in "
                f"{counted(response.filled, 'part')}: the first of them was held back for {held_us / 1000:,.1f} ms.",
                records=(response.start_n, response.first_body_n, response.final_n),
            )
    return None


def _is_streamed(response: Response) -> bool:
    if not response.final_n or response.filled < 2:
        return False
    if response.last_filled_us - response.first_filled_us > _LONG_US:
        return True
    return any(value.strip().lower().startswith(_EVENTS) for value in response.values(b"content-type"))
