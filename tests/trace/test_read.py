import contextlib
import io
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.errors import NotATraceError
from asgi_inspect.trace.codec import TORN
from asgi_inspect.trace.read import (
    PREFACE_LIMIT,
    Damage,
    Line,
    parse_lines,
    raw_lines,
    read_lines,
    read_trace,
    whole_records,
)
from asgi_inspect.trace.records import Record, SendRecord

ONE = b'{"record":"send","conn":"p.1","n":1,"t_us":2,"message":{"type":"x","body":"\xc3\xa9"}}'
ASCII = ONE.replace(b"\xc3\xa9", b"e")
TWO = b'{"record":"send","conn":"p.1","n":2,"t_us":3}'
LATER = b'{"record":"finding","code":"H201"}'
TORN_ONE = ONE[:60]

FIRST = SendRecord(conn="p.1", n=1, t_us=2, message={"type": "x", "body": "é".encode()})
SECOND = SendRecord(conn="p.1", n=2, t_us=3)


def read(data: bytes) -> tuple[list[Record], list[Damage]]:
    damages: list[Damage] = []
    records = list(read_trace(io.BytesIO(data), on_damage=damages.append))
    return records, damages


def test_a_whole_trace_comes_back(records: list[Record], lines: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert list(read_trace(path)) == records
    assert list(read_trace(str(path))) == records
    assert [line.raw for line in read_lines(path)] == lines
    assert [line.number for line in read_lines(path)] == list(range(1, len(lines) + 1))


def as_binary(path: Path) -> IO[Any]:
    return path.open("rb")


def as_text(path: Path) -> IO[Any]:
    return path.open(encoding="ascii", errors="strict")  # of a text file only the bytes beneath are read


def as_string(path: Path) -> IO[Any]:
    return io.StringIO(path.read_text("utf-8"))


@pytest.mark.parametrize("opener", [as_binary, as_text, as_string])
def test_file_objects_are_read_and_left_open(opener: Callable[[Path], IO[Any]], tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(ONE + b"\n" + TWO + b"\n")
    with opener(path) as file:
        assert list(read_trace(file)) == [FIRST, SECOND]
        assert not file.closed


@pytest.mark.parametrize("opener", [as_binary, as_text, as_string])
def test_a_file_object_is_read_from_where_it_stands(opener: Callable[[Path], IO[Any]], tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(LATER + b"\n" + ASCII + b"\n" + TWO)
    with opener(path) as file:
        file.readline()
        assert [line.raw for line in read_lines(file)] == [ASCII, TWO]


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ONE + b"\n" + TORN_ONE), encoding="ascii"))
    damages: list[Damage] = []
    assert list(read_trace("-", on_damage=damages.append)) == [FIRST]
    assert [damage.line for damage in damages] == [2]
    assert not sys.stdin.closed


def test_a_pipe_gives_each_record_as_it_comes() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as source, open(writing, "wb", buffering=0) as sink:
        records = read_trace(source)
        for n in range(1, 4):
            sink.write(b'{"record":"send","conn":"p.1","n":%d,"t_us":3}\n' % n)
            assert next(records) == SendRecord(conn="p.1", n=n, t_us=3)
        sink.close()
        assert list(records) == []


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n \n\t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_an_empty_file_is_an_empty_trace(data: bytes) -> None:
    assert read(data) == ([], [])


@pytest.mark.parametrize(
    "data",
    [
        ONE + b"\n" + TWO + b"\n",
        ONE + b"\n" + TWO,
        ONE + b"\r\n" + TWO + b"\r\n",
        b"\xef\xbb\xbf" + ONE + b"\n" + TWO + b"\n",
        b"\n\n" + ONE + b"\n  \n\r\n" + TWO + b"\n\n",
        ONE + b"\n" + LATER + b"\n" + TWO + b"\n",
        LATER + b"\n" + ONE + b"\n" + TWO + b"\n",
        b" " + ONE.replace(b":", b": ").replace(b",", b", ") + b"\n" + TWO,
    ],
    ids=["plain", "no last newline", "CRLF", "BOM", "empty lines", "later kind", "later kind first", "spaced"],
)
def test_what_is_no_damage(data: bytes) -> None:
    assert read(data) == ([FIRST, SECOND], [])


