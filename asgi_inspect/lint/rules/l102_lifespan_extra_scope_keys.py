"""The scope of a lifespan has keys of a connection, like `path` or `headers`. It is legal.

## Why it matters
An application that looks for `path` before it looks at `type` takes the lifespan for a connection.

## Fix
Give a lifespan `type`, `asgi` and `state` alone.

## Bad
```python
scope = lifespan_scope(path="/", headers=[])
```

## Good
```python
scope = lifespan_scope(app=object())
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk

ABOUT: Final = About(
    severity="info", party="server", on=("scope",), section="lifespan.scope", default=False, in_order=False
)
_OF_CONNECTIONS: Final = (
    "path",
    "raw_path",
    "query_string",
    "root_path",
    "headers",
    "method",
    "scheme",
    "http_version",
    "client",
    "server",
    "subprotocols",
)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether it has any, as the outermost layer was called."""
    if talk.layer:
        return None
    names = [f"`{name}`" for name in _OF_CONNECTIONS if name in talk.scope]
    return Found(f"The scope of the lifespan has {', '.join(names)}, which are of connections.") if names else None
