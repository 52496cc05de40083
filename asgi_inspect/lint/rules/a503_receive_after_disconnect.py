"""`receive` was called after it had told that the client is gone.

After a response that was complete by then it is no fault: nothing is waited for any more.

## Why it matters
hypercorn and daphne never return from it, nor does gunicorn for a WebSocket, so the task stays for ever; uvicorn and granian tell of
the disconnect again.

## Fix
Stop receiving at `http.disconnect` or `websocket.disconnect`, and remember it for other parts that ask.

## Bad
```python
received = [{"type": "http.request", "body": b"", "more_body": True}, {"type": "http.disconnect"}]


async def app(scope, receive, send):
    for _ in range(3):
        await receive()
```

## Good
```python
async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
    await receive()
    await receive()
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talk import Talk
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("receive", "receive failed"),
    section="www.disconnect",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
)
_LONG_US: Final = 20_000  # a call that is cancelled sooner has only asked whether there is something


def check(talk: Talk, event: Event) -> Found | None:
    """Whether this one was called after that, and was meant to wait."""
    if not talk.gone or event.began_us < talk.gone_us:
        return None
    if event.outcome is None and not event.kind.endswith(".disconnect"):  # the server is told of that
        return None
    if isinstance(talk, HttpTalk) and (not talk.gone_early or event.kind == "http.request"):  # the latter is H405's
        return None
    waited_us = event.t_us - event.began_us
    if event.outcome == "cancelled":
        if waited_us < _LONG_US:
            return None
        what = f", and waited for {waited_us / 1e6:.2f} s until it was cancelled"
    else:
        what = ""
    return Found(f"`receive()` was called after it had given `{talk.type}.disconnect`{what}.", records=(talk.gone,))
