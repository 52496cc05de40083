"""The server offers `http.response.debug`, and the client is no test.

## Why it matters
Applications send what is meant for tests through it: templates, contexts, settings. Servers should not offer it.

## Fix
Offer `http.response.debug` in tests only.

## Bad
```python
scope = http_scope(extensions={"http.response.debug": {}})
```

## Good
```python
scope = http_scope(client=("testclient", 50000), extensions={"http.response.debug": {}})
```
"""

from typing import Final

from ..event import Event
from ..rule import About, Found
from ..talks import HttpTalk

ABOUT: Final = About(
    severity="info",
    party="server",
    on=("scope",),
    section="extensions.debug",
    extension="http.response.debug",
    once=True,
    in_order=False,
    scopes=frozenset({"http"}),
)


def check(talk: HttpTalk, event: Event) -> Found | None:
    """Whether it is offered to what has the address of a client."""
    if talk.layer or "http.response.debug" not in talk.extensions or talk.of_test:
        return None
    return Found("The server offers `http.response.debug`, which is meant for tests.")
