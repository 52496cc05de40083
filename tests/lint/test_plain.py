"""What is found does not depend on the short cuts: the same with every rule asked of everything."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.lint.choice import Choice
from asgi_inspect.lint.dispatch import Dispatch
from asgi_inspect.lint.linter import Linter
from asgi_inspect.testing import http_scope, lifespan_scope, websocket_scope
from asgi_inspect.trace.records import (
    EndRecord,
    ErrorInfo,
    Outcome,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SentRecord,
)
from tests.lint.telling import AT
from tests.lint.test_hostile_records import connections
from tests.lint.test_sequences import Word, legal_talks, message, mutations

Story = tuple[str, str, tuple[int, ...], str]
ENDS: list[Outcome] = ["returned", "returned", "raised", "cancelled"]
ERRORS = [ErrorInfo(type="builtins.BrokenPipeError", bases=["builtins.OSError"]), ErrorInfo(type="builtins.ValueError")]


def stories(records: list[Record], *, ask_all: bool) -> list[Story]:
    linter = Linter()
    if ask_all:
        linter._dispatch = Dispatch(Choice().rules(), ask_all=True)
    found = [finding for record in records for finding in linter.feed(record)]
    return sorted((finding.code, finding.key, finding.records, finding.sentence) for finding in found)


@st.composite
def scopes(draw: st.DrawFn, type: str) -> dict[str, Any]:
    """A scope as servers have it, lists in place of tuples as in a trace."""
    changes: dict[str, Any] = {"client": ["127.0.0.1", 50000], "server": ["127.0.0.1", 80]}
    if type == "lifespan":
        return lifespan_scope()
    headers: list[list[bytes]] = [[b"host", b"a"]]
    for name, value in ((b"content-length", b"3"), (b"transfer-encoding", b"chunked"), (b"expect", b"100-continue")):
        if draw(st.integers(0, 3)) == 0:
            headers.append([name, value])
    changes["headers"] = headers
    changes["asgi"] = {"version": "3.0", "spec_version": draw(st.sampled_from(["2.0", "2.3", "2.4", "2.5"]))}
    if draw(st.integers(0, 3)) == 0:
        changes["state"] = {"db": 1}
    if type == "websocket":
        return websocket_scope(**changes)
    return http_scope(method=draw(st.sampled_from(["GET", "HEAD", "POST", "CONNECT"])), **changes)


@st.composite
def varied(draw: st.DrawFn, symbol: str) -> dict[str, Any]:
    """A message of that symbol, plain or with something to it."""
    plain = message(symbol)
    if symbol.startswith("http.response.start"):
        plain["status"] = draw(st.sampled_from([200, 200, 204, 304, 404, 500, 101]))
        headers = draw(
            st.sampled_from([[], [[b"content-length", b"1"]], [[b"content-length", b"2"]], [[b"Content-Length", b"1"]]])
        )
        plain["headers"] = headers
    elif "body" in plain:
        plain["body"] = draw(st.sampled_from([b"", b"x", b"xx"]))
    return plain


@st.composite
def traces(draw: st.DrawFn) -> list[Record]:
    """A connection of any kind, legal or nearly so, with what may happen beside its messages."""
    talk: tuple[str, list[Word]] = draw(legal_talks())
    type, words = talk
    mutated: bool = draw(st.booleans())
    if words and mutated:
        words = draw(mutations(words, type))
    records: list[Record] = [ScopeRecord(conn="p.1", at=AT, scope=draw(scopes(type)))]
    n = us = 0
    for word in words:
        n, us = n + 1, us + draw(st.sampled_from([0, 1, 1000, 2_000_000]))
        records += draw(steps(word, n, us))
        n = records[-1].n  # type: ignore[union-attr]  # all but the first have one
        if draw(st.integers(0, 30)) == 0:
            n += 1  # a record is lost
    outcome = draw(st.sampled_from(ENDS))
    error = draw(st.sampled_from(ERRORS)) if outcome == "raised" else None
    returned = draw(st.sampled_from([None, None, "builtins.int"]))
    records.append(EndRecord(conn="p.1", n=n + 1, t_us=us, outcome=outcome, error=error, returned=returned))
    return records


@st.composite
def steps(draw: st.DrawFn, word: Word, n: int, us: int) -> list[Record]:
    """One message, and what may come of it."""
    direction, symbol = word
    body = draw(varied(symbol))
    once = draw(st.sampled_from([[], [], [], ["headers"]]))
    if direction == "receive":
        waits = st.sampled_from([0, 10, 500, 5_000_000])
        found: list[Record] = []
        if draw(st.integers(0, 6)) == 0:
            found.append(ReceiveRecord(conn="p.1", n=n, t_us=us, wait_us=draw(waits), outcome="cancelled"))
            n += 1
        found.append(ReceiveRecord(conn="p.1", n=n, t_us=us, wait_us=draw(waits), message=body, once=once))
        return found
    records: list[Record] = [SendRecord(conn="p.1", n=n, t_us=us, message=body, once=once)]
    if draw(st.integers(0, 12)) == 0:
        error = draw(st.sampled_from(ERRORS))
        records.append(SentRecord(conn="p.1", n=n + 1, of=n, t_us=us, took_us=5, outcome="raised", error=error))
    return records


@given(st.lists(traces(), min_size=1, max_size=2))
def test_short_cuts_change_nothing(several: list[list[Record]]) -> None:
    records = [record for number, one in enumerate(several) for record in _renamed(one, f"p.{number}")]
    assert stories(records, ask_all=False) == stories(records, ask_all=True)


@given(connections())
def test_short_cuts_change_nothing_of_what_is_hostile(records: list[Record]) -> None:
    assert stories(records, ask_all=False) == stories(records, ask_all=True)


def _renamed(records: list[Record], conn: str) -> list[Record]:
    from msgspec.structs import replace

    return [replace(record, conn=conn) for record in records]
