"""A message of an extension is sent that the server does not offer.

## Why it matters
uvicorn, hypercorn, daphne and granian raise out of `send`; gunicorn drops the message, so that a file sent by its path is
simply missing.

## Fix
Look for the extension's name in `scope['extensions']` first, and do without it where it is not there.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload; as=style"]})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```

## Good
```python
scope = http_scope(extensions={"http.response.early_hint": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload; as=style"]})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ...protocol.alphabet import EXTENSION_OF
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("send",),
    section="main.extensions",
    in_order=False,
    scopes=frozenset({"http"}),
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether its extension is none of the scope's; an empty dict there is an offer, too."""
    extension = EXTENSION_OF.get(event.kind)
    if extension is None or not talk.lacks(extension) or extension.startswith("websocket."):
        return None
    if event.kind == "http.response.trailers" and talk.response.start.get("trailers"):  # X708 has said so at the start
        return None
    return Found(f"The application sends `{event.kind}`, an extension that the server does not offer.", key=event.kind)
