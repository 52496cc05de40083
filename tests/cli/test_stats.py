"""`asgi-inspect stats`, and `--stats` at the end of a run: what is counted, of real servers too, and how it is said."""

import gzip
import json
import re
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import zstandard

from asgi_inspect.trace.figures import Figures, GroupFigures, LossFigures, OpenFigures, Spread, WorkerFigures
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import (
    EndRecord,
    ExitRecord,
    LostRecord,
    ProcessRecord,
    Record,
    ScopeRecord,
    SkippedRecord,
)
from asgi_inspect.trace.scaled import EstimatedFigures
from tests.capture.sinking import holds
from tests.cli.conftest import AT, OTHER, TRACE, Run, conversation, lines, process
from tests.launch.conftest import free_port
from tests.render.sums import shop
from tests.serving import PATIENCE, ROOT, Process, running
from tests.trace.served import APPLICATION, ask


@pytest.fixture
def summed(run: Run, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """What `stats --json` says of a larger trace."""
    (tmp_path / "shop.jsonl").write_bytes(lines(*shop()))

    def sum_up(*words: str) -> dict[str, Any]:
        result = run("stats", "shop.jsonl", "--json", *words)
        assert (result.returncode, result.stderr) == (0, "")
        found = json.loads(result.stdout)
        assert isinstance(found, dict)
        return found

    return sum_up


def test_a_page_of_figures(run: Run) -> None:
    result = run("stats", "t.jsonl", "--utc")
    assert (result.returncode, result.stderr) == (0, "")
    for words in (
        "GET /one ",
        "GET /seventeen ",
        "count",
        "p99",
        "first byte (ms)",
        "in all      2 connections",
        "200 2",
    ):
        assert words in result.stdout
    assert "\x1b" not in result.stdout
    assert "\x1b[" in run("stats", "t.jsonl", "--color", "always").stdout


def test_into_a_pipe_no_line_is_cut(run: Run, tmp_path: Path) -> None:
    (tmp_path / "long.jsonl").write_bytes(lines(process("aaaa", 1), *conversation("aaaa", 1, "/书籍" * 60)))
    assert "/书籍" * 60 in run("stats", "long.jsonl").stdout
    assert run("stats", "long.jsonl", LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii").stdout.isascii()


def test_several_files_standard_input_and_what_is_packed(run: Run, tmp_path: Path) -> None:
    whole = run("stats", "t.jsonl", "other.jsonl").stdout
    assert "3 connections" in whole
    assert run("stats", "-", given=TRACE + OTHER).stdout == whole
    (tmp_path / "t.gz").write_bytes(gzip.compress(TRACE))
    (tmp_path / "t.zst").write_bytes(zstandard.compress(OTHER))
    assert run("stats", "t.gz", "t.zst").stdout == whole
    assert run("stats", "t.jsonl", "t.jsonl", "other.jsonl").stdout == whole


def test_json_has_all_that_is_documented(summed: Callable[..., dict[str, Any]]) -> None:
    found = summed("--top", "1")
    msgspec.convert(found, Figures, strict=True)
    assert len(found["groups"]) == 5
    page = (ROOT / "docs" / "statistics.md").read_text("utf-8")
    documented = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    kinds = (Figures, GroupFigures, Spread, WorkerFigures, OpenFigures, LossFigures, EstimatedFigures)
    fields = [field.name for kind in kinds for field in msgspec.structs.fields(kind)]
    assert sorted(documented) == sorted(fields)


def test_a_sample_is_scaled_and_what_is_missing_is_said(run: Run, tmp_path: Path) -> None:
    scopes = [
        ScopeRecord(conn=f"aaaa.{n}", at=AT, scope={"type": "http", "method": "GET", "path": "/x"}, sample=0.01)
        for n in range(3)
    ]
    missing: list[Record] = [
        SkippedRecord(proc="aaaa", at=AT, conns=290, why="sample"),
        SkippedRecord(proc="aaaa", at=AT, conns=7, why="sample"),
        SkippedRecord(proc="aaaa", at=AT, conns=5, why="capture"),
        LostRecord(proc="aaaa", at=AT, records=4, conns=2, bytes=2048, why="the disk \x1b[31mis full"),
    ]
    (tmp_path / "t.jsonl").write_bytes(lines(process("aaaa", 1), *scopes, *missing))
    page = run("stats", "t.jsonl").stdout
    for words in (
        "about 300 connections",
        "sampled     1 in 100: counts and bytes are scaled, times are of the 3 recorded",
        "left out    297 connections: sample\n            5 connections: capture",
        "lost        4 records of 2 connections, 2 KiB: the disk ",
    ):
        assert words in page
    assert "\x1b" not in page
    found = json.loads(run("stats", "t.jsonl", "--json").stdout)
    assert (found["connections"], found["estimated"]["connections"], found["skipped_conns"]) == (3, 300, 302)
    assert found["skipped"] == {"sample": 297, "capture": 5}
    assert [(loss["records"], loss["connections"], loss["bytes"]) for loss in found["lost"]] == [(4, 2, 2048)]


def test_what_is_missing_is_of_the_whole_trace(run: Run, tmp_path: Path) -> None:
    skipped = SkippedRecord(proc="aaaa", at=AT, conns=290, why="sample")
    (tmp_path / "s.jsonl").write_bytes(TRACE + lines(skipped))
    said = "left out    290 connections: sample\n            of the whole trace, whatever the filter wants\n"
    assert said in run("stats", "s.jsonl", "path:/one").stdout
    assert "whole trace" not in run("stats", "s.jsonl").stdout
    assert "whole trace" not in run("stats", "t.jsonl", "path:/one").stdout


def test_json_is_safe_on_a_terminal_and_the_same(run: Run, tmp_path: Path) -> None:
    path = "/\x1b[31m\u202e书\ud800\n"
    scope = ScopeRecord(conn="aaaa.1", at=AT, scope={"type": "http", "path": path})
    (tmp_path / "t.jsonl").write_bytes(lines(process("aaaa", 1), scope))
    result = run("stats", "t.jsonl", "--json", "--by", "path")
    assert "\x1b" not in result.stdout
    assert "书" in result.stdout
    assert json.loads(result.stdout)["groups"][0]["name"] == path
    assert run("stats", "t.jsonl").returncode == 0


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], ["/health", "/items/{id}", "/orders/{id}/confirmation-of-delivery/and/everything/that/follows"]),
        (["--by", "worker"], ["4711", "4712", "4711"]),
        (["--by", "machine"], ["box", "box"]),
        (["--by", "client"], ["127.0.0.1", "127.0.0.1"]),
        (["--by", "type", "type:websocket"], ["websocket"]),
        (["--by", "method", "-type:websocket", "--sort", "p95"], ["POST", "GET"]),
        (["--by", "path", "path:/items/1*", "--sort", "max"], ["/items/196", "/items/192", "/items/188"]),
    ],
)
def test_grouped_sorted_and_filtered(words: list[str], names: list[str], summed: Callable[..., dict[str, Any]]) -> None:
    assert [group["name"] for group in summed(*words)["groups"]][:3] == names


