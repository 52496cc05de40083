"""What a trace tells of its processes while it grows."""

import os
from pathlib import Path

import pytest

from asgi_inspect.launch.survey import Survey
from asgi_inspect.trace.codec import encode_record
from asgi_inspect.trace.records import (
    EndRecord,
    ExitRecord,
    ProcessRecord,
    ReceiveRecord,
    Record,
    ScopeRecord,
)

AT = "2026-01-01T00:00:00.000000Z"


def process(proc: str, pid: int, why: str = "start") -> ProcessRecord:
    return ProcessRecord(
        v=1, proc=proc, at=AT, pid=pid, parent_pid=1, host="h", argv=[], python="CPython", asgi_inspect="0", why=why
    )


def scope(conn: str, path: str = "/", layer: int = 0) -> ScopeRecord:
    return ScopeRecord(conn=conn, layer=layer, at=AT, scope={"type": "http", "method": "GET", "path": path})


def end(conn: str, layer: int = 0) -> EndRecord:
    return EndRecord(conn=conn, n=9, layer=layer, t_us=1, outcome="returned")


def lines(*records: Record) -> bytes:
    return b"".join(encode_record(record) + b"\n" for record in records)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "t.jsonl"


def add(file: Path, content: bytes) -> None:
    with file.open("ab") as opened:
        opened.write(content)


def told(survey: Survey) -> dict[str, tuple[int, list[str]]]:
    survey.read()
    return {proc: (writer.pid, list(writer.open)) for proc, writer in survey.writers.items()}


def test_processes_and_what_is_open_in_them(file: Path) -> None:
    survey = Survey(file, 0)
    assert (told(survey), survey.traced) == ({}, False)
    add(file, lines(process("a", 1), scope("a.1"), scope("a.1", layer=1), end("a.1", layer=1), process("b", 2)))
    assert (told(survey), survey.traced) == ({"a": (1, ["a.1"]), "b": (2, [])}, True)
    passed = ReceiveRecord(conn="a.2", n=1, t_us=1, wait_us=1, message={"type": "http.request"})
    add(file, lines(scope("b.1"), scope("a.2"), passed, end("a.2"), process("a", 1, why="rotation"), end("c.1")))
    assert told(survey) == {"a": (1, ["a.1"]), "b": (2, ["b.1"])}
    add(file, lines(ExitRecord(proc="a", at=AT, status=0, open=1), scope("a.3"), ExitRecord(proc="c", at=AT)))
    assert told(survey) == {"b": (2, ["b.1"])}
    survey.close()


def test_half_a_line_waits_for_the_rest(file: Path) -> None:
    survey = Survey(file, 0)
    line = lines(process("a", 1))
    add(file, line[:30])
    assert told(survey) == {}
    add(file, line[30:])
    assert told(survey) == {"a": (1, [])}
    survey.close()


def test_only_this_run_counts(file: Path) -> None:
    add(file, lines(process("before", 1), scope("before.1")))
    survey = Survey(file, os.stat(file).st_size)
    assert told(survey) == {}
    add(file, lines(process("now", 2)))
    assert told(survey) == {"now": (2, [])}
    survey.close()


def test_damage_is_no_hindrance(file: Path) -> None:
    survey = Survey(file, 0)
    add(file, lines(process("a", 1)) + b"\xff\x00\n" + b"[" * 100_000 + b"\n" + b'{"record":3}\n')
    add(file, b'{"record":"process"}\n{"record":"exit"}\n{"record":"scope","conn":"a.9"' + lines(scope("a.1")))
    add(file, lines(scope("a.2")))
    assert told(survey) == {"a": (1, ["a.2"])}
    survey.close()


def test_a_part_that_was_removed_before_it_was_read(file: Path) -> None:
    """What was open before may have ended in it; what came later is known."""
    survey = Survey(file, 0)
    lifespan = ScopeRecord(conn="a.0", at=AT, scope={"type": "lifespan"})
    add(file, lines(process("a", 1), lifespan, scope("a.1")))
    survey.read()
    add(file, lines(scope("a.2")))  # not read before it is removed, but after
    file.unlink()
    add(file, lines(process("b", 2, why="rotation"), process("a", 1, why="rotation"), scope("a.4"), scope("b.4")))
    assert told(survey) == {"a": (1, ["a.0", "a.4"]), "b": (2, ["b.4"])}
    add(file, lines(process("c", 3), scope("a.5"), end("a.4")))
    assert told(survey) == {"a": (1, ["a.0", "a.5"]), "b": (2, ["b.4"]), "c": (3, [])}
    assert {proc: writer.unsure for proc, writer in survey.writers.items()} == {"a": True, "b": True, "c": False}
    survey.close()


def test_a_file_that_is_begun_anew(file: Path) -> None:
    survey = Survey(file, 0)
    add(file, lines(process("a", 1), scope("a.1"), scope("a.2")))
    survey.read()
    file.rename(file.with_suffix(".1"))
    add(file, lines(process("a", 1, why="rotation"), end("a.1")))
    assert told(survey) == {"a": (1, ["a.2"])}
    survey.close()
