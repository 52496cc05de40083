"""A message is no dict.

## Why it matters
Every server raises `TypeError`, and an application that asks such a message for its `type` does so too.

## Fix
Send a dict; a subclass of it is one.

## Bad
```python
async def app(scope, receive, send):
    await send([("type", "http.response.start"), ("status", 200)])
```
```python
from types import MappingProxyType


async def app(scope, receive, send):
    await send(MappingProxyType({"type": "http.response.start", "status": 200, "headers": []}))
    await send({"type": "http.response.body"})
```

## Good
```python
from collections import OrderedDict


async def app(scope, receive, send):
    await send(OrderedDict(type="http.response.start", status=200, headers=[]))
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ...values import Foreign
from ..event import Event
from ..kinds import KEPT_BACK
from ..rule import EVERY, About, Found
from ..talk import Talk
from ..words import clipped, sized

ABOUT: Final = About(
    severity="error",
    party="sender",
    on=("send", "receive"),
    section="main.events",
    in_order=False,
    scopes=EVERY,
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether it is one, as far as the trace tells."""
    mapping = event.told("mapping")
    if mapping is None and type(event.message) is dict:
        return None
    message = event.message
    what = "A message that was sent" if event.direction == "send" else "A message that `receive()` gave"
    if isinstance(mapping, str):
        return Found(f"{what} is an object of type {clipped(mapping)}, not a dict.", key=event.direction or "")
    if isinstance(message, (dict, *KEPT_BACK)) or (isinstance(message, Foreign) and message.tag != "$object"):
        return None
    return Found(f"{what} is {sized(message)}, not a dict.", key=event.direction or "")
