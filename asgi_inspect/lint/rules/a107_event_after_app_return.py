"""Something called `send` or `receive` after the application had returned.

A `receive` that was still waiting when the application returned is no fault.

## Why it matters
The call spans the connection: once it is over a server throws messages away, raises, or has already given the connection to the
next request. It is a task that the application has started and not waited for.

## Fix
Wait for every task that sends or receives, or cancel it, before the application returns.

## Bad
```python
import asyncio


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
    asyncio.ensure_future(receive())
```

## Good
```python
import asyncio


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
    await asyncio.ensure_future(receive())
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
    on=("late",),
    section="main.applications",
    in_order=False,
    scopes=EVERY,
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether this call was made behind the end; behind one that came by cancellation nobody had a choice."""
    if talk.end_outcome == "cancelled" or event.began_us < talk.end_us:
        return None
    what = (
        f"sent `{clipped(event.kind)}`" if event.kind and event.direction == "send" else f"called `{event.direction}`"
    )
    return Found(f"Something that the application had started {what} after the application was over.")
