"""The application answers a request that has a body, and never receives it.

It is silent where the answer is a refusal or a redirection, where the client asked whether to send a body at all (`expect`), and
where a layer outside has read it.

## Why it matters
The client sends it all the same. granian closes the connection behind such a response, uvicorn reads on and drops it, hypercorn
and daphne keep it in memory.

## Fix
Receive the body, or refuse the request with a status of 400 or above.

## Bad
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"content-length", b"10")])
received = [
    {"type": "http.request", "body": b"0123456789"},
]


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```

## Good
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"content-length", b"10")])
received = [
    {"type": "http.request", "body": b"0123456789"},
]


async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
```python
scope = http_scope(method="POST", headers=[(b"host", b"a"), (b"content-length", b"10")])
received = [
    {"type": "http.request", "body": b"0123456789"},
]


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 413, "headers": []})
    await send({"type": "http.response.body"})
```
```python
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talk import Talk
from ..talks import HttpTalk
from ..words import status_shown

ABOUT: Final = About(severity="info", party="application", on=("end",), section="www.request")


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether there was a body, and nobody asked for it."""
    if event.outcome != "returned" or _has_received(talk) or not talk.declares_body or talk.client_left:
        return None
    status = talk.response.status
    if status is None or status >= 300 or talk.header(b"expect") is not None:
        return None
    return Found(
        f"The application answers with status {status_shown(status)}, and never receives the body of the request.",
        records=(talk.response.start_n,),
    )


def _has_received(talk: Talk) -> bool:
    """Whether the application has received anything, or a layer around it."""
    return bool(talk.received) or (talk.outer is not None and _has_received(talk.outer))
