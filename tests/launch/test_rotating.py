"""Runs whose trace is rotated, with a real uvicorn: who looks on sees each record once, and afterwards it is one story."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections import Counter
from pathlib import Path

from asgi_inspect.capture.rotation import lock_name
from asgi_inspect.trace.chain import files_of
from asgi_inspect.trace.records import EndRecord, ExitRecord, ProcessRecord
from asgi_inspect.trace.search import connections
from tests.capture.sinking import run_threads
from tests.launch.conftest import Start, traces
from tests.launch.test_launch import get, records, until
from tests.serving import PATIENCE, running

SMALL = ("--max-bytes", "20k", "--keep-files", "1000")
CLIENTS, EACH = 4, 60


def ask_often(port: int, each: int = EACH) -> None:
    def ask() -> None:
        for number in range(each):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/asked/{number}", timeout=PATIENCE) as answer:
                answer.read()

    get(port)
    run_threads([ask] * CLIENTS)


def asked(file: Path) -> int:
    """How many of these the trace has, each with its end."""
    found = [one for one in connections(file) if (one.path or "").startswith("/asked/")]
    assert all(one.end is not None for one in found)
    return len(found)


def all_lines(file: Path) -> Counter[str]:
    text = "".join(Path(name).read_text() for name in files_of(file))
    return Counter(filter(None, text.split("\n")))


def assert_in_order(lines: list[str]) -> None:
    """What each connection says comes in its order."""
    last: dict[str, int] = {}
    for record in map(json.loads, lines):
        if "n" in record:
            assert record["n"] > last.get(record["conn"], 0)
            last[record["conn"]] = record["n"]


def test_four_workers_rotate_while_others_look_on(start: Start, project: Path, environ: dict[str, str]) -> None:
    file = project / "t.jsonl"
    tail = [sys.executable, "-m", "asgi_inspect", "tail", "--format", "jsonl", "t.jsonl"]
    with start("main:app", "--workers", "4", *SMALL, "-o", "t.jsonl", "--format", "jsonl") as server:
        until(lambda: file.exists() and file.stat().st_size)
        with running(tail, env=environ, cwd=project) as tailing:
            until(lambda: len({record.proc for record in records(file) if isinstance(record, ProcessRecord)}) == 4)
            ask_often(server.port)
            assert server.stop(signal.SIGINT) == 0
            written = all_lines(file)
            until(lambda: len(tailing.stdout.splitlines()) >= written.total())
            tailing.stop(signal.SIGINT)
    for seen in (server.stdout.splitlines(), tailing.stdout.splitlines()):
        assert Counter(seen) == written
        assert_in_order(seen)
    files = [Path(name) for name in files_of(file)]
    assert len(files) > 5
    sizes = sorted(one.stat().st_size for one in files)
    assert sizes[len(sizes) // 2] < 2 * 20 * 1024, "one may be larger, where a rotation took long"
    assert asked(file) == CLIENTS * EACH
    found = records(file)
    procs = {record.proc for record in found if isinstance(record, ProcessRecord)}
    assert len(procs) == 4
    assert sorted(record.proc for record in found if isinstance(record, ExitRecord)) == sorted(procs)
    assert not os.path.exists(lock_name(str(file)))


def test_a_rotated_trace_of_the_state_folder_is_one(start: Start, project: Path, environ: dict[str, str]) -> None:
    with start("main:app", *SMALL, "--stats") as server:
        ask_often(server.port)
        server.stop(signal.SIGINT)
    files = traces(environ)
    (file,) = [one for one in files if one.suffix == ".jsonl"]
    assert len(files) == len(files_of(file)) > 3
    server.wait_for(rf"/asked/.* {CLIENTS * EACH}\b")
    show = [sys.executable, "-m", "asgi_inspect", "show", "--fields", "path", "path:/asked/*"]
    shown = subprocess.run(show, cwd=project, env={**os.environ, **environ}, capture_output=True, text=True, check=True)
    assert len(shown.stdout.splitlines()) == CLIENTS * EACH
    stats = [sys.executable, "-m", "asgi_inspect", "stats", "--json", "path:/asked/*"]
    told = subprocess.run(stats, cwd=project, env={**os.environ, **environ}, capture_output=True, text=True, check=True)
    assert json.loads(told.stdout)["connections"] == CLIENTS * EACH


def test_with_no_save_nothing_is_left(start: Start, environ: dict[str, str]) -> None:
    with start("main:app", *SMALL, "--no-save") as server:
        ask_often(server.port)
        until(lambda: len(traces(environ)) > 3)
        server.stop(signal.SIGINT)
    assert traces(environ) == []


def test_what_is_appended_is_summed_up_alone(start: Start, project: Path) -> None:
    file = project / "t.jsonl"
    for _ in range(2):
        with start("main:app", *SMALL, "--stats", "-o", "t.jsonl", "--append") as server:
            ask_often(server.port, 20)
            server.stop(signal.SIGINT)
        server.wait_for(rf"/asked/.* {CLIENTS * 20}\b")
    assert len(files_of(file)) > 5
    assert asked(file) == 2 * CLIENTS * 20
    with start("main:app", "-o", "t.jsonl") as server:
        get(server.port)
        until(lambda: any(isinstance(record, EndRecord) for record in records(file)))
        server.stop(signal.SIGINT)
    assert sorted({*os.listdir(project)} - {"__pycache__"}) == ["main.py", "t.jsonl"]


def test_the_trace_is_moved_away_under_the_run(start: Start, project: Path) -> None:
    """What ends goes into the file that is there then."""
    file = project / "t.jsonl"
    with start("main:app", "-o", "t.jsonl", "--quiet") as server:
        get(server.port)
        until(lambda: any(isinstance(record, EndRecord) for record in records(file)))
        file.rename(project / "moved.jsonl")

        def anew() -> bool:
            get(server.port)
            return file.exists() and b'"why":"rotation"' in file.read_bytes()

        until(anew)
        server.stop(signal.SIGINT)
    assert [type(record) for record in records(file)][-1] is ExitRecord
    assert not any(isinstance(record, ExitRecord) for record in records(project / "moved.jsonl"))
