"""What a rule is: a few facts, a manual, and one pure `check`; and what a check gives.

A rule is a row of a table in `shapes/`, where the value of one field decides, or a file in `rules/`, where what passed before
does. Both become a `Rule`, and the linter knows nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from ..protocol.sections import SECTIONS, Section
from .finding import Severity
from .manual import Manual

Blamed: TypeAlias = Literal["application", "server", "sender", "middleware"]
"""Whose fault it is: `sender` is the application for what it sends, and the server for what it gives to `receive()`."""

_SCOPES: Final[Mapping[str, frozenset[str]]] = {
    "H": frozenset({"http"}),
    "W": frozenset({"websocket"}),
    "L": frozenset({"lifespan"}),
    "X": frozenset({"http"}),
}
EVERY: Final = frozenset({"http", "websocket", "lifespan", ""})
"""The types of scope; all that are none of the specification's are the empty one."""


class Found(NamedTuple):
    """A rule broken, as its check tells it."""

    sentence: str
    """What happened, with its values; names of the protocol stand in backquotes."""
    records: tuple[int, ...] = ()
    """The numbers of the records that prove it beside the one at hand, oldest first."""
    key: str = ""
    """What of the same rule makes another finding: the name of a header, a type."""
    severity: Severity | None = None
    """Where it is not the rule's."""
    fix: str | None = None
    """Where it is not the rule's."""


@dataclass(frozen=True, kw_only=True)
class About:
    """What a file of a rule says about it; the file's name gives the code and the name, its docstring the manual.

    severity: how bad it is, where the check does not say otherwise.
    party: whose fault it is.
    on: the moments at which the rule is asked: `"scope"`; `"send"` and `"receive"` for every message, or with its type
        (`"send http.response.start"`), or `"send strange"` for those that such a scope does not have; `"receive failed"`;
        `"sent"`, a send that took long, raised or was cancelled; `"end"`; `"late"`, whatever comes after the end.
    section: of the specification, a name of `protocol.sections`.
    default: whether the rule is on where nothing is selected.
    once: it is told once for each process, however many routes do it.
    terminal: it says how a connection ended; of these a connection gets one.
    in_order: it looks at what passed before, so it is silent where records are lost, or a send has failed.
    since: the first version of the specification in which it holds.
    extension: the extension that it is about.
    scopes: the types of scope in which it is asked; by default those of its letter.
    field: the field of the message that decides, where the message at hand is all that is looked at: then it is not asked of
        what is `usual`.
    """

    severity: Severity
    party: Blamed
    on: tuple[str, ...]
    section: str
    default: bool = True
    once: bool = False
    terminal: bool = False
    in_order: bool = True
    since: str | None = None
    extension: str | None = None
    scopes: frozenset[str] | None = None
    field: str | None = None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule, whole."""

    code: str
    name: str
    about: About
    manual: Manual
    check: Callable[[Any, Any], Found | None] = field(repr=False)
    field: str | None = None
    """The field of the scope or message which alone decides; None: more than one does."""

    @property
    def severity(self) -> Severity:
        """How bad it is, where the case does not say otherwise."""
        return self.about.severity

    @property
    def fix(self) -> str:
        """What to do about it, in one sentence."""
        return self.manual.fix

    @property
    def section(self) -> Section:
        """The section of the specification."""
        return SECTIONS[self.about.section]

    @property
    def scopes(self) -> frozenset[str]:
        """The types of scope in which it is asked."""
        return _SCOPES.get(self.code[0], EVERY) if self.about.scopes is None else self.about.scopes
