"""A key of the scope that the specification has was replaced in the scope as it was received.

Keys of a framework's own are left alone. Routers write `root_path` into the scope when they mount, so this is off by default.

## Why it matters
Whoever called sees the change too: an outer middleware that logs `path` after the call logs another one.

## Fix
Copy the scope before changing it: `scope = {**scope, "path": "/x"}`.

## Bad
```python
async def right(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


async def app(scope, receive, send):
    scope["path"] = "/x"
    await right(scope, receive, send)
```

## Good
```python
async def right(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


async def app(scope, receive, send):
    scope["endpoint"] = right
    await right({**scope, "path": "/x"}, receive, send)
```
"""

from typing import Final

from ...protocol.fields import SCOPES
from ..event import Event
from ..rule import EVERY, About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="warning",
    party="middleware",
    on=("end",),
    section="main.middleware",
    default=False,
    in_order=False,
    scopes=EVERY,
)
_FIELDS: Final = tuple(dict.fromkeys(name.rstrip("?") for fields in SCOPES.values() for name in fields))


def check(talk: Talk, event: Event) -> Found | None:
    """Whether any of them is another object than before; one that was not there before is an addition."""
    changed = event.told("scope_changes") or ()
    names = [f"`{name}`" for name in _FIELDS if name in changed and name in talk.scope]
    if not names:
        return None
    return Found(f"{', '.join(names)} of the scope was replaced in place.", key=names[0])
