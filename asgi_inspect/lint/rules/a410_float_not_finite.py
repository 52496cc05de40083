"""A float in a message is no number, or infinite.

Asked of keys of a server's or an application's own: where the specification has a key, it wants no float.

## Why it matters
Messages may be carried between processes, and in JSON there are no such floats.

## Fix
Send a finite float, or None.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [], "load": float("nan")})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [], "load": 1.5})
    await send({"type": "http.response.body"})
```
"""

import math
from typing import Final

from ...protocol.fields import MESSAGES
from ..event import Event
from ..rule import EVERY, About, Found
from ..talk import Talk
from ..words import quoted, shown

ABOUT: Final = About(
    severity="warning",
    party="sender",
    on=("send", "receive"),
    section="main.events",
    in_order=False,
    scopes=EVERY,
    field="",
)
KNOWN_FIELDS: Final = frozenset({"type", *(name.rstrip("?") for fields in MESSAGES.values() for name in fields)})
"""The keys that messages of the specification have: of each a rule of its own says what it may be."""


def check(talk: Talk, event: Event) -> Found | None:
    """Whether any is none of the numbers."""
    message = event.message
    for key, value in message.items() if isinstance(message, dict) else ():
        if isinstance(value, float) and not math.isfinite(value) and key not in KNOWN_FIELDS:
            name = f"{quoted(key)} of `{quoted(event.kind)[1:-1]}`"
            return Found(f"{name} is {shown(value)}, which is no finite number.", key=quoted(key))
    return None
