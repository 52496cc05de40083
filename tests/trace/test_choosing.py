"""Records of a trace that grows: which are shown, and when."""

from collections.abc import Iterable
from typing import Any

import pytest

from asgi_inspect.trace import choosing
from asgi_inspect.trace.choosing import Choice, Chooser
from asgi_inspect.trace.codec import decode_record, encode_record
from asgi_inspect.trace.filter import parse_filter
from asgi_inspect.trace.read import Line
from asgi_inspect.trace.records import (
    EndRecord,
    ExitRecord,
    LoopRecord,
    LostRecord,
    ProcessRecord,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
)

AT = "2026-11-22T09:30:00.000001Z"


def process(proc: str, pid: int) -> ProcessRecord:
    return ProcessRecord(v=1, proc=proc, at=AT, pid=pid, parent_pid=1, host="h", argv=[], python="3", asgi_inspect="0")


def scope(conn: str, path: str = "/", **more: Any) -> ScopeRecord:
    return ScopeRecord(conn=conn, at=AT, scope={"type": "http", "path": path, **more})


def start(conn: str, status: int = 200, n: int = 1) -> SendRecord:
    return SendRecord(conn=conn, n=n, t_us=n, message={"type": "http.response.start", "status": status, "headers": []})


def chunk(conn: str, n: int, body: bytes = b"x") -> SendRecord:
    return SendRecord(conn=conn, n=n, t_us=n, message={"type": "http.response.body", "body": body, "more_body": True})


def end(conn: str, n: int = 9, layer: int = 0) -> EndRecord:
    return EndRecord(conn=conn, n=n, t_us=n, outcome="returned", layer=layer)


def choose(only: Iterable[str] = (), ignore: Iterable[str] = ()) -> Chooser:
    return Chooser(Choice(list(map(parse_filter, only)), list(map(parse_filter, ignore))))


def feed(chooser: Chooser, *records: Record) -> list[list[Record | None]]:
    """What is shown after each record."""
    lines = [Line(1, encode_record(record), record) for record in records]
    return [[shown.record for shown in chooser.feed(line)] for line in lines]


def test_without_filters_all_is_shown_at_once() -> None:
    records: list[Record] = [process("p", 1), scope("p.1"), start("p.1"), end("p.1"), ExitRecord(proc="p", at=AT)]
    assert feed(choose(), *records) == [[record] for record in records]


def test_a_connection_is_shown_from_its_beginning_once_it_is_decided() -> None:
    records: list[Record] = [scope("p.1"), start("p.1", 500), chunk("p.1", 2), end("p.1", 3)]
    assert feed(choose(["status:5xx"]), *records) == [[], records[:2], [records[2]], [records[3]]]
    assert feed(choose(["error:*"]), *records) == [[], [], [], []]
    assert feed(choose(["outcome:returned"]), *records) == [[], [], [], records]
    assert feed(choose(["path:/"]), *records) == [[record] for record in records]
    assert feed(choose(["path:/other"]), *records) == [[], [], [], []]


def test_connections_between_each_other() -> None:
    a: list[Record] = [scope("p.1"), start("p.1", 500), end("p.1")]
    b: list[Record] = [scope("p.2"), start("p.2", 200), end("p.2")]
    mixed = [a[0], b[0], b[1], a[1], b[2], a[2]]
    assert feed(choose(["status:500"]), *mixed) == [[], [], [], a[:2], [], [a[2]]]


@pytest.mark.parametrize(
    ("only", "ignore", "shown"),
    [
        ([], [], {"/a", "/b", "/c"}),
        (["path:/a"], [], {"/a"}),
        (["path:/a", "path:/b"], [], {"/a", "/b"}),
        ([], ["path:/a"], {"/b", "/c"}),
        ([], ["path:/a", "path:/b"], {"/c"}),
        (["path:/a,/b"], ["path:/b"], {"/a"}),
        (["path:/a"], ["path:/a"], set()),
        (["path:/a"], ["error:*"], {"/a"}),
        (["path:/a", "status:500"], ["path:/b"], {"/a"}),
    ],
)
def test_any_of_only_and_none_of_ignore(only: list[str], ignore: list[str], shown: set[str]) -> None:
    conns = {"p.1": "/a", "p.2": "/b", "p.3": "/c"}
    records: list[Record] = [
        record for conn, path in conns.items() for record in (scope(conn, path), start(conn), end(conn))
    ]
    found = [record for each in feed(choose(only, ignore), *records) for record in each]
    assert {record.scope["path"] for record in found if isinstance(record, ScopeRecord)} == shown
    assert len(found) == 3 * len(shown)


def test_what_concerns_the_process_is_always_shown() -> None:
    records: list[Record] = [
        process("p", 1),
        LoopRecord(proc="p", at=AT, blocked_us=9, conn="p.1"),
        LostRecord(proc="p", at=AT, records=1, conns=1, bytes=1, why="x"),
        ExitRecord(proc="p", at=AT),
    ]
    assert feed(choose(["path:/nothing"]), *records) == [[record] for record in records]
    later = Line(1, b'{"record":"of-a-later-version"}', None)
    assert list(choose(["path:/nothing"]).feed(later)) == [later]


