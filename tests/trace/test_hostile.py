"""What nobody should write: a trace of which every byte may be wrong. All of it is read, or said, and nothing else happens."""

import contextlib
import copy
import io
import os
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asgi_inspect.errors import NotATraceError
from asgi_inspect.trace.filter import parse_filter
from asgi_inspect.trace.overview import Overview
from asgi_inspect.trace.read import Damage, read_trace
from asgi_inspect.trace.search import Traces, connections
from tests.serving import ROOT
from tests.trace.made import EVERYTHING, all_facts
from tests.trace.served import capture
from tests.trace.test_search import Gathered, pieces

SLOW = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=15)
FILTERS = [parse_filter(text) for text in ("", "status:2xx", "tea body:tea path:/api/* -header:x")]

SCOPE = b'{"record":"scope","conn":"p.1","at":"2026-11-22T09:30:00.000001Z","scope":{"type":"http","path":"/"}}\n'
RECEIVE = (
    b'{"record":"receive","conn":"p.1","n":1,"t_us":2,"wait_us":1,"message":{"type":"http.request","body":"abc"}}\n'
)
START = b'{"record":"send","conn":"p.1","n":2,"t_us":3,"message":{"type":"http.response.start","status":200}}\n'
BODY = b'{"record":"send","conn":"p.1","n":3,"t_us":4,"message":{"type":"http.response.body","body":"xy"}}\n'
END = b'{"record":"end","conn":"p.1","n":4,"t_us":5,"outcome":"returned"}\n'
ONE = SCOPE + RECEIVE + START + BODY + END
PROCESS = b'{"record":"process","v":%d,"proc":"p","at":"","pid":7,"parent_pid":1,"host":"h","argv":[],"python":"3","asgi_inspect":"0"}\n'


def read_all(file: Path) -> list[Damage]:
    """Read it in every way there is; the damage that a glance at all of it met."""
    damages: list[Damage] = []
    for wanted in FILTERS:
        damages.clear()
        with contextlib.suppress(NotATraceError), Traces([file], jobs=1, on_damage=damages.append) as traces:
            sink, overview = traces.survey(Gathered, wanted, EVERYTHING)
            for one in sink.taken:
                all_facts(one)
            assert isinstance(overview, Overview)
        met = list(damages)
        with contextlib.suppress(NotATraceError), Traces([file], jobs=1, on_damage=damages.append) as traces:
            for connection in traces.connections(wanted):
                all_facts(connection)
            list(traces.summaries(wanted))
    return met


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For files that each example of a property writes anew."""
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The lines of a trace of uvicorn."""
    return capture("uvicorn", tmp_path_factory.mktemp("traffic")).read_bytes().splitlines(keepends=True)


@SLOW
@given(st.data())
def test_bytes_of_any_kind(folder: Path, real: list[bytes], data: st.DataObject) -> None:
    """Flipped, cut, spliced, doubled."""
    begin = data.draw(st.integers(0, len(real) - 1))
    trace = bytearray(b"".join(real[begin : begin + 8]))
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(trace) - 1)) if trace else 0
        match data.draw(st.sampled_from(["cut", "flip", "insert", "drop", "double"])):
            case "cut":
                del trace[max(at, 1) :]
            case "flip" if trace:
                trace[at] = data.draw(st.integers(0, 255))
            case "insert":
                trace[at:at] = data.draw(
                    st.binary(max_size=30) | st.sampled_from([b'{"record":"', b"\0" * 40, b"\n", b'"'])
                )
            case "drop":
                del trace[at : at + data.draw(st.integers(1, 200))]
            case _:
                trace[at:at] = trace[at : at + data.draw(st.integers(1, 900))]
    file = folder / "bytes.jsonl"
    file.write_bytes(trace)
    read_all(file)
    with pieces(300, 100):
        read_all(file)


strange: st.SearchStrategy[Any] = st.sampled_from(
    [
        None, True, -1, 0, 2**31, 2**63 - 1, 2**63, -(2**63), 2**64 - 1, 0.5, 1e300, "", "…", "x" * 5000, "\x1b[31m", "é\u2028",
        [], [[]], {}, {"$base64": "//8="}, {"$base64": 7}, {"$truncated": {"size": -5, "head": "x"}}, {"$truncated": None},
        {"$map": 7}, {"$map": [[1, 2], [3]]}, {"$int": "9" * 5000}, {"$text": "\\ud800"}, {"$unknown": 1}, {"$parts": ["a", 7]},
        {"$redacted": {"size": "x"}}, ["a", {"b": [None]}],
    ]
).map(copy.deepcopy)  # fmt: skip


def places_in(tree: Any) -> list[tuple[Any, Any]]:
    """Each value of a nest, as what holds it and its key there."""
    found, waiting = [], [tree]
    while waiting:
        holder = waiting.pop()
        items = holder.items() if isinstance(holder, dict) else enumerate(holder)
        for key, value in list(items):
            found.append((holder, key))
            if isinstance(value, dict | list):
                waiting.append(value)
    return found


