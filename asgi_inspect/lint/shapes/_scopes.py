"""Rows about a scope in which more than one field decides, or a part of one: each brings its own look at the scope."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from ..event import Event
from ..finding import Severity
from ..kinds import KEPT_BACK
from ..manual import Manual
from ..rule import EVERY, About, Blamed, Found, Rule
from ..shape import example
from ..talk import Talk

HTTP: Final = frozenset({"http"})
WEBSOCKET: Final = frozenset({"websocket"})
WEB: Final = HTTP | WEBSOCKET
KNOWN: Final = EVERY - {""}
"""The types of scope that the specification has."""

Look: TypeAlias = Callable[[Talk, Mapping[Any, Any]], "Found | str | None"]
"""What is wrong with a scope: a sentence, or that and more."""


class ScopeRow(NamedTuple):
    """One row.

    field: the field that it is about most.
    look: what is wrong with the scope; None where nothing is.
    The rest is as in `shape.Row`.
    """

    code: str
    name: str
    severity: Severity
    section: str
    field: str
    look: Look
    what: str
    why: str
    fix: str
    breaks: tuple[str, ...]
    holds: tuple[str, ...]
    scopes: frozenset[str]
    party: Blamed = "server"
    default: bool = True
    once: bool = False

    def rule(self) -> Rule:
        """The rule that this row is."""
        about = About(
            severity=self.severity,
            party=self.party,
            on=("scope",),
            section=self.section,
            default=self.default,
            once=self.once,
            in_order=False,
            scopes=self.scopes,
        )
        bad, good = (tuple(example("scope", text) for text in texts) for texts in (self.breaks, self.holds))
        manual = Manual(self.what, self.why, self.fix, bad, good)
        return Rule(
            code=self.code, name=self.name, about=about, manual=manual, check=_check(self.look), field=self.field
        )


def _check(look: Look) -> Callable[[Talk, Event], Found | None]:
    def check(talk: Talk, event: Event) -> Found | None:
        if not isinstance(event.message, dict):
            return None
        found = look(talk, event.message)
        return Found(found) if isinstance(found, str) else found

    return check


def is_known(value: Any) -> bool:
    """Whether the trace has a value whole, as far as that can be seen."""
    return not isinstance(value, KEPT_BACK)
