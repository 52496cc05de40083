"""The manual of a rule, from one text: what it does, why it matters, how to fix it, examples that run.

The first paragraph says what the rule does. Then come sections: `## Why it matters`, `## Fix` (one sentence, which every finding
repeats), `## Bad` and `## Good`, each with one or more fenced blocks of Python.

An example defines `app`, an application, or what a server does: `scope`, `received` (the messages that `receive()` gives in
turn), `server` (a layer around the tap, in the server's place). What it does not define is as it should be.
`http_scope(method="POST")` is a whole legal scope with that change, likewise `websocket_scope` and `lifespan_scope`. A rule's
Bad breaks that rule alone, its Good breaks none.
"""

import inspect
import re
from typing import Final, NamedTuple

_SECTION: Final = re.compile(r"^## (.+)$", re.MULTILINE)
_BLOCK: Final = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Manual(NamedTuple):
    """What is known of a rule beside its check."""

    what: str
    """One or two sentences: what is found."""
    why: str
    """What goes wrong, and under which server."""
    fix: str
    """What to do, in one sentence."""
    bad: tuple[str, ...]
    """Python that breaks the rule, and this rule alone."""
    good: tuple[str, ...]
    """Python that is nearly the same, and right."""


def read_manual(text: str) -> Manual:
    """The manual that a text holds; raises ValueError where a part of it is missing."""
    what, *parts = _SECTION.split(inspect.cleandoc(text))
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    missing = [name for name in ("Why it matters", "Fix", "Bad", "Good") if not sections.get(name, "").strip()]
    if missing or not what.strip():
        raise ValueError(f"a manual lacks {', '.join(missing) or 'its first paragraph'}")
    bad, good = (tuple(_BLOCK.findall(sections[name])) for name in ("Bad", "Good"))
    if not bad or not good:
        raise ValueError("an example is no fenced block of Python")
    return Manual(what.strip(), sections["Why it matters"].strip(), " ".join(sections["Fix"].split()), bad, good)
