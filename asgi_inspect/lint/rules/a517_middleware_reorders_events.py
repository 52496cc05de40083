"""A middleware sent messages in an order that is not legal, though those of the application inside were in order.

Needs a tap on each side of the middleware. Where the application itself is wrong, H103 to H106, W105 to W108, X703 and X704 tell so.

## Why it matters
Servers raise, and the traceback ends in the application, which is right.

## Fix
Send the start before the body, and nothing behind the end, whatever the middleware adds.

## Bad
```python
async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


def adding(app):
    async def middleware(scope, receive, send):
        await app(scope, receive, send)
        await send({"type": "http.response.body", "body": b"!"})

    return middleware


app = adding(InspectMiddleware(application))
```

## Good
```python
async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


def adding(app):
    async def middleware(scope, receive, send):
        async def pass_on(message):
            await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

        await app(scope, receive, pass_on)
        await send({"type": "http.response.body", "body": b"!"})

    return middleware


app = adding(InspectMiddleware(application))
```
"""

from functools import lru_cache
from typing import Final

from ...protocol.alphabet import KNOWN
from ..catalogue import by_code
from ..event import Event
from ..rule import About, Found, Rule
from ..talk import Talk

ABOUT: Final = About(
    severity="error",
    party="middleware",
    on=("send",),
    section="main.middleware",
    scopes=frozenset({"http", "websocket"}),
)
_ORDER: Final = ("H103", "H104", "H105", "H106", "W105", "W106", "W107", "W108", "X703", "X704")


def check(talk: Talk, event: Event) -> Found | None:
    """Whether the order is wrong here, and was not inside."""
    if not talk.inner or event.kind not in KNOWN or any(inner.disordered for inner in talk.inner):
        return None
    for rule in _rules(f"send {event.kind}", talk.type):
        found: Found | None = rule.check(talk, event)
        if found is not None:
            sentence = found.sentence.replace("The application", "A middleware", 1)
            return found._replace(sentence=f"{sentence} What the application inside sent was in order.", key=event.kind)
    return None


@lru_cache(maxsize=64)
def _rules(moment: str, scope: str) -> tuple[Rule, ...]:
    """The rules of order that are asked at such a moment."""
    rules = [by_code()[code] for code in _ORDER if code in by_code()]
    return tuple(rule for rule in rules if scope in rule.scopes and {moment, "send"} & {*rule.about.on})