def test_so_many_rows(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shop.jsonl").write_bytes(lines(*shop()))
    few = run("stats", "shop.jsonl", "--by", "path", "--top", "2").stdout
    assert "… and 179 more paths" in few
    assert "more path" not in run("stats", "shop.jsonl", "--by", "path", "--top", "0").stdout


def test_nothing_matches(run: Run) -> None:
    result = run("stats", "t.jsonl", "status:5xx")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "asgi-inspect: no connection matches.\n"


def test_an_empty_trace(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"")
    result = run("stats", "empty.jsonl")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "asgi-inspect: nothing is recorded there.\n")
    (tmp_path / "bare.jsonl").write_bytes(lines(process("aaaa", 1)))
    assert json.loads(run("stats", "bare.jsonl", "--json").stdout)["connections"] == 0


def test_damage_is_said_and_the_rest_is_counted(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(TRACE + b"rubbish\n" + OTHER + b'{"record":"sco')
    result = run("stats", "t.jsonl")
    assert result.returncode == 3
    assert "3 connections" in result.stdout
    said = result.stderr.splitlines()
    assert [line[:30] for line in said] == ["asgi-inspect: t.jsonl, line 10", "asgi-inspect: t.jsonl, line 16"]


WRONG = [
    (["nowhere.jsonl"], "cannot read nowhere.jsonl: No such file or directory."),
    (["."], "cannot read .: Is a directory."),
    (["main.py"], "main.py is no trace of asgi-inspect: "),
    (["t.jsonl", "stauts:5xx"], 'unknown term "stauts"'),
    (["--by", "colour", "t.jsonl"], "invalid value for '--by': 'colour' is not one of 'route'"),
    (["--sort", "colour", "t.jsonl"], "invalid value for '--sort': 'colour' is not one of 'count'"),
    (["--top", "-1", "t.jsonl"], "invalid value for '--top': -1"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_input_is_one_sentence(words: list[str], sentence: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import os\n")
    result = run("stats", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"asgi-inspect: {sentence}")
    assert result.stderr.count("\n") == 1


# --- real servers ---

SERVERS = {
    "uvicorn": ["uvicorn", "--workers", "2", "main:app", "--port"],
    "hypercorn": ["hypercorn", "--workers", "2", "main:app", "--bind"],
}


def serve(server: str, folder: Path, environ: dict[str, str], *words: str) -> tuple[Process, Path]:
    """A run with `--stats` that was asked everything twice, and interrupted; its trace."""
    (folder / "main.py").write_text(APPLICATION)
    trace, port = folder / "trace.jsonl", free_port()
    place = str(port) if server == "uvicorn" else f"127.0.0.1:{port}"
    command = [sys.executable, "-m", "asgi_inspect", "--quiet", "-o", str(trace), "--stats", "--utc", *words]
    with running([*command, *SERVERS[server], place], env=environ, cwd=folder) as served:
        until_both_serve(served, trace)
        until_it_answers(port)
        for _ in range(2):
            ask(port)
        served.stop(signal.SIGINT)  # to us alone, who pass it on: a whole group would have it twice
    return served, trace


def until_both_serve(served: Process, trace: Path) -> None:
    """Until each of the workers has started its application."""
    until(lambda: trace.exists() and trace.read_text("utf-8").count('"lifespan.startup.complete"') == 2)


def until_it_answers(port: int) -> None:
    def ask_once() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/", timeout=PATIENCE).status_code == 404
        except httpx.TransportError:
            return False

    until(ask_once)


def until(condition: Callable[[], object]) -> None:
    """Look again and again until it holds."""
    clock = threading.Event()
    for _ in range(int(PATIENCE * 50)):
        if holds(condition):
            return
        clock.wait(0.02)
    raise AssertionError("it never came to hold")


@pytest.mark.parametrize("server", SERVERS)
def test_two_workers_of_a_real_server(server: str, run: Run, tmp_path: Path, environ: dict[str, str]) -> None:
    served, trace = serve(server, tmp_path, environ)
    result = run("stats", str(trace), "--utc", "--top", "20")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip() in served.stderr  # what was said at the end of the run is the same
    assert served.stderr.splitlines()[-1].startswith("asgi-inspect: ")
    found = json.loads(run("stats", str(trace), "--json").stdout)
    records = list(read_trace(trace))
    scopes = [record for record in records if isinstance(record, ScopeRecord) and record.scope["type"] != "lifespan"]
    assert found["connections"] == len(scopes)
    groups = {(group["method"], group["name"]): group for group in found["groups"]}
    item = groups["POST", "/api/items/{id}"]
    assert (item["connections"], item["errors"], item["request_bytes"]) == (2, 0, item["response_bytes"])
    broken = groups["GET", "/api/broken"]
    assert (broken["connections"], broken["error_share"], broken["answered_us"]) == (2, 1.0, None)
    assert groups["GET", "/big"]["response_bytes"] == 40_000
    assert groups["GET", "/events"]["sent"] == 2 * 4
    assert (groups[None, "/talk"]["type"], groups[None, "/talk"]["connections"]) == ("websocket", 2)
    assert found["exceptions"] == {"ExceptionGroup": 2}
    assert found["close_codes"] == {"1008": 2, "4001": 2}
    ends = {record.conn: record.outcome for record in records if isinstance(record, EndRecord)}
    lifespans = [r.conn for r in records if isinstance(r, ScopeRecord) and r.scope["type"] == "lifespan"]
    assert found["lifespans"] == Counter(ends.get(conn, "cut_off") for conn in lifespans)  # hypercorn may kill a worker
    pids = {record.proc: record.pid for record in records if isinstance(record, ProcessRecord)}
    assert {worker["pid"] for worker in found["workers"]} <= set(pids.values())
    slowest = max(record.t_us for record in records if isinstance(record, EndRecord) and record.route == "/big")
    assert groups["GET", "/big"]["duration_us"]["max"] == slowest


def test_records_on_standard_output_stay_alone(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "main.py").write_text(APPLICATION)
    command = [sys.executable, "-m", "asgi_inspect", "-o", "-", "--stats", "--no-save", "main:app", "--port", "0"]
    with running(command, env=environ, cwd=tmp_path) as served:
        assert httpx.get(f"http://127.0.0.1:{served.port}/a", timeout=PATIENCE).status_code == 404
        served.stop()
    assert all(line.startswith('{"record":') for line in served.stdout.splitlines())
    assert "GET /a" in served.stderr
    assert "in all      1 connection " in served.stderr


def test_a_run_in_which_nothing_was_traced_is_not_summed_up(tmp_path: Path, environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "asgi_inspect", "--stats", "nowhere:app", "--port", "0"]
    with running(command, env=environ, cwd=tmp_path) as served:
        assert served.wait() != 0
    assert "in all" not in served.stderr
    assert "Traceback" not in served.stderr.partition("asgi-inspect:")[2]


def test_only_the_run_itself_is_summed_up(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "main.py").write_text(APPLICATION)
    trace = tmp_path / "trace.jsonl"
    trace.write_bytes(TRACE + lines(ExitRecord(proc="aaaa", at="2026-01-02T03:04:06.000000Z", open=0)))
    words = ["--quiet", "-o", str(trace), "--append", "--stats", "main:app", "--port", "0"]
    with running([sys.executable, "-m", "asgi_inspect", *words], env=environ, cwd=tmp_path) as served:
        httpx.get(f"http://127.0.0.1:{served.port}/a", timeout=PATIENCE)
        served.stop()
    assert "in all      1 connection " in served.stderr
    assert "/seventeen" not in served.stderr
