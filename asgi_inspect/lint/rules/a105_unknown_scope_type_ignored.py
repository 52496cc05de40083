"""The application was called for a protocol that the specification does not have, did nothing, and returned.

One that receives a message or sends one knows the protocol, and is left alone.

## Why it matters
A server that offers another protocol tells by an exception that the application does not support it. Who returns as if all were
done looks as if it did.

## Fix
Raise an exception for every type of scope that the application does not know.

## Bad
```python
scope = {"type": "mqtt", "asgi": {"version": "3.0"}}


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
```

## Good
```python
scope = {"type": "mqtt", "asgi": {"version": "3.0"}}


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise ValueError(f"cannot serve {scope['type']}")
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talk import Talk
from ..words import clipped

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("end",),
    section="main.protocols",
    in_order=False,
    scopes=frozenset({""}),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether it has returned, and neither received nor sent anything."""
    if event.outcome != "returned" or talk.received or talk.sent or talk.incomplete or not talk.type:
        return None
    return Found(
        f'The application returned from a scope of type "{clipped(talk.type)}" without a message or an exception.'
    )
