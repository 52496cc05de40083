"""`send` was called with something else than one message, or `receive` with an argument, and the application failed of it.

## Why it matters
Every server raises `TypeError`, so that no response comes.

## Fix
Call `await send({...})` with one dict, and `await receive()` with nothing.

## Bad
```python
async def app(scope, receive, send):
    await send(type="http.response.start", status=200, headers=[])
```
```python
async def app(scope, receive, send):
    await receive(1024)
```

## Good
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
"""

import re
from typing import Final

from ..event import Event
from ..rule import EVERY, About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("end",),
    section="main.applications",
    terminal=True,
    scopes=EVERY,
)
# What Python says of a call of the functions that stand in their place.
_WRONG_CALL: Final = re.compile(r"tap_(send|receive)\.<locals>\.tapped_\1\(\) (?:takes|got|missing) ")


def check(talk: Talk, event: Event) -> Found | None:
    """Whether the exception that left the outermost layer is one of such a call."""
    error = event.error
    if talk.layer or error is None or error.type != "TypeError" or error.message is None:
        return None
    found = _WRONG_CALL.match(error.message)
    if found is None:
        return None
    right = "one message" if found[1] == "send" else "no argument"
    return Found(f"`{found[1]}` was called in another way than with {right}, and the application failed of it.")
