"""An exception left the application before it had sent anything of a response.

It is silent where the client had left, where the call was cancelled, and where an application refuses a type of scope that it
does not know. An exception that a layer outside turns into a response leaves no application.

## Why it matters
Every server answers 500 in the application's place, with a body of its own, and uvicorn, hypercorn and gunicorn close the
connection; daphne answers only when it looks after its calls, up to a second later.

## Fix
Find out why it raised; have whatever handles errors answer in its place, if it is meant to.

## Bad
```python
async def app(scope, receive, send):
    await receive()
    raise ValueError("no such thing")
```

## Good
```python
async def app(scope, receive, send):
    raise ValueError("this application knows no scope of type " + scope["type"])
```
```python
received = [{"type": "http.disconnect"}]


async def app(scope, receive, send):
    if (await receive())["type"] == "http.disconnect":
        raise ConnectionError("the client has left")
```
"""

from typing import Final

from ...protocol.transitions import IDLE
from ...trace.records import ErrorInfo
from ..event import Event, is_mistake
from ..rule import About, Found
from ..talks import HttpTalk
from ..words import raised

ABOUT: Final = About(severity="warning", party="application", on=("end",), section="main.errors", terminal=True)
# What an exception speaks of that refuses a type of scope.
_REFUSALS: Final = ("scope", "protocol", "http")


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether the call raises, and no response was started."""
    if talk.phase != IDLE or talk.layer or talk.client_left or not event.is_fault:
        return None
    if not talk.received and not talk.sent and event.error is not None and _is_refusal(event.error):
        return None
    return Found(f"{raised(event)} left the application before a response was started.")


def _is_refusal(error: ErrorInfo) -> bool:
    """Whether an application that was called, and did nothing, says that it is not for this type of scope."""
    if is_mistake(error):
        return False
    if error.type.rpartition(".")[2] in ("AssertionError", "NotImplementedError"):
        return True
    message = (error.message or "").lower()
    return any(word in message for word in _REFUSALS)
