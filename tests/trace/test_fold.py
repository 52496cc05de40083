from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace.connection import Connection, proc_of
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.records import (
    EndRecord,
    ExitRecord,
    LoopRecord,
    LostRecord,
    ProcessRecord,
    Record,
    ScopeRecord,
    SentRecord,
    SkippedRecord,
)

AT = "2026-11-22T09:30:00.000001Z"
SCOPE = ScopeRecord(conn="p.1", at=AT, scope={"type": "http"})


def summary(connection: Connection) -> tuple[Any, ...]:
    """What does not depend on whether the events are kept."""
    return (
        connection.type,
        connection.scope,
        connection.ends,
        connection.status,
        connection.request_bytes,
        connection.response_bytes,
        connection.disconnected,
        connection.close_code,
        connection.gaps,
    )


def test_a_fold_tells_the_connections_apart(records: list[Record]) -> None:
    fold = Fold()
    belongs = [fold.feed(record) for record in records]
    assert [found and found.conn for found in belongs] == [getattr(record, "conn", None) for record in records]
    assert list(fold.connections) == ["p.1", "p.2", "p.3"]
    assert [(c.type, c.status, c.outcome, c.request_bytes, c.response_bytes) for c in fold.connections.values()] == [
        ("lifespan", None, "cancelled", 0, 0),
        ("http", 201, "raised", 3, 1 << 30),
        ("websocket", None, "returned", 6, 2),
    ]
    assert fold.open == []
    assert [record.why for record in fold.lost] == ["No space left on device"]
    assert [record.why for record in fold.skipped] == ["sample"]
    assert fold.exits["p"].status == -15
    process = fold.process_of("p.2")
    assert process is not None
    assert process.app == "main:app"


def process(proc: str, why: str = "start") -> ProcessRecord:
    return ProcessRecord(
        v=1, proc=proc, at=AT, pid=1, parent_pid=1, host="", argv=[], python="3", asgi_inspect="1", why=why
    )


def test_what_is_open_in_a_process_ends_with_it() -> None:
    fold = Fold(keep_events=False, keep_ended=1)
    assert fold.feed(process("p")) is None
    opened = fold.feed(SCOPE)
    other = fold.feed(ScopeRecord(conn="q.1", at=AT, scope={}))
    assert fold.open == [opened, other]
    assert fold.feed(ExitRecord(proc="p", at=AT, status=-9, open=1)) is None
    assert fold.open == [other]
    late = fold.feed(ScopeRecord(conn="p.2", at=AT, scope={}))
    assert late is not None
    assert late.outcome == "open"  # nobody has told how it went
    assert fold.open == [other]
    assert list(fold.connections) == ["q.1", "p.2"]


def test_a_process_that_says_again_who_it_is_stays_the_first() -> None:
    fold = Fold()
    for record in (process("p"), process("p", "rotation"), process("q", "reload")):
        fold.feed(record)
    assert [(proc, record.why) for proc, record in fold.processes.items()] == [("p", "start"), ("q", "reload")]


def test_records_of_no_connection() -> None:
    fold = Fold()
    opened = fold.feed(SCOPE)
    assert fold.feed(LoopRecord(proc="p", at=AT, blocked_us=5, conn="p.1")) is opened
    assert fold.feed(LoopRecord(proc="p", at=AT, blocked_us=5, conn="p.9")) is None
    assert fold.feed(LoopRecord(proc="p", at=AT, blocked_us=5)) is None
    assert fold.feed(LostRecord(proc="p", at=AT, records=1, conns=1, bytes=1, why="full")) is None
    assert fold.feed(SkippedRecord(proc="p", at=AT, conns=1, why="only")) is None
    assert fold.process_of("p.1") is None


def test_ended_connections_are_forgotten_beyond_a_number_and_open_ones_never() -> None:
    fold = Fold(keep_events=False, keep_ended=2)
    fold.feed(ScopeRecord(conn="p.0", at=AT, scope={}))
    for number in range(1, 6):
        fold.feed(ScopeRecord(conn=f"p.{number}", at=AT, scope={}))
        fold.feed(EndRecord(conn=f"p.{number}", n=1, t_us=1, outcome="returned"))
    assert list(fold.connections) == ["p.0", "p.4", "p.5"]
    assert [connection.conn for connection in fold.open] == ["p.0"]
    late = fold.feed(SentRecord(conn="p.4", n=2, of=1, t_us=5, took_us=4))
    assert late is fold.connections["p.4"]
    assert late.outcome == "returned"


def test_processes_that_ended_are_forgotten_beyond_a_number() -> None:
    fold = Fold(keep_events=False, keep_ended=2)
    for proc in "abcde":
        fold.feed(process(proc))
        fold.feed(ScopeRecord(conn=f"{proc}.1", at=AT, scope={}))
    for proc in "abcd":
        fold.feed(ExitRecord(proc=proc, at=AT))
    assert (list(fold.exits), list(fold.processes), list(fold.connections)) == (
        ["c", "d"],
        ["c", "d", "e"],
        ["c.1", "d.1", "e.1"],
    )
    assert [connection.conn for connection in fold.open] == ["e.1"]


@pytest.mark.parametrize(("conn", "proc"), [("ab12.7", "ab12"), ("a.b.7", "a.b"), ("7", ""), ("", "")])
def test_a_connection_names_its_process(conn: str, proc: str) -> None:
    assert proc_of(conn) == proc


@given(st.data())
def test_a_live_and_a_finished_trace_fold_the_same(records: list[Record], data: st.DataObject) -> None:
    live, finished = Fold(keep_events=False, keep_ended=0), Fold()
    seen: dict[str, tuple[Any, ...]] = {}
    for record in data.draw(st.permutations(records)):
        finished.feed(record)
    for record in records:
        connection = live.feed(record)
        if connection is not None:
            seen[connection.conn] = summary(connection)
    assert live.connections == {}
    assert seen == {conn: summary(connection) for conn, connection in finished.connections.items()}


def test_a_view_that_runs_for_days_remembers_as_much_of_what_is_missing() -> None:
    fold = Fold(keep_events=False, keep_ended=10)
    for number in range(1000):
        fold.feed(SkippedRecord(proc="p", at=AT, conns=number, why="sample"))
        fold.feed(LostRecord(proc="p", at=AT, records=number, conns=1, bytes=1, why="full"))
    assert [record.conns for record in fold.skipped] == list(range(990, 1000))
    assert len(fold.lost) == 10