def test_a_process_id_is_known() -> None:
    records: list[Record] = [scope("p.1"), end("p.1")]
    assert feed(choose(["proc:4711"]), process("p", 4711), *records)[1:] == [[record] for record in records]
    assert feed(choose(["conn:4711#1"]), process("p", 4711), *records)[1:] == [[record] for record in records]
    assert feed(choose(["proc:4712"]), process("p", 4711), *records)[1:] == [[], []]


def test_an_inner_end_is_no_end_and_late_records_belong_to_their_connection() -> None:
    records: list[Record] = [
        scope("p.1"),
        end("p.1", 1, layer=1),
        start("p.1", 500, 2),
        end("p.1", 3),
        end("p.1", 4, layer=2),
    ]
    assert feed(choose(["status:500"]), *records)[2:] == [records[:3], [records[3]], [records[4]]]
    assert feed(choose(["status:200"]), *records) == [[]] * 5


def test_when_the_process_or_the_trace_is_at_its_end_all_is_decided() -> None:
    gone = ExitRecord(proc="p", at=AT)
    records: list[Record] = [scope("p.1"), chunk("p.1", 1)]
    assert feed(choose(["-status:200"]), *records, gone) == [[], [], [*records, gone]]
    assert feed(choose(["status:200"]), *records, gone) == [[], [], [gone]]
    assert feed(choose(["-status:200"]), *records, ExitRecord(proc="q", at=AT))[2] != [*records]
    chooser = choose(["-status:200"])
    feed(chooser, *records)
    assert [line.record for line in chooser.finish()] == records
    assert list(chooser.finish()) == []


def test_texts_and_bodies_are_gathered_while_they_pass() -> None:
    records: list[Record] = [scope("p.1"), chunk("p.1", 1, b"half a wo"), chunk("p.1", 2, b"rd"), end("p.1", 3)]
    assert feed(choose(["body:word"]), *records) == [[], [], records[:3], [records[3]]]
    assert feed(choose(["text:word"]), *records) == [[]] * 4
    assert feed(choose(["text:half message:http.response.body"]), *records)[1] == records[:2]


def test_what_stands_beside_scopes_and_messages_is_text_too() -> None:
    records: list[Record] = [
        ScopeRecord(conn="p.1", at=AT, scope={}, mapping="own.Scope", shared=["extensions"]),
        ReceiveRecord(conn="p.1", n=1, t_us=1, wait_us=1, message={}, mapping="own.Event"),
        SendRecord(conn="p.1", n=2, t_us=2, message={}, once=["links"], state=["pool"]),
        EndRecord(conn="p.1", n=3, t_us=3, outcome="returned", returned="own.Response"),
    ]
    words = {"Scope": 0, "extensions": 0, "Event": 1, "links": 2, "pool": 2, "Response": 3}
    for word, at in words.items():
        assert feed(choose([f"text:{word}"]), *records)[: at + 1] == [[]] * at + [records[: at + 1]]


def test_a_message_that_passed_unchanged_is_looked_up() -> None:
    inner = SendRecord(conn="p.1", n=1, layer=1, t_us=1, message={"type": "http.response.start", "status": 500})
    records: list[Record] = [scope("p.1"), inner, SendRecord(conn="p.1", n=2, t_us=2, same=1), end("p.1", 3)]
    assert feed(choose(["status:500"]), *records)[2] == records[:3]
    assert feed(choose(["message:http.response.start"]), *records)[2] == records[:3]


def test_what_is_held_is_bounded_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "MOST_HELD", 10_000)
    chooser = choose(["status:500"])
    other = scope("p.2")
    feed(chooser, other, scope("p.1"))
    feed(chooser, *[chunk("p.1", n, b"y" * 1000) for n in range(1, 101)])
    assert chooser.left_out > 80
    shown = feed(chooser, start("p.1", 500, 101))[0]
    assert shown[0] == scope("p.1")
    assert len(shown) + chooser.left_out == 102
    assert feed(chooser, start("p.2", 500, 1)) == [[other, start("p.2", 500, 1)]]


def test_scopes_alone_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "MOST_HELD", 10_000)
    chooser = choose(["status:500"])
    feed(chooser, *[scope(f"p.{at}", "/" + "z" * 1000) for at in range(100)])
    assert chooser.left_out > 80
    assert feed(chooser, start("p.99", 500))[0][0] == scope("p.99", "/" + "z" * 1000)
    assert feed(chooser, start("p.1", 500)) == [[]]  # let go


def test_so_many_connections_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "MOST_UNDECIDED", 10)
    chooser = choose(["status:500"])
    feed(chooser, *[scope(f"p.{at}") for at in range(30)])
    assert chooser.left_out == 20
    assert len(list(chooser.finish())) == 0


def test_after_a_jump_what_is_known_stays_known() -> None:
    chooser = choose(["path:/a"])
    feed(chooser, scope("p.1", "/a"), scope("p.2", "/b"))
    chooser.jump()
    assert feed(chooser, chunk("p.1", 7), chunk("p.2", 7)) == [[chunk("p.1", 7)], []]


def test_lines_pass_as_they_are(lines: list[bytes]) -> None:
    """Those of a whole trace, each as it came; here all three connections are meant in the end."""
    chooser = choose(["conn:p.1,p.2,p.3", "outcome:open"])
    given = [Line(at, raw, decode_record(raw)) for at, raw in enumerate(lines)]
    shown = [line for one in given for line in chooser.feed(one)]
    assert [line.raw for line in shown] == lines
