"""A push or a file is sent after the response was complete.

It is silent where the server does not offer the extension at all: then that is what to mend.

## Why it matters
Behind the end of a response nothing can be sent in it. Servers raise, or drop it silently.

## Fix
Send `http.response.push` and `http.response.zerocopysend` before the last piece of the body.

## Bad
```python
scope = http_scope(extensions={"http.response.push": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
    await send({"type": "http.response.push", "path": "/a.css", "headers": []})
```

## Good
```python
scope = http_scope(extensions={"http.response.push": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.push", "path": "/a.css", "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send http.response.push", "send http.response.zerocopysend"),
    section="www.response-body",
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the body was complete."""
    response = talk.response
    if not response.final_n or talk.aborted or event.kind not in talk.extensions:
        return None
    return Found(
        f"The application sends `{event.kind}` after the response was complete.",
        records=(response.final_n,),
        key=event.kind,
    )
