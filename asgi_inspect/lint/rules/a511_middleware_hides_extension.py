"""A middleware takes an extension that the server offers away from the application.

Needs a tap on each side of the middleware.

## Why it matters
The application cannot send trailers, files or early hints, though the server could. Starlette's `BaseHTTPMiddleware` passes on only
some of these messages.

## Fix
Copy `extensions` as they are, unless the middleware cannot cope with one of them.

## Bad
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


inspected = InspectMiddleware(application)


async def app(scope, receive, send):
    await inspected({**scope, "extensions": {}}, receive, send)
```

## Good
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


inspected = InspectMiddleware(application)


async def app(scope, receive, send):
    await inspected({**scope, "extensions": {**scope["extensions"], "mine": {}}}, receive, send)
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talk import Talk
from ..words import quoted

ABOUT: Final = About(
    severity="info",
    party="middleware",
    on=("scope",),
    section="main.extensions",
    default=False,
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether the layer around has one that this one has not."""
    if talk.outer is None or talk.outer.type != talk.type:
        return None
    hidden = sorted(name for name in talk.outer.extensions - talk.extensions if isinstance(name, str))
    if not hidden:
        return None
    return Found(f"A middleware hides the extension {quoted(hidden[0])} from the application.", key=quoted(hidden[0]))
