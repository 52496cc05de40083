"""The application returned something other than None.

## Why it matters
What an application returns means nothing. uvicorn logs "ASGI callable should return None" and closes a connection that could have
been kept; the other servers ignore it. Where a response was to be sent by returning it, nothing was sent.

## Fix
End with `return` alone, and hand what is to be sent to `send`.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
    return "fine"
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
    return None
```
"""

from typing import Final

from ..event import Event
from ..rule import EVERY, About, Found
from ..talk import Talk
from ..words import clipped

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("end",),
    section="main.applications",
    in_order=False,
    scopes=EVERY,
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether the call gave anything."""
    returned = event.told("returned")
    if not isinstance(returned, str):
        return None
    return Found(
        f"The call returned an object of type {clipped(returned.removeprefix('builtins.'))}, where None belongs."
    )
