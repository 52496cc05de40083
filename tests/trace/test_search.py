import contextlib
import gzip
import io
import os
import random
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asgi_inspect.errors import FilterError, NotATraceError
from asgi_inspect.trace import blocks, parts, search, vicinity
from asgi_inspect.trace.codec import decode_record
from asgi_inspect.trace.facts import Facts
from asgi_inspect.trace.filter import parse_filter
from asgi_inspect.trace.read import Damage
from asgi_inspect.trace.records import ConnectionRecord, EndRecord, ProcessRecord, ReceiveRecord, Record
from asgi_inspect.trace.search import Traces, connections
from asgi_inspect.trace.source import Source
from tests.trace import made
from tests.trace.made import EVERYTHING, all_facts, lines_of, plain_facts, read_whole
from tests.trace.served import capture

SLOW = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=15)
ALL = parse_filter("")
FILTERS = [
    "",
    "status:2xx",
    "-status:2xx",
    "type:http method:GET",
    "path:/tea",
    "path:/*",
    "-path:/tea",
    "query:a=1",
    "host:localhost",
    "outcome:open",
    "-outcome:returned",
    "error:KeyError",
    "route:/t/{x}",
    "slower-than:1ms",
    "larger-than:3",
    "code:1006",
    "message:http.response.start",
    "header:content-type",
    "response-header:x-tea=a",
    "body:tea",
    "-body:tea",
    "text:tea",
    "text:né",
    "-text:tea",
    "text:tea,né status:200",
    "tea",
    "client:127.0.0.1",
    "conn:p.1",
    "conn:1",
    "proc:4711",
    "proc:q",
    "since:2026-11-22T09:30:20",
]


@contextlib.contextmanager
def pieces(part: int, block: int = 64) -> Iterator[None]:
    """Files are cut into parts and blocks of so many bytes, as if they were large."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "PART", part)
        patch.setattr(parts, "FIRST_PART", part)
        patch.setattr(parts, "WORTH_IT", 0)
        patch.setattr(search, "WORTH_IT", 0)
        patch.setattr(blocks, "BLOCK", block)
        patch.setattr(vicinity, "BLOCK", block)
        yield


def silent(damage: Damage) -> None:
    """Damage is not what the test is about."""


def facts(found: Any) -> dict[str, Any]:
    return {one.conn: all_facts(one) for one in found}


class Gathered:
    """A sink that keeps what it takes."""

    def __init__(self) -> None:
        self.taken: list[Facts] = []

    def take(self, facts: Facts) -> None:
        self.taken.append(facts)

    def merge(self, other: "Gathered") -> None:
        self.taken += other.taken


def check(sources: Sequence[Path], text: str, jobs: int = 1) -> None:
    """All ways of reading say what a whole reading says."""
    wanted = parse_filter(text)
    whole, _ = read_whole(*sources)
    expected = {conn: one for conn, one in whole.items() if wanted.decide(one, final=True)}

    def traces() -> Traces:
        return Traces(sources, jobs=jobs, on_damage=silent)

    surveyed, overview = traces().survey(Gathered, wanted)
    conns = [one.conn for one in surveyed.taken]
    assert sorted(conns) == sorted(expected), text
    assert {one.conn for one in overview.open if wanted.decide(one, final=True)} == {
        conn for conn, one in expected.items() if one.outcome == "open"
    }
    assert sorted(one.conn for one in traces().summaries(wanted)) == sorted(expected)
    with traces() as opened:
        found = list(opened.connections(wanted))
        assert len(found) == len(expected)
        assert facts(found) == facts(expected.values()), text
    with traces() as opened:
        records = [decode_record(line) for line in opened.lines(wanted)]
    assert {one.conn for one in records if isinstance(one, ConnectionRecord)} == set(expected)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For files that each example of a property writes anew."""
    return tmp_path_factory.mktemp("search")


@SLOW
@given(made.traces(), st.sampled_from(FILTERS), st.integers(300, 3000), st.integers(20, 300))
def test_all_ways_of_reading_agree(folder: Path, records: list[Record], text: str, part: int, block: int) -> None:
    file = folder / "made.jsonl"
    file.write_bytes(lines_of(records))
    with pieces(part, block):
        check([file], text)


