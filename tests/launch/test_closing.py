"""What is written into a trace when the server has gone."""

import os
from pathlib import Path

import pytest

from asgi_inspect.launch.closing import close_trace
from asgi_inspect.launch.place import Place
from asgi_inspect.trace.codec import encode_record
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import EndRecord, ExitRecord, ProcessRecord, Record, ScopeRecord

AT = "2026-01-01T00:00:00.000000Z"
GONE = 2**22 + 1  # beyond the largest number that a process can have on Linux


def process(proc: str, pid: int) -> ProcessRecord:
    return ProcessRecord(
        v=1, proc=proc, at=AT, pid=pid, parent_pid=1, host="h", argv=[], python="CPython", asgi_inspect="0"
    )


def scope(conn: str, path: str = "/") -> ScopeRecord:
    return ScopeRecord(conn=conn, at=AT, scope={"type": "http", "method": "GET", "path": path})


def end(conn: str, layer: int = 0) -> EndRecord:
    return EndRecord(conn=conn, n=9, layer=layer, t_us=1, outcome="returned")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.named(str(tmp_path / "t.jsonl"), append=False)


def write(place: Place, *records: Record, tail: bytes = b"") -> None:
    os.write(place.fd, b"".join(encode_record(record) + b"\n" for record in records) + tail)


def exits(place: Place) -> dict[str, tuple[int | None, int | None]]:
    records = read_trace(place.path, on_damage=lambda damage: None)
    return {record.proc: (record.status, record.open) for record in records if isinstance(record, ExitRecord)}


def test_each_process_gets_its_exit(place: Place) -> None:
    write(
        place,
        process("server", GONE),
        process("worker", GONE + 1),
        process("polite", GONE + 2),
        scope("server.1"),
        scope("worker.1", "/slow"),
        ScopeRecord(conn="worker.1", layer=1, at=AT, scope={}),
        end("worker.1", layer=1),
        scope("worker.2"),
        end("worker.2"),
        ExitRecord(proc="polite", at=AT, status=0, open=0),
        tail=b'{"record":"send","conn":"wor',
    )
    closed = close_trace(place, pid=GONE, status=-9)
    assert exits(place) == {"polite": (0, 0), "server": (-9, 1), "worker": (None, 1)}
    assert [(c.conn, c.method, c.path) for c in closed.cut_off] == [
        ("server.1", "GET", "/"),
        ("worker.1", "GET", "/slow"),
    ]
    assert (closed.records, closed.running) == (10, [])
    place.close(keep=True)


def test_nothing_is_written_twice(place: Place) -> None:
    write(place, process("server", GONE))
    close_trace(place, pid=GONE, status=0)
    before = place.path.read_bytes()
    close_trace(place, pid=GONE, status=0)
    assert place.path.read_bytes() == before
    place.close(keep=True)


def test_a_process_that_goes_on_writing_gets_none(place: Place) -> None:
    write(place, process("server", GONE), process("orphan", os.getpid()), scope("orphan.1"))
    other = Place.named(str(place.path), append=True)  # its lock says that somebody still writes
    closed = close_trace(place, pid=GONE, status=-9)
    assert exits(place) == {"server": (-9, 0)}
    assert (closed.running, closed.cut_off) == ([os.getpid()], [])
    other.close(keep=True)
    place.close(keep=True)


def test_a_number_that_another_process_has_by_now_does_not_count(place: Place) -> None:
    write(place, process("worker", os.getpid()))
    assert close_trace(place, pid=GONE, status=0).running == []
    assert exits(place) == {"worker": (None, 0)}
    place.close(keep=True)


def test_runs_of_before_are_not_touched(place: Place) -> None:
    write(place, process("before", GONE), scope("before.1"))
    place.close(keep=True)
    again = Place.named(str(place.path), append=True)
    write(again, process("now", GONE))
    closed = close_trace(again, pid=GONE, status=1)
    assert exits(again) == {"now": (1, 0)}
    assert (closed.records, closed.cut_off) == (1, [])
    again.close(keep=True)


def test_an_empty_trace(place: Place) -> None:
    closed = close_trace(place, pid=GONE, status=2)
    assert (closed.records, closed.cut_off, closed.running) == (0, [], [])
    assert place.path.read_bytes() == b""
    place.close(keep=False)


def test_damage_in_the_middle_is_no_hindrance(place: Place) -> None:
    write(place, process("server", GONE), tail=b"\xff\x00\n" + b"[" * 100_000 + b"\n" + b'{"record":3}\n')
    write(place, scope("server.1"))
    assert [c.conn for c in close_trace(place, pid=GONE, status=0).cut_off] == ["server.1"]
    place.close(keep=True)
