"""The scope is no dict.

## Why it matters
Middleware copies it with `dict(scope)` or `scope.copy()` and puts keys into it, which other mappings do not allow.

## Fix
Call the application with a dict; a subclass of it is one.

## Bad
```python
from types import MappingProxyType

scope = MappingProxyType(http_scope())
```

## Good
```python
from collections import OrderedDict

scope = OrderedDict(http_scope())
```
"""

from typing import Final

from ...values import Foreign
from ..event import Event
from ..kinds import KEPT_BACK
from ..rule import EVERY, About, Found
from ..talk import Talk
from ..words import clipped, shown

ABOUT: Final = About(
    severity="error",
    party="server",
    on=("scope",),
    section="main.applications",
    in_order=False,
    scopes=EVERY,
)


def check(talk: Talk, event: Event) -> Found | None:
    """Whether it is one, as far as the trace tells."""
    mapping, scope = event.told("mapping"), event.message
    if isinstance(mapping, str):
        return Found(f"The scope is an object of type {clipped(mapping)}, not a dict.")
    if isinstance(scope, (dict, *KEPT_BACK)) or (isinstance(scope, Foreign) and scope.tag != "$object"):
        return None
    return Found(f"The scope is {shown(scope)}, not a dict.")
