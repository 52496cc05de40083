"""A middleware changed the body, and left the `content-length` as it was, or the other way round.

Needs a tap on each side of the middleware: the application inside keeps to its length. Where it does not, H303 and H304 tell so.

## Why it matters
The connection is cut, the client waits for bytes that never come, or surplus bytes stand in front of the next response.

## Fix
Remove `content-length` from the start, or replace it, wherever the body is changed.

## Bad
```python
async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"fine"})


def shortening(app):
    async def middleware(scope, receive, send):
        async def sends(message):
            if message["type"] == "http.response.body":
                message = {**message, "body": message["body"][:2]}
            await send(message)

        await app(scope, receive, sends)

    return middleware


app = shortening(InspectMiddleware(application))
```

## Good
```python
async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"fine"})


def shortening(app):
    async def middleware(scope, receive, send):
        async def sends(message):
            if message["type"] == "http.response.start":
                message = {**message, "headers": [(b"content-length", b"2")]}
            else:
                message = {**message, "body": message["body"][:2]}
            await send(message)

        await app(scope, receive, sends)

    return middleware


app = shortening(InspectMiddleware(application))
```
"""

from typing import Final

from ..catalogue import by_code
from ..event import Event
from ..rule import About, Found
from ..talk import Talk
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="error",
    party="middleware",
    on=("send http.response.body", "send http.response.zerocopysend"),
    section="rfc9112.body-length",
    scopes=frozenset({"http"}),
)
_LENGTHS: Final = ("H303", "H304")


def check(talk: Talk, event: Event) -> Found | None:
    """Whether the length is wrong here, and was not inside."""
    if not talk.inner or any(isinstance(inner, HttpTalk) and _is_wrong(inner) for inner in talk.inner):
        return None
    for code in _LENGTHS:
        rule = by_code().get(code)
        found = None if rule is None else rule.check(talk, event)
        if found is not None:
            sentence = f"{found.sentence[0].lower()}{found.sentence[1:]}"
            return found._replace(sentence=f"What a middleware made of the response is wrong: {sentence}", key="")
    return None


def _is_wrong(inner: HttpTalk) -> bool:
    response = inner.response
    if response.length is None or response.uncounted or inner.without_content:
        return False
    return response.size > response.length or (response.final_n > 0 and response.size < response.length)
