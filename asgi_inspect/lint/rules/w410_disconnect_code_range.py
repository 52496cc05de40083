"""`code` of `websocket.disconnect` is outside 1000 to 4999.

## Why it matters
There is no such code. 1005, 1006 and 1015 are right here: they say that none came.

## Fix
Give the code that the client sent, 1005 where it sent none, and 1006 where the connection broke off.

## Bad
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 0}]
```

## Good
```python
scope = websocket_scope()
received = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]
```
"""

from typing import Final

from ..event import Event
from ..kinds import is_int
from ..rule import About, Found
from ..talks import WebSocketTalk
from ..words import shown

ABOUT: Final = About(
    severity="warning", party="server", on=("receive websocket.disconnect",), section="rfc6455.codes", in_order=False
)


def check(talk: WebSocketTalk, event: Event) -> Found | None:
    """Whether it is no code, and not what the application itself has closed with."""
    code = event.get("code")
    if not is_int(code) or 1000 <= code <= 4999 or (talk.close_n and code == talk.close.get("code")):
        return None
    return Found(f"`code` of `websocket.disconnect` is {shown(code)}.")