@pytest.mark.parametrize(
    ("data", "records", "damaged"),
    [
        (ONE + b"\n" + TORN_ONE + b"\n" + TWO + b"\n", [FIRST, SECOND], [(2, TORN)]),
        (ONE + b"\n" + TORN_ONE, [FIRST], [(2, TORN)]),
        (ONE + b"\nINFO: hello", [FIRST], [(2, TORN)]),
        (ONE + b"\nINFO: hello\n" + TWO, [FIRST, SECOND], [(2, "not JSON: invalid character (byte 0)")]),
        (TORN_ONE + b"\n" + ONE + b"\n" + TWO, [FIRST, SECOND], [(1, TORN)]),
        (b'{"rec\n' + ONE + b"\n" + TWO, [FIRST, SECOND], [(1, TORN)]),
        (TORN_ONE + ONE + b"\n" + TWO, [FIRST, SECOND], [(1, "not JSON: *")]),
        (b"torn-half" + ONE + b"\n" + TWO, [FIRST, SECOND], [(1, "not JSON: *")]),
        (ONE + TWO + b"\n", [FIRST, SECOND], [(1, "not JSON: trailing characters *")]),
        (ONE + b"\0" + TWO + b"\n", [FIRST, SECOND], [(1, "not JSON: trailing characters *")]),
        (ONE + TORN_ONE + TWO + b"\n", [FIRST, SECOND], [(1, "not JSON: *")]),
        (ONE + b"\n" + b"\0" * 5000 + TWO, [FIRST, SECOND], [(2, "*")]),
        (b"\0" * 5000 + ONE + b"\n" + TWO, [FIRST, SECOND], [(1, "not JSON: invalid character (byte 0)")]),
        (ONE + b"\n" + bytes(range(256)) * 2 + b"\n" + TWO, [FIRST, SECOND], [(2, "*"), (3, "*"), (4, "*")]),
        (ONE + b'\n{"record":"send"}\n' + TWO, [FIRST, SECOND], [(2, "no field `conn`")]),
        (ONE + b"\n[]\n{}\n" + TWO, [FIRST, SECOND], [(2, "*"), (3, "no field `record`")]),
        (ONE + b"\n" + TORN_ONE + b"\r\n" + TWO, [FIRST, SECOND], [(2, "*")]),
    ],
)
def test_damage_is_reported_and_what_follows_is_read(
    data: bytes, records: list[Record], damaged: list[tuple[int, str]]
) -> None:
    found, damages = read(data)
    assert found == records
    assert [damage.line for damage in damages] == [line for line, _ in damaged]
    for damage, (_, reason) in zip(damages, damaged, strict=True):
        assert re.fullmatch(re.escape(reason).replace(r"\*", ".*"), damage.reason)


def test_a_part_of_a_torn_record_is_no_record_of_its_own() -> None:
    inner = TWO.decode()
    torn = (
        b'{"record":"scope","conn":"p.1","at":"","scope":{"state":{"a":['
        + inner.encode()
        + b', 1], "b":'
        + inner.encode()
    )
    found, damages = read(ONE + b"\n" + torn + b"},\n" + TWO)
    assert found == [FIRST, SECOND]
    assert len(damages) == 1


def test_lines_that_ran_together_keep_their_bytes() -> None:
    parts = list(read_lines(io.BytesIO(TORN_ONE + TWO + LATER + b"\n" + ONE), on_damage=lambda damage: None))
    assert parts == [Line(1, TWO, SECOND), Line(1, LATER, None), Line(2, ONE, FIRST)]


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n",
        b"{}\n",
        b"{\n",
        b"[]",
        b'{"log": {"version": "1.2"}}',
        b'{"time":"2026","level":"info","msg":"x"}\n',
        b"x" * (PREFACE_LIMIT + 1) + b"\n" + ONE,
        b"\x1f\x8b\x08\x00" + bytes(range(40)),
        b"\0" * 100,
        ONE.decode().encode("utf-16"),
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_no_trace_at_all_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(data)
    with pytest.raises(NotATraceError) as caught:
        list(read_trace(path, on_damage=lambda damage: None))
    why = "gzip: damaged, .*" if data.startswith(b"\x1f\x8b") else "it holds no record"
    assert re.fullmatch(re.escape(f"{path} is no trace of asgi-inspect: ") + why + r"\.", str(caught.value))


def test_a_log_that_begins_with_lines_of_others_is_read() -> None:
    found, damages = read(b'INFO: Started\n\n{"time":"2026","msg":"x"}\n' + ONE + b"\nINFO: Done\n" + TWO)
    assert found == [FIRST, SECOND]
    assert [damage.line for damage in damages] == [1, 3, 5]


def test_a_stream_that_is_no_trace_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with open(writing, "wb") as sink:
        sink.write(b"hello\n")
    with open(reading, encoding="utf-8") as source:
        monkeypatch.setattr(sys, "stdin", source)
        with pytest.raises(NotATraceError):
            list(read_trace("-"))


