"""A trailer has a name that must not stand there: it is needed before the body, or says how to read it.

## Why it matters
Clients and proxies ignore or refuse it; taken seriously it would change what was read already.

## Fix
Send this field in the headers of `http.response.start`.

## Bad
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body"})
    await send({"type": "http.response.trailers", "headers": [(b"content-length", b"5")]})
```

## Good
```python
scope = http_scope(extensions={"http.response.trailers": {}})


async def app(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"trailer", b"x-sum")], "trailers": True}
    )
    await send({"type": "http.response.body"})
    await send({"type": "http.response.trailers", "headers": [(b"grpc-status", b"0")]})
```
"""

from typing import Final

from ..event import Event
from ..kinds import pairs_of
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import quoted

ABOUT: Final = About(
    severity="warning",
    party="application",
    on=("send http.response.trailers",),
    section="rfc9110.trailers",
    extension="http.response.trailers",
    in_order=False,
)
# Framing, routing, conditions, authentication, and how to read the content.
_FORBIDDEN: Final = frozenset(
    {
        b"authorization",
        b"cache-control",
        b"content-encoding",
        b"content-length",
        b"content-range",
        b"content-type",
        b"host",
        b"set-cookie",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"www-authenticate",
    }
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether any name is one of those."""
    for name, _ in pairs_of(event.get("headers")):
        if isinstance(name, bytes) and name.lower() in _FORBIDDEN:
            return Found(
                f"A trailer is called {quoted(name)}, which must not come behind the body.", key=quoted(name.lower())
            )
    return None