@SLOW
@given(st.data())
def test_values_of_any_type_in_any_place(folder: Path, real: list[bytes], data: st.DataObject) -> None:
    lines = []
    for line in data.draw(st.lists(st.sampled_from(real), min_size=1, max_size=9)):
        tree = orjson.loads(line)
        for _ in range(data.draw(st.integers(0, 3))):
            holder, key = data.draw(st.sampled_from(places_in(tree)))
            holder[key] = data.draw(strange)
        lines.append(orjson.dumps(tree))
    file = folder / "values.jsonl"
    file.write_bytes(b"\n".join(lines))
    read_all(file)


@pytest.mark.parametrize(
    "conn",
    ["x" * 1_000_000, "", "…", 'a\\"b', "a\\\\", "\\u00e9.1", "\\n", "a\\/b.1", ".", "1", "p.1\x7f", "日本.1"],
    ids=lambda conn: ascii(conn[:9]),
)
def test_an_id_of_any_form(conn: str, tmp_path: Path) -> None:
    file = tmp_path / "ids.jsonl"
    file.write_bytes(
        ONE + ONE.replace(b'"p.1"', f'"{conn}"'.encode()).replace(b'"/"', b'"/other"') + ONE.replace(b"p.1", b"q.1")
    )
    name = orjson.loads(f'"{conn}"')
    for size in (200 + 3 * len(conn), 10_000_000):
        with pieces(size, 100 + len(conn) // 4):
            assert [one.conn for one in connections(file, "path:/other")] == [name]
            assert [one.conn for one in connections(file, "path:/other status:200")] == [name]
            assert {one.conn for one in Traces([file], jobs=1).summaries(FILTERS[0])} == {"p.1", name, "q.1"}


@pytest.mark.parametrize("conn", [b"7", b"null", b"[]", b'{"a":1}', b'"\\ud800"'])
def test_an_id_that_is_none_is_damage(conn: bytes, tmp_path: Path) -> None:
    file = tmp_path / "ids.jsonl"
    file.write_bytes(ONE + ONE.replace(b'"p.1"', conn))
    assert [damage.line for damage in read_all(file)] == [6, 7, 8, 9, 10]
    assert [one.conn for one in connections(file, on_damage=lambda damage: None)] == ["p.1"]


@pytest.mark.parametrize("n", [b"-1", b"0", b"9223372036854775808", b"99999999999999999999999999", b"3"])
@pytest.mark.parametrize("t_us", [b"-1", b"9223372036854775808", b"-99999999999999999999999999"])
def test_numbers_beyond_all_bounds(n: bytes, t_us: bytes, tmp_path: Path) -> None:
    file = tmp_path / "numbers.jsonl"
    file.write_bytes(ONE.replace(b'"n":3,"t_us":4', b'"n":%s,"t_us":%s' % (n, t_us)))
    damages = read_all(file)
    found = list(Traces([file], jobs=1, on_damage=lambda damage: None).summaries(FILTERS[0]))
    assert [one.conn for one in found] == ["p.1"]
    assert found[0].status == 200
    assert damages == [] or [damage.line for damage in damages] == [4]


FAULTS: list[tuple[str, bytes, list[int]]] = [
    ("torn last line", ONE + ONE[:40], [6]),
    ("NUL bytes", ONE[:150] + b"\0" * 4000 + b"\n" + ONE, [2]),
    ("a hole", ONE + b"\0" * 4000 + ONE.replace(b"p.1", b"p.2"), [6]),
    ("binary rubbish", ONE + bytes(range(14, 256)) * 9 + b"\n" + ONE.replace(b"p.1", b"p.2"), [6]),
    ("not UTF-8 where nobody looks", ONE.replace(b'"path":"/"', b'"path":"/","x":"\xff"', 1), [1]),
    ("another format", ONE + b'{"level":"info","msg":"started"}\n' + ONE.replace(b"p.1", b"p.2"), [6]),
    ("two records on a line", ONE.replace(b"}\n", b"}", 1), [1]),
    ("a missing field", ONE.replace(b'"wait_us":1,', b""), [2]),
    ("a wrong type", ONE.replace(b'"t_us":3', b'"t_us":"3"'), [3]),
    ("an unknown outcome", ONE.replace(b"returned", b"exploded"), [5]),
    ("a later version", PROCESS % 2 + ONE, [1]),
    ("two versions", PROCESS % 1 + ONE + PROCESS % 2 + ONE.replace(b"p.1", b"p.2"), [7]),
    ("no fault: a kind of a later version", ONE + b'{"record":"finding","code":7}\n', []),
    ("no fault: empty lines", b"\n" + ONE.replace(b"\n", b"\r\n\n"), []),
    ("no fault: out of order", b"".join(reversed(ONE.splitlines(keepends=True))), []),
    ("no fault: without its scope", RECEIVE + START + BODY + END, []),
    ("no fault: without its end", SCOPE + RECEIVE + START + BODY, []),
    ("no fault: clocks that jump", ONE + ONE.replace(b"p.1", b"p.2").replace(b"2026", b"1999"), []),
    ("no fault: no time", ONE.replace(b"2026-11-22T09:30:00.000001Z", b"soon"), []),
]


@pytest.mark.parametrize(("data", "damaged"), [pytest.param(*one, id=name) for name, *one in FAULTS])
def test_each_fault_is_said_once_with_its_line(data: bytes, damaged: list[int], tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_bytes(data)
    ways: list[Callable[[Traces], Any]] = [
        lambda traces: list(traces.connections(FILTERS[0])),
        lambda traces: list(traces.connections(FILTERS[1])),
        lambda traces: list(traces.summaries(FILTERS[0])),
        lambda traces: traces.survey(Gathered, FILTERS[1]),
    ]
    for size in (150, 10_000_000):
        for way in ways:
            damages: list[Damage] = []
            with pieces(size, 70), Traces([file], jobs=1, on_damage=damages.append) as traces:
                way(traces)
            assert [(damage.file, damage.line) for damage in damages] == [(str(file), line) for line in damaged]
    assert "p.1" in {one.conn for one in connections(file, on_damage=lambda damage: None)}


def test_a_later_version_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_bytes(PROCESS % 2 + ONE)
    damages = read_all(file)
    assert [damage.reason for damage in damages] == ["version 2 of the trace format, which needs a newer asgi-inspect"]


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_bytes(b"".join(ONE.replace(b"p.1", b"p.%d" % n) for n in range(100)))
    with pieces(500, 100), Traces([file], jobs=1, on_damage=lambda damage: None) as traces:
        found = traces.summaries(FILTERS[0])
        assert next(found).conn == "p.0"
        os.truncate(file, 10_000)
        assert len(list(found)) < 60
        lines = traces.lines(FILTERS[1])
        next(lines)
        os.truncate(file, 0)
        list(lines)


CHILD = textwrap.dedent(
    """
    import re, sys
    from asgi_inspect.trace.filter import parse_filter
    from asgi_inspect.trace.search import Traces

    class Count:
        def __init__(self): self.count = 0
        def take(self, summary): self.count += 1
        def merge(self, other): self.count += other.count

    damages = []
    sink, _ = Traces(sys.argv[1:], jobs=1, on_damage=damages.append).survey(Count, parse_filter("status:200"))
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
    print(sink.count, len(damages), damages[0].line if damages else 0, peak >> 10)
    """
)


def in_a_child(file: Path) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(file)], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [int(number) for number in done.stdout.split()]


def test_a_line_of_100_mb_is_damage_and_not_held_whole(tmp_path: Path) -> None:
    file = tmp_path / "long.jsonl"
    with file.open("wb") as sink:
        sink.write(ONE + START[:-3] + b',"x":"')
        for _ in range(100):
            sink.write(b"y" * 1_000_000)
        sink.write(b'"}}\n' + ONE.replace(b"p.1", b"p.2"))
    found, damages, line, peak = in_a_child(file)
    assert (found, damages, line) == (2, 1, 6)
    assert peak < 300  # of the line so much as the limit is held, and once more while it is put together


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for count in (2_000, 60_000):
        file = tmp_path / f"{count}.jsonl"
        with file.open("wb") as sink:
            sink.writelines(ONE.replace(b"p.1", b"p.%d" % n) for n in range(count))
        found, damages, _, peak = in_a_child(file)
        assert (found, damages) == (count, 0)
        peaks.append(peak)
    assert peaks[1] < peaks[0] + 15


@pytest.mark.parametrize(
    "line",
    [
        b'{"record":"' * 50_000,
        b'{"record":"scope","conn":"p.9","at":"","scope":' + b'{"a":' * 50_000,
        b'{"record":"send","conn":"p.9","n":1,"t_us":1,"message":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"record":"exit","x":' + b"9" * 200_000 + b"}",
        b'{"record":"send","conn":"p.9","n":' + b"9" * 5000 + b',"t_us":1}',
    ],
    ids=["marks", "nest without end", "deep nest", "huge number", "huge n"],
)
def test_a_hostile_line_costs_no_more_than_its_size(line: bytes, tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_bytes(ONE + line + b"\n" + ONE.replace(b"p.1", b"p.2"))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(file)], cwd=ROOT, capture_output=True, check=True, text=True, timeout=60
    )
    assert done.stdout.split()[0] == "2"


def test_very_many_faults_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_bytes(ONE + b"INFO: tea\n" * 5000 + ONE.replace(b"p.1", b"p.2"))
    damages: list[Damage] = []
    found = list(Traces([file], jobs=1, on_damage=damages.append).summaries(FILTERS[0]))
    assert [one.conn for one in found] == ["p.1", "p.2"]
    assert len(damages) == 5000
    assert (damages[0].line, damages[99].line) == (6, 105)


def test_nothing_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_bytes(ONE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_all(file) == []
        assert list(read_trace(io.BytesIO(b""))) == []
