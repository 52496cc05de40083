"""The `state` of a lifespan is not empty as the application is called.

## Why it matters
It is the application's own namespace: what stands in it already is of another run, or of another application, and goes into
every scope.

## Fix
Give each lifespan a new, empty dict.

## Bad
```python
scope = lifespan_scope(state={"db": 1})
```

## Good
```python
scope = lifespan_scope(state={})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import LifespanTalk
from ..words import counted

ABOUT: Final = About(severity="warning", party="server", on=("scope",), section="lifespan.scope", in_order=False)


def check(talk: LifespanTalk, event: Event) -> Found | None:
    """Whether there is anything in it, at the outermost layer."""
    state = talk.scope.get("state")
    if talk.layer or not isinstance(state, dict) or not state:
        return None
    return Found(
        f"The `state` of the lifespan has {counted(len(state), 'key')} before the application has done anything."
    )