def test_what_cannot_be_opened_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_trace(tmp_path / "missing.jsonl"))
    with pytest.raises(IsADirectoryError):
        list(read_trace(tmp_path))


def test_damage_is_logged_where_nobody_asks(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(ONE + b"\n" + TORN_ONE + b"\n")
    with caplog.at_level(logging.WARNING, "asgi_inspect"):
        assert list(read_trace(path)) == [FIRST]
    assert caplog.record_tuples == [("asgi_inspect", logging.WARNING, f"{path}, line 2: {TORN}")]


def test_a_line_beyond_the_limit_is_damage_and_never_held_whole() -> None:
    long = ONE[:-2] + b',"x":"' + b"y" * 1000 + b'"}}'
    lines = list(raw_lines(io.BytesIO(TWO + b"\n" + long + b"\n" + ONE + b"\n" + long), limit=100))
    assert [len(line) for line in lines] == [len(TWO) + 1, 101, len(ONE) + 1, 101]
    damages: list[Damage] = []
    parsed = [line.record for line in parse_lines(lines, file="f", on_damage=damages.append, limit=100)]
    assert parsed == [SECOND, FIRST]
    assert damages == [Damage("f", 2, "longer than 100 bytes"), Damage("f", 4, "longer than 100 bytes")]


def test_a_line_of_the_very_limit_is_read() -> None:
    lines = list(raw_lines(io.BytesIO(ONE + b"\n" + TWO), limit=len(ONE) + 1))
    assert [line.record for line in parse_lines(lines, file="f", limit=len(ONE) + 1)] == [FIRST, SECOND]


def test_memory_stays_constant(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "trace.jsonl"
    with path.open("wb") as file:
        for _ in range(200):
            file.write((ONE + b"\n") * 50 + TORN_ONE + b"\n")
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_trace(path, on_damage=lambda damage: None)) == 10_000
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "line",
    [
        b'{"record":"' * 100_000,
        b'{"record":"a","x":' * 20_000,
        b'{"record":"a","x":' * 500 + b"[" + b"1," * 500_000,
        b'{"record":"exit","x":' + b"9" * 200_000 + b"}",
    ],
    ids=["marks", "nest too deep", "nest that ends late", "huge integer"],
)
def test_hostile_lines_cost_no_more_than_their_size(line: bytes) -> None:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.extend(whole_records(line)), daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert found == []


@given(st.data())
def test_mutations_never_cost_an_undamaged_line(lines: list[bytes], data: st.DataObject) -> None:
    """Cut, flip, insert, double, shuffle: whatever line is still there, line breaks on both sides, is read."""
    chosen = data.draw(st.lists(st.sampled_from(lines), min_size=1, max_size=12))
    trace = bytearray(b"\n".join(chosen) + b"\n")
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, max(0, len(trace) - 1)))
        match data.draw(st.sampled_from(["cut", "flip", "insert", "drop"])):
            case "cut":
                del trace[len(trace) - min(len(trace), data.draw(st.integers(0, 80))) :]
            case "flip" if trace:
                trace[at] = data.draw(st.integers(0, 255))
            case "insert":
                trace[at:at] = data.draw(st.binary(max_size=30) | st.just(b'{"record":"') | st.just(b"\0" * 40))
            case _:
                del trace[at : at + data.draw(st.integers(1, 200))]
    check(bytes(trace), set(lines))


def check(trace: bytes, known: set[bytes]) -> None:
    damages: list[Damage] = []
    read: Iterator[Line] = read_lines(io.BytesIO(trace), on_damage=damages.append)
    try:
        found = list(read)
    except NotATraceError:
        first = trace.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").split(b"\n")[0]
        assert b'{"record":"' not in first
        return
    whole = [(number, line) for number, line in enumerate(trace.split(b"\n"), 1) if line in known]
    by_line = {(line.number, line.raw) for line in found}
    assert by_line.issuperset(whole)
    damaged = [damage.line for damage in damages]
    assert len(damaged) == len(set(damaged))
    assert not {number for number, _ in whole} & set(damaged)
    assert all(str(damage).isprintable() for damage in damages)


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_rubbish_behind_a_record_is_only_reported(rubbish: bytes) -> None:
    found, _ = read(ONE + b"\n" + rubbish + b"\n" + TWO + b"\n")
    assert found[0] == FIRST
    assert found[-1] == SECOND


@given(st.binary(max_size=300))
def test_rubbish_alone_is_refused_or_read_but_never_a_crash(rubbish: bytes) -> None:
    with contextlib.suppress(NotATraceError):
        read(rubbish)
