"""An int in a message does not fit into 64 bits.

Asked of keys of a server's or an application's own, and of `offset` and `count` of a file; `status` and `code` have rules of their
own.

## Why it matters
Messages may be carried between processes, where such an int cannot be written. A file has no such offset.

## Fix
Keep ints from -2**63 to 2**63-1.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [], "version": 2**63})
    await send({"type": "http.response.body"})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [], "version": 2**63 - 1})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..kinds import is_int
from ..rule import EVERY, About, Found
from ..talk import Talk
from ..words import quoted, shown
from .a410_float_not_finite import KNOWN_FIELDS

ABOUT: Final = About(
    severity="warning",
    party="sender",
    on=("send", "receive"),
    section="main.events",
    in_order=False,
    scopes=EVERY,
    field="",
)
_FIELDS: Final = KNOWN_FIELDS - {"offset", "count"}


def check(talk: Talk, event: Event) -> Found | None:
    """Whether any is too large, or too small."""
    message = event.message
    for key, value in message.items() if isinstance(message, dict) else ():
        if is_int(value) and not -(2**63) <= value < 2**63 and key not in _FIELDS:
            name = f"{quoted(key)} of `{quoted(event.kind)[1:-1]}`"
            return Found(f"{name} is {shown(value)}, which does not fit into 64 bits.", key=quoted(key))
    return None
