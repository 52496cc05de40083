"""The application was called, and what it gave cannot be awaited.

## Why it matters
Every server awaits it, gets a `TypeError`, and answers 500.

## Fix
Define the application with `async def`, or return an awaitable from it.

## Bad
```python
def app(scope, receive, send):
    return None
```

## Good
```python
async def right(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def app(scope, receive, send):
    return right(scope, receive, send)
```
"""

import re
from typing import Final

from ..event import Event
from ..rule import EVERY, About, Found
from ..talk import Talk
from ..words import clipped

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("end",),
    section="main.applications",
    terminal=True,
    scopes=EVERY,
)
# What Python says, up to 3.13 and from 3.14 on.
_NOT_AWAITABLE: Final = re.compile(
    r"(?:object (?P<old>\S{1,200}) can't be used in 'await' expression|'(?P<new>[^']{1,200})' object can't be awaited)"
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether no frame of the application was there as that was raised."""
    error = event.error
    if talk.layer or error is None or error.type != "TypeError" or error.frames or error.message is None:
        return None
    found = _NOT_AWAITABLE.fullmatch(error.message)
    if found is None or talk.received or talk.sent:
        return None
    return Found(
        f"The application gave an object of type {clipped(found['old'] or found['new'])}, which cannot be awaited."
    )
