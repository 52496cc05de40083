"""`asgi-inspect merge`: several traces become one, in order of time, and nothing is lost on the way."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ScopeRecord
from tests.trace.served import capture


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two traces of real servers, one of them compressed."""
    first = capture("uvicorn", tmp_path_factory.mktemp("uvicorn"))
    second = capture("hypercorn", tmp_path_factory.mktemp("hypercorn"))
    packed = second.with_suffix(".jsonl.gz")
    packed.write_bytes(gzip.compress(second.read_bytes()))
    return [packed, first]


def merge(*words: str | Path, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "asgi_inspect", "merge", *map(str, words)]
    return subprocess.run(command, capture_output=True, input=stdin, timeout=60)


def test_two_traces_are_one_in_order_of_time(traces: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "all.jsonl"
    done = merge(*traces, "-o", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    lines = out.read_bytes().splitlines()
    whole = [*gzip.decompress(traces[0].read_bytes()).splitlines(), *traces[1].read_bytes().splitlines()]
    assert sorted(lines) == sorted(whole)
    times = [record.at for record in read_trace(out) if isinstance(record, ScopeRecord)]
    assert times == sorted(times)
    again = tmp_path / "again.jsonl"
    assert merge(out, traces[1], "-o", again).returncode == 0
    assert again.read_bytes() == out.read_bytes()


def test_a_filter_chooses_what_is_merged(traces: list[Path]) -> None:
    done = merge(*traces, "type:websocket")
    conns = {json.loads(line).get("conn") for line in done.stdout.splitlines()} - {None}
    assert done.returncode == 0
    assert len(conns) == 4  # two of each server


def test_nothing_that_matches_is_said_by_the_status(traces: list[Path]) -> None:
    assert merge(*traces, "path:/nowhere/at/all").returncode == 1


def test_damage_is_said_and_the_rest_written(traces: list[Path], tmp_path: Path) -> None:
    torn, out = tmp_path / "torn.jsonl", tmp_path / "all.jsonl"
    torn.write_bytes(traces[1].read_bytes()[:-20])
    done = merge(torn, "-o", out)
    assert done.returncode == 3
    number = torn.read_bytes().count(b"\n") + 1
    assert done.stderr.decode() == f"asgi-inspect: {torn}, line {number}: torn: the line ends in the middle\n"
    assert out.read_bytes().count(b"\n") == number - 1


def test_standard_input_may_be_one_of_them(traces: list[Path]) -> None:
    done = merge("-", traces[0], stdin=traces[1].read_bytes())
    assert done.returncode == 0
    assert {json.loads(line)["record"] for line in done.stdout.splitlines()} >= {"process", "scope", "end", "exit"}


@pytest.mark.parametrize("words", [["-o", "x.jsonl"], ["no-such.jsonl"], ["."], [__file__], [__file__, "-o", "x.gz"]])
def test_a_wrong_input_is_one_sentence_and_leaves_no_file(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = merge(*words, *([] if "-o" in words else ["-o", "x.jsonl"]))
    assert done.returncode == 2
    assert done.stderr.startswith(b"asgi-inspect: ")
    assert done.stderr.count(b"\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_read_is_not_written(traces: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(traces[1].read_bytes())
    done = merge(path, "-o", path)
    assert done.returncode == 2
    assert path.read_bytes() == traces[1].read_bytes()