@pytest.mark.parametrize("text", ["conn:7", "conn:#7"])
def test_a_connection_is_found_by_its_number_where_its_process_left_no_record(tmp_path: Path, text: str) -> None:
    file = tmp_path / "lost.jsonl"
    process = ProcessRecord(
        v=1,
        proc="p",
        at="2026-01-01T00:00:00.000000Z",
        pid=1,
        parent_pid=0,
        host="h",
        argv=[],
        python="3",
        asgi_inspect="0",
    )
    ends = [EndRecord(conn=f"{proc}.{n}", n=1, t_us=9, outcome="returned") for proc in ("lost", "p") for n in (7, 17)]
    file.write_bytes(lines_of([process, *ends]))
    with pieces(300):
        check([file], text)


@SLOW
@given(made.traces(), st.integers(100, 300))
def test_a_trace_that_is_cut_into_parts_is_the_same_trace(folder: Path, records: list[Record], part: int) -> None:
    """Also where a connection stands in many parts; what comes after its end is taken in if it stands in the next one."""
    file = folder / "cut.jsonl"
    file.write_bytes(
        lines_of(record for record in records if not isinstance(record, ReceiveRecord) or record.outcome is None)
    )
    whole, _ = read_whole(file)
    with pieces(part, 50):
        found = list(Traces([file], jobs=1).summaries(ALL))
    assert {one.conn: plain(one) for one in found} == {conn: plain(one) for conn, one in whole.items()}


