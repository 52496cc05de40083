"""The application returned without sending the trailers that it had promised.

## Why it matters
The server has to wait for them: hypercorn never terminates the response, and cuts the connection.

## Fix
Send `http.response.trailers` after the last of the body, or start without `trailers`.

## Bad
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body"})
```

## Good
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]})
```
"""

from typing import Final

from ...protocol.transitions import TRAILERS
from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("end",),
    section="www.response-start",
    extension="http.response.trailers",
    terminal=True,
    scopes=frozenset({"http"}),
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the call ends well, and only they are missing; where they are not offered, that was told."""
    if event.outcome != "returned" or talk.phase != TRAILERS or talk.client_left:
        return None
    return Found(
        "The application returned without sending the trailers it had promised.", records=(talk.response.start_n,)
    )
