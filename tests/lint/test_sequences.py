"""Random talks from the tables of the specification: a legal one breaks no rule; one that a mutation has made illegal breaks
one at the very message that is not in the tables, or at the end where something is owed."""

import dataclasses
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from asgi_inspect.lint.choice import Choice
from asgi_inspect.protocol.alphabet import EXTENSIONS, RECEIVED, SENT
from asgi_inspect.protocol.transitions import (
    ACCEPTED,
    COMPLETE,
    CONNECTED,
    CONNECTING,
    GONE,
    HTTP_REQUEST,
    HTTP_RESPONSE,
    IDLE,
    LIFESPAN,
    NEW,
    OPENING,
    WAITING,
    WEBSOCKET,
    WEBSOCKET_RECEIVED,
    Transitions,
)
from asgi_inspect.testing import http_scope, lifespan_scope, websocket_scope
from asgi_inspect.values import Foreign
from tests.lint.telling import connection, findings_of

OFFERED: dict[str, dict[str, Any]] = {name: {} for name in EXTENSIONS if name != "tls"}
SCOPES = {
    "http": http_scope(extensions=OFFERED, method="POST"),
    "websocket": websocket_scope(extensions=OFFERED),
    "lifespan": lifespan_scope(),
}
MORE = {
    "http.response.start": {"trailers": True},
    "http.response.trailers": {"more_trailers": True},
}
PLAIN: dict[str, dict[str, Any]] = {
    "http.response.start": {"status": 200, "headers": [[b"trailer", b"x-sum"]]},
    "http.response.body": {"body": b"x"},
    "http.response.trailers": {"headers": [[b"x-sum", b"1"]]},
    "http.response.push": {"path": "/a.css", "headers": []},
    "http.response.zerocopysend": {"file": Foreign("$object", "_io.BufferedReader"), "count": 3},
    "http.response.pathsend": {"path": "/srv/a.txt"},
    "http.response.early_hint": {"links": [b"</a.css>; rel=preload; as=style"]},
    "http.response.debug": {"info": {}},
    "http.request": {"body": b"x"},
    "websocket.accept": {"headers": []},
    "websocket.receive": {"text": "x"},
    "websocket.send": {"text": "x"},
    "websocket.disconnect": {"code": 1000},
    "websocket.close": {"code": 1000},
    "websocket.http.response.start": {"status": 401, "headers": []},
    "websocket.http.response.body": {"body": b"x"},
}
CHOICE = Choice(level="warning")

Word = tuple[str, str]
"""A direction and a symbol."""


def message(symbol: str) -> dict[str, Any]:
    """The plainest message of that symbol."""
    kind = symbol.removesuffix("…")
    flags = MORE.get(kind, {"more_body": True}) if symbol != kind else {}
    return {"type": kind, **PLAIN.get(kind, {}), **flags}


@dataclasses.dataclass
class Walk:
    """How far a talk is, by the tables alone."""

    type: str
    sent: str
    received: str
    sends: Transitions
    receives: Transitions
    gone: bool = False
    gone_late: bool = False
    debugged: bool = False

    @classmethod
    def begin(cls, type: str) -> "Walk":
        if type == "http":
            return cls(type, IDLE, WAITING, HTTP_RESPONSE, HTTP_REQUEST)
        if type == "websocket":
            return cls(type, CONNECTING, OPENING, WEBSOCKET, WEBSOCKET_RECEIVED)
        return cls(type, NEW, NEW, LIFESPAN, LIFESPAN)

    def legal(self) -> list[Word]:
        """What may come now, of what a careful server and application do."""
        if self.gone:
            return []
        if self.type == "lifespan":
            return [("receive" if symbol in RECEIVED["lifespan"] else "send", symbol) for symbol in LIFESPAN[self.sent]]
        words = [("receive", symbol) for symbol in self.receives[self.received]]
        if self.type == "websocket" and self.sent != ACCEPTED:
            words = [word for word in words if word[1] != "websocket.receive"]
        if self.type == "http" and self.sent != IDLE:  # else what is sent behind it counts as an answer to half a body
            words = [word for word in words if word[1] != "http.disconnect" or self.received == "read"]
        if self.type == "websocket" and self.received != CONNECTED:
            return words
        sends = [("send", symbol) for symbol in self.sends[self.sent]]
        if self.debugged:
            sends = [word for word in sends if word[1] != "http.response.debug"]
        return words + sends

    def go(self, word: Word) -> bool:
        """Take one step; whether it is in the tables."""
        direction, symbol = word
        if (
            direction == "receive" and self.gone
        ):  # who was told that asks no more, unless the response was complete by then
            return self.gone_late and symbol == "http.disconnect"
        if self.type == "lifespan":
            right = symbol in RECEIVED["lifespan"] if direction == "receive" else symbol in SENT["lifespan"]
            found = LIFESPAN[self.sent].get(symbol) if right else None
            self.sent = found or self.sent
            return found is not None
        table, phase = (self.receives, self.received) if direction == "receive" else (self.sends, self.sent)
        found = table[phase].get(symbol)
        if symbol == "websocket.receive" and self.sent == CONNECTING:  # what comes behind a close was on its way
            found = None
        if symbol == "http.response.debug" and self.debugged:
            found = None
        if found is None:
            return False
        self.debugged = self.debugged or symbol == "http.response.debug"
        if direction == "receive":
            self.received = found
            self.gone = self.gone or found == GONE
            self.gone_late = self.gone and self.type == "http" and self.sent in COMPLETE
        else:
            self.sent = found
        return True

    @property
    def may_end(self) -> bool:
        return self.gone or self.sent in COMPLETE


