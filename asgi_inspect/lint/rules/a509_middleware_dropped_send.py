"""A middleware did not pass on a message of an extension, though the server offers that extension.

Needs a tap on each side of the middleware. Bodies may be merged, and other responses may be sent in place of the application's: that
is left alone.

## Why it matters
Early hints, trailers and pushes of the application are lost, and nothing says so.

## Fix
Pass on every message that is not understood, as it is.

## Bad
```python
scope = http_scope(extensions={"http.response.early_hint": {}})


async def application(scope, receive, send):
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def narrow(app):
    async def middleware(scope, receive, send):
        async def sends(message):
            if message["type"] in ("http.response.start", "http.response.body"):
                await send(message)

        await app(scope, receive, sends)

    return middleware


app = narrow(InspectMiddleware(application))
```

## Good
```python
scope = http_scope(extensions={"http.response.early_hint": {}})


async def application(scope, receive, send):
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body", "body": b"b"})


def merging(app):
    async def middleware(scope, receive, send):
        body = b""

        async def sends(message):
            nonlocal body
            if message["type"] != "http.response.body":
                await send(message)
                return
            body += message["body"]
            if not message.get("more_body"):
                await send({**message, "body": body})

        await app(scope, receive, sends)

    return middleware


app = merging(InspectMiddleware(application))
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talk import Talk
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="warning",
    party="middleware",
    on=("end",),
    section="main.middleware",
    scopes=frozenset({"http"}),
)
_MATTER: Final = ("http.response.early_hint", "http.response.trailers", "http.response.push")


def check(talk: Talk, event: Event) -> Found | None:
    """Whether the response is the same on both sides, but for such a message."""
    if not talk.inner or event.outcome != "returned" or talk.client_left or not isinstance(talk, HttpTalk):
        return None
    for inner in talk.inner:
        if isinstance(inner, HttpTalk) and _are_alike(inner, talk):
            for kind in _MATTER:
                if kind in inner.extras and kind in talk.extensions and kind not in talk.extras:
                    return Found(f"A middleware did not pass on `{kind}`.", records=(inner.extras[kind],), key=kind)
    return None


def _are_alike(inner: HttpTalk, outer: HttpTalk) -> bool:
    if not inner.in_order or inner.client_left or not outer.response.start_n or outer.response.start.get("trailers"):
        return False
    return inner.response.start_n > 0 and inner.response.status == outer.response.status
