"""A message was sent after the application was told that its client is gone.

Every framework does so, and the specification allows it.

## Why it matters
Servers drop such messages, or raise an `OSError` from version 2.4 of the specification on; what goes into them is work for nothing.

## Fix
Stop where the disconnect is seen, if what follows is expensive.

## Bad
```python
received = [{"type": "http.disconnect"}]


async def app(scope, receive, send):
    await receive()
    try:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})
    except OSError:
        pass
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
    await receive()
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talk import Talk
from ..words import quoted

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("send",),
    section="www.disconnected-client",
    default=False,
    scopes=frozenset({"http", "websocket"}),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether the client had left before the response, or the WebSocket, was over."""
    if not talk.gone or not talk.aborted:
        return None
    return Found(
        f"`{quoted(event.kind)[1:-1]}` was sent after `{talk.type}.disconnect` had been received.", records=(talk.gone,)
    )
