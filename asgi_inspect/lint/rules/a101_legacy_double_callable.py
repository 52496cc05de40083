"""The application takes the scope alone, and gives something that takes `receive` and `send`: the way of ASGI 2.

## Why it matters
ASGI 3 calls an application once, with all three. uvicorn's `--interface auto` still drives the old way, other servers answer 500.

## Fix
Make the application one coroutine function of `(scope, receive, send)`, or wrap it in `asgiref.compatibility.guarantee_single_callable`.

## Bad
```python
class app:
    def __init__(self, scope):
        self.scope = scope

    async def __call__(self, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})
```
```python
def app(scope):
    async def call(receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    return call
```

## Good
```python
class App:
    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})


app = App()
```
"""

import re
from typing import Final

from ..event import Event
from ..rule import EVERY, About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="info",
    party="application",
    on=("end",),
    section="main.legacy",
    terminal=True,
    scopes=EVERY,
)
# What Python says where a function of one argument, or a class whose `__init__` has one beside itself, is called with three.
_TOO_MANY: Final = re.compile(
    r"(?:takes 1 positional argument but 3 were given|__init__\(\) takes 2 positional arguments but 4 were given)$"
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether the very call has failed, by the number of its arguments."""
    error = event.error
    if talk.layer or error is None or error.type != "TypeError" or error.frames or error.message is None:
        return None
    if talk.received or talk.sent or _TOO_MANY.search(error.message) is None:
        return None
    return Found(
        "The application takes `scope` alone, as in ASGI 2, and was called with `scope`, `receive` and `send`."
    )
