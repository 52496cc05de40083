"""A key that was in the lifespan's `state` as its startup was complete is not in the `state` of a later scope.

It is silent for a call that the application makes of itself, and in a test client, which may have no lifespan of its own.

## Why it matters
Each later scope gets a shallow copy of the lifespan's state; an application that finds its database there raises KeyError
on every connection.

## Fix
Give each http and websocket scope a shallow copy of the lifespan's `state`.

## Bad
```python
calls = [
    (lifespan_scope(), None),
    (http_scope(state={}), None, "lifespan.startup.complete"),
]


begun = asyncio.Event()


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["db"] = 1
        await send({"type": "lifespan.startup.complete"})
        await begun.wait()
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})
    begun.set()
```

## Good
```python
calls = [(lifespan_scope(), None), (http_scope(state={"user": 1}), None)]
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talk import Talk
from ..words import quoted

ABOUT: Final = About(
    severity="error",
    party="server",
    on=("scope",),
    section="lifespan.state",
    in_order=False,
    scopes=frozenset({"http", "websocket"}),
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether a key is missing at the outermost layer, while a lifespan that was acknowledged goes on."""
    keys = talk.process.state_keys
    if not keys or talk.layer or talk.of_test or not talk.process.started or event.told("parent") is not None:
        return None
    state = talk.scope.get("state")
    if state is not None and not isinstance(state, dict):
        return None
    missing = sorted(keys - state.keys()) if state is not None else sorted(keys)
    if not missing:
        return None
    what = "The scope has no `state`" if state is None else "The `state` of the scope lacks keys"
    return Found(f"{what}, and the lifespan's had {', '.join(map(quoted, missing[:5]))}.")
