"""The `type` of a message is no str.

## Why it matters
To Python `b"http.response.start"` and `"http.response.start"` are different things: the server refuses it as a message that it
does not know.

## Fix
Give the `type` as a str.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": b"http.response.start", "status": 200, "headers": []})
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
from ..kinds import KEPT_BACK
from ..rule import EVERY, About, Found
from ..talk import Talk
from ..words import shown

ABOUT: Final = About(
    severity="error",
    party="sender",
    on=("send strange", "receive strange"),
    section="main.events",
    in_order=False,
    scopes=EVERY,
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether it is another thing."""
    kind = event.get("type", "")
    if isinstance(kind, (str, *KEPT_BACK)):
        return None
    what = "a message that was sent" if event.direction == "send" else "a message that `receive()` gave"
    return Found(f"The `type` of {what} is {shown(kind)}, not a str.", key=event.direction or "")
