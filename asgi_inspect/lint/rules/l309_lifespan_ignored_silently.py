"""The application returned from its lifespan without receiving or sending anything.

## Why it matters
A server that waits for the answer to the startup hangs. Raising an exception is how an application says that it does not
know a type of scope.

## Fix
Raise an exception for types of scope that the application does not know.

## Bad
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    return
```

## Good
```python
scope = lifespan_scope()


async def app(scope, receive, send):
    raise ValueError('no lifespan')
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(severity="warning", party="application", on=("end",), section="main.protocols", terminal=True)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether the call ends well, and nothing has passed."""
    if event.outcome != "returned" or talk.received or talk.sent:
        return None
    return Found("The application returned from its lifespan at once, without a word.")
