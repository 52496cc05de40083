"""`code` of `websocket.disconnect` is missing, or no int.

## Why it matters
daphne gives None where the client closed without a code. Applications compare it with a number, and raise.

## Fix
Give the code that the client sent, and 1005 where it sent none.

## Bad
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": None}]
```

## Good
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1005}]
```
"""

from typing import Final

from ..event import Event
from ..kinds import KEPT_BACK, is_int
from ..rule import About, Found
from ..shape import MISSING
from ..talks import WebSocketTalk
from ..words import shown

ABOUT: Final = About(
    severity="error",
    party="server",
    on=("receive websocket.disconnect",),
    section="www.websocket-disconnect",
    in_order=False,
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it is no int, and not what the application itself has closed with."""
    code = event.get("code", MISSING)
    if is_int(code) or isinstance(code, KEPT_BACK) or (talk.close_n and code == talk.close.get("code", MISSING)):
        return None
    return Found(f"`code` of `websocket.disconnect` is {'missing' if code is MISSING else shown(code)}, not an int.")
