"""`SystemExit` left the application.

A `KeyboardInterrupt` looks the same whether the application raised it or somebody pressed Ctrl-C, and is left alone.

## Why it matters
hypercorn and daphne end with it, and so do all other connections of the process; gunicorn drops this one, uvicorn and granian
answer 500. A call of `sys.exit()` in a library is enough.

## Fix
Raise an `Exception` where something fails, and turn the `SystemExit` of code that is called into one.

## Bad
```python
async def app(scope, receive, send):
    raise SystemExit(7)
```

## Good
```python
async def app(scope, receive, send):
    try:
        raise SystemExit(7)
    except SystemExit:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body"})
```
"""

from typing import Final

from ...trace.records import ErrorInfo
from ..event import Event
from ..rule import EVERY, About, Found
from ..talk import Talk

ABOUT: Final = About(
    severity="error",
    party="application",
    on=("end",),
    section="main.errors",
    terminal=True,
    scopes=EVERY,
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether it was, or is in the group that left the outermost layer, while nothing was being stopped."""
    if event.outcome != "raised" or event.error is None or talk.layer or talk.process.shutdown_seen:
        return None
    if not _exits(event.error):
        return None
    return Found("SystemExit left the application, which ends the whole process under some servers.")


def _exits(error: ErrorInfo) -> bool:
    names = (error.type, *error.bases)
    return any(name.rpartition(".")[2] == "SystemExit" for name in names) or any(map(_exits, error.exceptions))
