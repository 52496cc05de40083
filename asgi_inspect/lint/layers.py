"""One connection with all its layers: whose fault it is that a rule is broken is told from which taps have seen it.

What an application sends passes the inner taps first, what a server gives the outer ones. So a rule that was broken at one tap
and is broken again by the same message at the next is the same story; one that is broken there for the first time is the fault of
what stands between the two.
"""

from typing import Any, Final

from msgspec import UNSET

from ..protocol.transitions import STARTING
from ..text import safe
from ..trace.folding import clipped, folded
from ..trace.records import EndRecord, ScopeRecord
from .event import Event
from .finding import Finding, Party, Severity
from .kinds import text_of
from .process import Process
from .rule import Found, Rule
from .talk import Talk
from .talks import make_talk

_REMEMBERED: Final = 32  # messages, for those that pass from layer to layer unchanged
_MOST: Final = 50  # findings of one connection
# Where a middleware is what breaks them, A510 and A517 say so.
_TOLD_OF_MIDDLEWARE: Final = frozenset(
    {"H303", "H304", "H103", "H104", "H105", "H106", "W105", "W106", "W107", "W108", "X703", "X704"}
)


class Connection:
    """One connection: its talks, one for each layer, and what was found in it."""

    ended = False
    _method = _path = _type = ""
    _route: str | None = None
    _last_n = 0
    # Made where they are needed, as there are very many connections.
    _messages: dict[int, Any] | None = None
    _told: frozenset[tuple[str, str, Severity]] = frozenset()
    _terminal: frozenset[int] = frozenset()

    def __init__(self, conn: str, process: Process) -> None:
        self.conn = conn
        self.process = process
        self.talks: dict[int, Talk] = {}
        self.names: dict[int, str | None] = {}
        self.inside: dict[int, int] = {}
        """The layer around each."""
        self.findings: list[Finding] = []
        """Those that are still to be counted among those of all connections."""

    # --- records ---

    def enter(self, record: ScopeRecord) -> Talk:
        """A layer is entered."""
        talk = make_talk(record.scope, self.process, record.layer)
        self.talks[record.layer] = talk
        self.names[record.layer] = record.name
        if record.layer:
            self.inside[record.layer] = record.inside or 0
            talk.incomplete = self.talks[0].incomplete
            outer = self.talks.get(self.inside[record.layer])
            if outer is not None:
                talk.outer = outer
                outer.inner = (*outer.inner, talk)
            return talk
        scope = talk.scope
        self._type = talk.type
        self._method, self._path = text_of(scope.get("method")), text_of(scope.get("path"))
        if self._type == "lifespan":
            self.process.lifespan_begins(self.conn)
        elif self._type in ("http", "websocket"):
            self.process.open[self.conn] = talk
            if self.process.lifespan_phase == STARTING and record.parent is None and not talk.of_test:
                self.process.early = self.process.early or self.conn
        return talk

    def talk_at(self, n: int, layer: int) -> Talk | None:
        """The talk of a layer, as the record with that number comes; all of them lose their order where numbers are missing."""
        if n != self._last_n + 1:
            if n <= self._last_n:  # it was there before, or comes late
                return None
            for talk in self.talks.values():
                talk.incomplete = True
        self._last_n = n
        found = self.talks.get(layer)
        if found is None:  # the scope of that layer is lost
            for talk in self.talks.values():
                talk.incomplete = True
        return found

    def remember(self, n: int, message: Any) -> None:
        """Keep a message that may pass on."""
        if len(self.talks) < 2:
            return
        if self._messages is None:
            self._messages = {}
        self._messages[n] = message
        if len(self._messages) > _REMEMBERED:
            del self._messages[next(iter(self._messages))]

    def same(self, n: int) -> Any:
        """The message with that number; `UNSET` where it is not known any more."""
        return UNSET if self._messages is None else self._messages.get(n, UNSET)

    def end(self, record: EndRecord) -> None:
        """The outermost layer has ended."""
        self._route = record.route
        self.ended = True
        if self._type == "lifespan":
            self.process.lifespan_ends(self.conn)
        self.process.open.pop(self.conn, None)

    # --- findings ---

    @property
    def where(self) -> str:
        """What was called, as a finding says it: the route where it is known."""
        route = _word(self._route or folded(clipped(self._path)))
        if self._type == "http":
            return f"{_word(self._method)} {route}"
        if self._type == "websocket":
            return f"WEBSOCKET {route}"
        return _word(self._type) or "a scope without a type"

    def tell(self, rule: Rule, found: Found, event: Event, talk: Talk) -> Finding | None:
        """The finding that a broken rule makes here; None where that was told already, or is not told."""
        party = self._party(rule, event, talk)
        if party == "middleware" and rule.code in _TOLD_OF_MIDDLEWARE:
            return None
        if talk.lacks(rule.about.extension):  # X101 or W501 says so, which is enough
            return None
        story = (rule.code, found.key, found.severity or rule.severity)
        if story in self._told or len(self._told) >= _MOST:
            return None
        if rule.about.terminal:
            if talk.layer in self._terminal:
                return None
            self._terminal |= {talk.layer}
        self._told |= {story}
        return Finding(
            code=rule.code,
            name=rule.name,
            severity=found.severity or rule.severity,
            party=party,
            where=self.where,
            sentence=found.sentence,
            fix=found.fix or rule.fix,
            link=rule.section.url,
            conn=self.conn,
            records=tuple(n for n in (*found.records, event.n) if n),
            layer=talk.layer,
            layer_name=self._layer_name(talk, party),
            key=_word(found.key),
        )

    def _party(self, rule: Rule, event: Event, talk: Talk) -> Party:
        blamed = rule.about.party
        if blamed == "sender":
            blamed = "application" if event.direction == "send" else "server"
        unchanged = not rule.about.in_order and event.told("same") is not None  # a message that came from the next tap
        if blamed == "server":
            if talk.layer and not unchanged:
                return "middleware"
            return "server" if self.process.server else "upstream"
        if blamed == "application" and talk.inner and not unchanged and not _passes_on(event, talk):
            return "middleware"
        return blamed

    def _layer_name(self, talk: Talk, party: Party) -> str | None:
        layer = self.inside.get(talk.layer, 0) if party == "middleware" and talk.layer else talk.layer
        name = self.names.get(layer)
        return None if name is None else _word(name)


def _passes_on(event: Event, talk: Talk) -> bool:
    """Whether a call ends with an exception that has come from inside."""
    if event.outcome != "raised" or event.error is None:
        return False
    # What its own `send` or `receive` has raised has come from outside.
    return any(inner.raised == event.error.type != inner.call_error for inner in talk.inner)


def _word(text: str) -> str:
    """What a trace calls something, as a finding may have it."""
    return clipped(safe(clipped(text)))
