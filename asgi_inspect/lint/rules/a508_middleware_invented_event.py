"""A middleware gave the application a message that it had not received itself.

Needs a tap on each side of the middleware. One that tells of a disconnect after the response is left alone.

## Why it matters
An application that is told of a disconnect stops, though the client is still there.

## Fix
Pass on what was received; replay it where it is to be read twice.

## Bad
```python
async def application(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def impatient(app):
    async def middleware(scope, receive, send):
        given = [{"type": "http.disconnect"}, await receive()]

        async def next_one():
            return given.pop()

        await app(scope, next_one, send)

    return middleware


app = impatient(InspectMiddleware(application))
```

## Good
```python
async def application(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
    await receive()


def polite(app):
    async def middleware(scope, receive, send):
        given = [{"type": "http.disconnect"}, await receive()]

        async def next_one():
            return given.pop()

        await app(scope, next_one, send)

    return middleware


app = polite(InspectMiddleware(application))
```
"""

from typing import Final

from ...protocol.transitions import COMPLETE, WAITING
from ..event import Event
from ..rule import About, Found
from ..talk import Talk
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="info",
    party="middleware",
    on=("receive http.request", "receive http.disconnect"),
    section="main.middleware",
    default=False,
    scopes=frozenset({"http"}),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether the layer around has seen nothing of the kind."""
    outer = talk.outer
    if not isinstance(outer, HttpTalk) or not isinstance(talk, HttpTalk) or not outer.in_order or outer.refused:
        return None
    if event.kind == "http.disconnect":
        invented = not outer.gone and outer.phase not in COMPLETE and talk.phase not in COMPLETE
    else:
        invented = outer.request_phase == WAITING
    return (
        Found(f"A middleware gave the application `{event.kind}`, and had not received it itself.")
        if invented
        else None
    )