@st.composite
def legal_talks(draw: st.DrawFn) -> tuple[str, list[Word]]:
    """The type of a scope, and a talk that the tables have, to its end."""
    type = draw(st.sampled_from(("http", "websocket", "lifespan")))
    walk, words = Walk.begin(type), []
    for step in range(40):
        if walk.may_end and (step > 20 or not walk.legal() or draw(st.booleans())):
            break
        choices = walk.legal()
        if step > 20:  # to the end now
            choices = [word for word in choices if word[0] == "send" and not word[1].endswith("…")] or choices
        word = draw(st.sampled_from(choices))
        walk.go(word)
        words.append(word)
    assume(walk.may_end)
    return type, words


def steps(words: list[Word]) -> list[tuple[str, dict[str, Any]]]:
    return [(direction, message(symbol)) for direction, symbol in words]


@given(legal_talks())
def test_a_legal_talk_breaks_no_rule(talk: tuple[str, list[Word]]) -> None:
    type, words = talk
    assert findings_of(connection(SCOPES[type], steps(words)), CHOICE) == []


@st.composite
def mutations(draw: st.DrawFn, words: list[Word], type: str) -> list[Word]:
    """One thing changed: a message left out, said twice, in its neighbour's place, or another one; or an early end."""
    assume(words)
    at = draw(st.integers(0, len(words) - 1))
    how = draw(st.sampled_from(("drop", "twice", "swap", "other", "end")))
    if how == "drop":
        return words[:at] + words[at + 1 :]
    if how == "twice":
        return [*words[: at + 1], *words[at:]]
    if how == "swap":
        assume(at + 1 < len(words))
        return [*words[:at], words[at + 1], words[at], *words[at + 2 :]]
    if how == "end":
        return words[:at]
    direction = words[at][0]
    table = SENT[type] if direction == "send" else RECEIVED[type]
    return [*words[:at], (direction, draw(st.sampled_from(sorted(table)))), *words[at + 1 :]]


@given(st.data())
def test_a_mutated_talk_breaks_a_rule_where_the_tables_end(data: st.DataObject) -> None:
    type, words = data.draw(legal_talks())
    mutated = data.draw(mutations(words, type))
    assume(not _answers_unasked(type, mutated) and not _is_half_answered(mutated))
    walk = Walk.begin(type)
    wrong = next((n for n, word in enumerate(mutated, 1) if not walk.go(word)), None)
    found = findings_of(connection(SCOPES[type], steps(mutated)), CHOICE)
    if wrong is None and walk.may_end:
        assert found == [], mutated
        return
    where = len(mutated) + 1 if wrong is None else wrong
    assert found, (mutated, where)
    assert min(finding.records[-1] for finding in found) == where, (mutated, where, found)


def _answers_unasked(type: str, words: list[Word]) -> bool:
    """Whether a WebSocket is answered before it is asked for: legal, and some servers then never ask."""
    first = next((direction for direction, _ in words), "receive")
    return type == "websocket" and first == "send"


def _is_half_answered(words: list[Word]) -> bool:
    """Whether the client left in the middle of its body, and the application answered all the same: legal, and worth a word."""
    walk = Walk.begin("http")
    for direction, symbol in words:
        if symbol == "http.disconnect" and walk.received != "read":
            return True
        walk.go((direction, symbol))
    return False
