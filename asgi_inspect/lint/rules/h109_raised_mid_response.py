"""An exception left the application after it had started a response, and before that was complete.

It is silent where the client had left, where the call was cancelled, and where the exception is that of a failed `send`.

## Why it matters
The status is on its way: the client gets a 200 with a body that is cut, and monitoring counts a success. All servers cut the
connection, but daphne, which leaves the client waiting.

## Fix
Raise before `http.response.start` where that is possible; what can fail while a body is sent has to be caught, and logged.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    raise ValueError("no more rows")
```

## Good
```python
received = [{"type": "http.request"}, {"type": "http.disconnect"}]


async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await receive()
    raise ConnectionError("the client has left")
```
"""

from typing import Final

from ...protocol.transitions import BODY, BODY_WITH_TRAILERS, STARTED, STARTED_WITH_TRAILERS
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import counted, raised, status_shown

ABOUT: Final = About(severity="error", party="application", on=("end",), section="main.errors", terminal=True)
_UNDER_WAY: Final = frozenset({STARTED, STARTED_WITH_TRAILERS, BODY, BODY_WITH_TRAILERS})


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the call raises, and a response is not complete."""
    if talk.phase not in _UNDER_WAY or talk.layer or talk.client_left or not event.is_fault:
        return None
    response = talk.response
    sent = "a part" if response.uncounted else counted(response.size, "byte")
    return Found(
        f"{raised(event)} left the application after status {status_shown(response.start.get('status'))} and {sent} "
        "of body were sent: the client gets a response that is cut off.",
        records=(response.start_n,),
    )
