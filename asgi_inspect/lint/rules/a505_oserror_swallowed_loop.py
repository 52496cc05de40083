"""The application sends on and on, though `send` has told by an `OSError` that the client is gone.

## Why it matters
Nothing of it reaches anybody, and the loop runs until its data ends, which a stream of events never does.

## Fix
Let the `OSError` end the loop: clean up, then return or raise it again.

## Bad
```python
received = [{"type": "http.request"}, {"type": "http.disconnect"}]


async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await receive()
    for _ in range(5):
        try:
            await send({"type": "http.response.body", "body": b"tick", "more_body": True})
        except OSError:
            continue
```

## Good
```python
received = [{"type": "http.request"}, {"type": "http.disconnect"}]


async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await receive()
    for _ in range(5):
        try:
            await send({"type": "http.response.body", "body": b"tick", "more_body": True})
        except OSError:
            return
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send",),
    section="www.disconnected-client",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
)
_MANY: Final = 3


def check(talk: Talk, event: Event) -> Found | None:
    """Whether this is the third one."""
    if not talk.refused or talk.sent_after_refusal < _MANY - 1:
        return None
    return Found(
        f"The application sent {_MANY} messages and more after `send()` had raised an OSError, which says that the client is gone.",
        records=(talk.refused,),
    )
