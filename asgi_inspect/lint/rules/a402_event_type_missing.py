"""A message has no `type`.

## Why it matters
Servers raise `KeyError`, granian `RuntimeError`; an application that looks at the `type` first does so too.

## Fix
Give every message its `type`.

## Bad
```python
async def app(scope, receive, send):
    await send({"status": 200, "headers": []})
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import EVERY, About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="error",
    party="sender",
    on=("send strange", "receive strange"),
    section="main.events",
    in_order=False,
    scopes=EVERY,
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether it is missing; a key that is no str is rule A404's affair."""
    message = event.message
    if not isinstance(message, dict) or "type" in message or not all(isinstance(key, str) for key in message):
        return None
    what = "A message that was sent" if event.direction == "send" else "A message that `receive()` gave"
    return Found(f"{what} has no `type`.", key=event.direction or "")
