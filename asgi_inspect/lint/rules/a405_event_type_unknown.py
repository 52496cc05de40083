"""A message has a `type` that the specification does not have.

Extensions of a server's own are known by its `extensions`. Messages of a user's own may pass between the layers of an application,
and reach it; they are left alone where their `type` does not begin as those of the protocol do.

## Why it matters
Servers raise, or drop the message: with a mistyped `http.response.bdoy` the client waits for a body that never comes.

## Fix
Correct the `type`, or send such messages only where an extension in the scope says that they are understood.

## Bad
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.bdoy", "body": b"fine"})
    await send({"type": "http.response.body", "body": b"fine"})
```

## Good
```python
scope = http_scope(extensions={"http.response.template": {}})


async def app(scope, receive, send):
    await send({"type": "http.response.template", "name": "a.html"})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
```
```python
received = [{"type": "http.request"}, {"type": "mychat.message"}]


async def app(scope, receive, send):
    await receive()
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
```
"""

import difflib
from typing import Final

from ...protocol.alphabet import KNOWN, RECEIVED, SENT
from ..event import Event
from ..rule import About, Found
from ..talk import Talk
from ..words import clipped

ABOUT: Final = About(
    severity="error",
    party="sender",
    on=("send strange", "receive strange"),
    section="main.errors",
    in_order=False,
    scopes=frozenset(SENT),
)
_LONGEST: Final = 100  # characters of a type that is compared with those that there are


def check(talk: Talk, event: Event) -> Found | None:
    """Whether it is none that anybody could know."""
    kind = event.get("type")
    if not isinstance(kind, str) or kind in KNOWN or _is_offered(kind, talk):
        return None
    is_theirs = kind.startswith(f"{talk.type}.")
    if event.direction == "receive":
        if not is_theirs or not talk.received:  # the first message has a rule of its own
            return None
        return Found(f"`receive()` gave `{clipped(kind)}`, which is no message of {talk.type}.", key=clipped(kind))
    if talk.layer and not is_theirs:  # a layer outside may understand it
        return None
    return Found(f"`{clipped(kind)}` was sent, which is no message of ASGI{_meant(kind, talk)}", key=clipped(kind))


def _is_offered(kind: str, talk: Talk) -> bool:
    """Whether the scope has an extension of that name, or of one that it begins with."""
    return any(
        isinstance(name, str) and (kind == name or kind.startswith(f"{name}.")) for name in talk.extensions
    )  # fmt: skip


def _meant(kind: str, talk: Talk) -> str:
    known = [*SENT[talk.type], *RECEIVED[talk.type]]
    near = difflib.get_close_matches(kind, known, n=1, cutoff=0.75) if len(kind) <= _LONGEST else []
    return f"; is `{near[0]}` meant?" if near else "."