def plain(one: Any) -> dict[str, Any]:
    return plain_facts(one) | {"host": None, "content_type": None}


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trace of uvicorn."""
    return capture("uvicorn", tmp_path_factory.mktemp("real"))


REAL = [
    "",
    "status:201",
    "path:/api/*",
    "path:/api/items/1",
    "body:hidden",
    "text:LEMON",
    "error:OutOfTea",
    "code:4001",
    "tea",
    "header:x-request-id=r2",
    "-status:2xx type:http",
    "conn:nothing",
    "path:/nowhere",
]


@pytest.mark.parametrize("text", REAL)
def test_all_ways_agree_on_real_traffic(text: str, real: Path) -> None:
    check([real], text)
    with pieces(700, 300):
        check([real], text)
        check([real], text, jobs=2)


def test_at_every_place_that_it_may_be_cut_at(real: Path, tmp_path: Path) -> None:
    data = real.read_bytes()
    file = tmp_path / "short.jsonl"
    file.write_bytes(b"\n".join(data.split(b"\n")[:12]) + b"\n")
    whole, _ = read_whole(file)
    expected = facts(whole.values())
    size = file.stat().st_size
    for part in range(1, size, max(1, size // 60)):
        with pieces(part, 100_000):
            assert facts(Traces([file], jobs=1).summaries(ALL, EVERYTHING)) == expected


# --- sources ---------------------------------------------------------------------------------------------------------------


def as_gzip(data: bytes, path: Path) -> Any:
    half = data.index(b"\n", len(data) // 2) + 1
    path.write_bytes(gzip.compress(data[:half]) + b"\0" * 700 + gzip.compress(data[half:]) + b"\0" * 99)
    return path


def as_zstd(data: bytes, path: Path) -> Any:
    half = len(data) // 2
    compress = zstandard.ZstdCompressor().compress
    skipped = b"\x53\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    path.write_bytes(skipped + compress(data[:half]) + skipped + compress(data[half:]))
    return path


def as_file(data: bytes, path: Path) -> Any:
    path.write_bytes(data)
    return path


def as_str(data: bytes, path: Path) -> Any:
    path.write_bytes(data)
    return str(path)


def as_object(data: bytes, path: Path) -> Any:
    return io.BytesIO(data)


def as_gzip_object(data: bytes, path: Path) -> Any:
    return io.BytesIO(gzip.compress(data))


def as_text(data: bytes, path: Path) -> Any:
    return io.StringIO(data.decode())


def as_fifo(data: bytes, path: Path) -> Any:
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=(data,), daemon=True).start()
    return path


def as_gzip_fifo(data: bytes, path: Path) -> Any:
    return as_fifo(gzip.compress(data), path)


KINDS = [as_file, as_str, as_gzip, as_zstd, as_object, as_gzip_object, as_text, as_fifo, as_gzip_fifo]


@pytest.mark.parametrize("text", ["", "path:/api/*", "tea", "proc:nothing"])
@pytest.mark.parametrize("kind", KINDS)
def test_any_source_is_read(kind: Callable[[bytes, Path], Source], text: str, real: Path, tmp_path: Path) -> None:
    wanted = parse_filter(text)
    expected = {conn: one for conn, one in read_whole(real)[0].items() if wanted.decide(one, final=True)}
    data = real.read_bytes()
    with pieces(700, 300):
        found = list(connections(kind(data, tmp_path / "one"), text))
        assert facts(found) == facts(expected.values())
        glanced = Traces([kind(data, tmp_path / "two")]).summaries(wanted)
        assert sorted(one.conn for one in glanced) == sorted(expected)
        lines = list(Traces([kind(data, tmp_path / "three")]).lines(wanted))
        assert set(lines) <= set(data.split(b"\n"))


@pytest.mark.parametrize("text", ["", "path:/api/*"])
def test_standard_input(text: str, real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = sorted(one.conn for one in connections(real, text))
    with real.open(encoding="ascii") as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert sorted(one.conn for one in connections("-", text)) == expected


def test_what_was_kept_of_standard_input_is_removed(
    real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Traces([io.BytesIO(real.read_bytes())]) as traces:
        assert list(traces.lines(parse_filter("path:/api/*")))
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []


# --- several ---------------------------------------------------------------------------------------------------------------


def test_a_file_that_is_named_twice_is_read_once(real: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(real)
    hard = tmp_path / "hard"
    try:
        os.link(real, hard)
    except OSError:  # another file system
        shutil.copy(real, hard)
    roundabout = real.parent / ".." / real.parent.name / real.name
    once = list(Traces([real]).lines(ALL))
    assert list(Traces([real, str(real), link, roundabout]).lines(ALL)) == once


def check_twice(sources: list[Path], real: Path, jobs: int = 1) -> None:
    expected = facts(Traces([real]).summaries(ALL, EVERYTHING))
    sink, overview = Traces(sources, jobs=jobs).survey(Gathered, ALL, EVERYTHING)
    assert len(sink.taken) == len(expected)
    assert facts(sink.taken) == expected
    assert overview.repeated
    summaries = list(Traces(sources, jobs=jobs).summaries(ALL, EVERYTHING))
    assert len(summaries) == len(expected)
    assert facts(summaries) == expected
    for text in ("", "path:/api/*", "tea"):
        found = list(Traces(sources, jobs=jobs).connections(parse_filter(text)))
        assert facts(found) == facts(connections(real, text))
        assert len({one.conn for one in found}) == len(found)


@pytest.mark.parametrize("part", [300, 2000, 10_000_000])
def test_the_same_trace_twice_counts_once(part: int, real: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(real.read_bytes())
    twice = tmp_path / "twice.jsonl"
    twice.write_bytes(real.read_bytes() * 2)
    with pieces(part, 300):
        check_twice([real, copy], real)
        check_twice([twice], real)
        check_twice([copy, twice], real)
        check_twice([twice, real], real, jobs=2)


@pytest.mark.parametrize("part", [300, 10_000_000])
def test_a_rotated_trace_in_either_order(part: int, real: Path, tmp_path: Path) -> None:
    lines = real.read_bytes().splitlines(keepends=True)
    expected = facts(Traces([real]).summaries(ALL, EVERYTHING))
    conns = {one["path"]: conn for conn, one in expected.items()}
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    for at in range(1, len(lines), 5):
        old.write_bytes(b"".join(lines[:at]))
        new.write_bytes(b"".join([lines[0], *lines[at:]]))
        with pieces(part, 300):
            assert facts(Traces([old, new], jobs=1).summaries(ALL, EVERYTHING)) == expected
            backwards = {one.conn: plain(one) for one in Traces([new, old], jobs=1).summaries(ALL)}
            assert backwards.keys() == expected.keys()
            if part > len(real.read_bytes()):  # of three pieces, the order is not known
                assert backwards == {one.conn: plain(one) for one in Traces([real], jobs=1).summaries(ALL)}
            found = [one.conn for one in connections([new, old], "path:/api/items/1")]
            assert found == [conns["/api/items/1"]]


def test_the_processes_are_known(real: Path) -> None:
    with Traces([real]) as traces:
        list(traces.summaries(ALL))
        first = next(iter(traces.processes.values()))
        assert isinstance(first, ProcessRecord)
        assert first.server is not None
        assert first.server.startswith("uvicorn")
    pid = first.pid
    assert list(connections(real, f"proc:{pid}")) != []
    assert list(connections(real, f"proc:{pid + 1}")) == []


# --- ends ------------------------------------------------------------------------------------------------------------------


def test_what_comes_after_the_end_belongs_to_it(tmp_path: Path) -> None:
    """As long as fewer than 512 connections have ended since."""
    file = tmp_path / "late.jsonl"
    ending = '{"record":"scope","conn":"p.%d","at":"2026","scope":{"type":"http"}}\n'
    ending += '{"record":"end","conn":"p.%d","n":1,"t_us":5,"outcome":"returned"}\n'
    late = '{"record":"receive","conn":"p.%d","n":2,"t_us":9,"wait_us":1,"message":{"type":"http.disconnect"}}\n'
    file.write_text("".join(ending % (n, n) + (late % (n - 500) if n > 500 else "") for n in range(1, 3000)))
    found = {one.conn: one.received for one in Traces([file], jobs=1).summaries(ALL)}
    assert len(found) == 2999
    assert sum(found.values()) == 2499
    assert len(list(connections(file))) == 2999


def test_an_open_connection_is_given_out_at_last(real: Path, tmp_path: Path) -> None:
    file = tmp_path / "open.jsonl"
    file.write_bytes(
        b"".join(line for line in real.read_bytes().splitlines(keepends=True) if b'"record":"end"' not in line)
    )
    for found in (list(connections(file)), list(Traces([file]).summaries(ALL))):
        assert found
        assert {one.outcome for one in found} == {"open"}
    assert facts(connections(file, "outcome:open")) == facts(connections(file))
    assert list(connections(file, "-outcome:open")) == []


def test_a_wrong_filter_is_said_at_once_and_a_missing_file_too(tmp_path: Path) -> None:
    with pytest.raises(FilterError):
        list(connections(tmp_path / "missing.jsonl", "statsu:5xx"))
    with pytest.raises(FileNotFoundError):
        list(connections(tmp_path / "missing.jsonl"))
    with pytest.raises(IsADirectoryError):
        list(connections(tmp_path))


@pytest.mark.parametrize("text", ["", "path:/tea", "-status:200"])
def test_what_is_no_trace_is_refused_by_its_name(text: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("tea /tea\n" * 9)
    for read in (
        lambda traces: list(traces.connections(parse_filter(text))),
        lambda traces: list(traces.summaries(parse_filter(text))),
        lambda traces: traces.survey(Gathered, parse_filter(text)),
    ):
        with pytest.raises(NotATraceError, match=str(file)):
            read(Traces([file]))


def test_progress_is_told_to_the_end(real: Path) -> None:
    told: list[tuple[int, int]] = []
    size = real.stat().st_size
    for part in (700, 10_000_000):
        told.clear()
        with pieces(part):
            list(Traces([real], progress=lambda done, total: told.append((done, total))).summaries(ALL))
        assert told[-1] == (size, size)
        assert told == sorted(told)


def test_reading_ends_where_nobody_asks_for_more(real: Path) -> None:
    with pieces(300):
        found: Any = Traces([real], jobs=2).summaries(ALL)
        next(found)
        found.close()
    import multiprocessing

    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("text", ["body:treasure", "body:'half a word'", "outcome:raised", "status:404", "type:http"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_lines_that_somebody_has_put_out_of_order_say_the_same(
    text: str, jobs: int, real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "WORTH_IT", 0)
    shuffled = tmp_path / "shuffled.jsonl"
    for seed in range(3):
        lines = real.read_bytes().splitlines(keepends=True)
        random.Random(seed).shuffle(lines)
        shuffled.write_bytes(b"".join(lines))
        check([shuffled], text, jobs)
