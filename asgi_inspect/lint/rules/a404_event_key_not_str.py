"""A key of a message is no str.

Keys inside of values are left alone: of what the specification knows, only `info` of a debug message is a dict, and that is free.

## Why it matters
Whoever asks for the key by its name does not find it: with `b"type"` the message has no type at all.

## Fix
Make every key a str.

## Bad
```python
async def app(scope, receive, send):
    await send({b"type": "http.response.start", "status": 200, "headers": []})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [], "note": {1: 2}})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..kinds import KEPT_BACK
from ..rule import EVERY, About, Found
from ..talk import Talk
from ..words import clipped, shown

ABOUT: Final = About(
    severity="error",
    party="sender",
    on=("send", "receive"),
    section="main.strings",
    in_order=False,
    scopes=EVERY,
    field="",
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether one of its own keys is another thing."""
    for key in event.message if isinstance(event.message, dict) else ():
        if not isinstance(key, (str, *KEPT_BACK)):
            what = f"`{clipped(event.kind)}`" if event.kind else "A message"
            return Found(f"{what} has a key that is no str: {shown(key)}.", key=event.kind)
    return None
