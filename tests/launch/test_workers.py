"""One run of many processes, with real servers: who comes and goes is written and shown while the run lasts."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from asgi_inspect.trace.records import ExitRecord, ProcessRecord, ScopeRecord
from tests.launch.conftest import Start, edit, ended, gone, traces, watches_files
from tests.launch.test_launch import get, paths, records, slow_connection, until
from tests.serving import PATIENCE, Process


def processes(file: Path) -> dict[str, int]:
    """The pid of each `proc`."""
    return {record.proc: record.pid for record in records(file) if isinstance(record, ProcessRecord)}


def parent(file: Path) -> int:
    """The pid of the one supervisor or reloader of them all."""
    (pid,) = {record.parent_pid for record in records(file) if isinstance(record, ProcessRecord)}
    return pid


def exits(file: Path) -> dict[int, tuple[int | None, int | None]]:
    """Status and number of open connections of each process that has ended; none has two."""
    found = [record for record in records(file) if isinstance(record, ExitRecord)]
    assert len({record.proc for record in found}) == len(found)
    return {processes(file)[record.proc]: (record.status, record.open) for record in found}


def serving(file: Path, path: str) -> int:
    """The pid of the process in which a connection runs."""
    (conn,) = [r.conn for r in records(file) if isinstance(r, ScopeRecord) and r.scope.get("path") == path]
    return processes(file)[conn.rpartition(".")[0]]


def shown(server: Process) -> list[str]:
    """The lines of the live view without their times."""
    return [re.sub(r"\d\d:\d\d:\d\d\.\d{3} +", "", line) for line in server.stderr.splitlines()]


def started(server: Process, environ: dict[str, str], workers: int) -> Path:
    get(server.port)
    (file,) = traces(environ)
    until(lambda: len(processes(file)) == workers)
    return file


def test_a_worker_that_is_killed_is_gone_at_once(start: Start, environ: dict[str, str]) -> None:
    with start("main:app", "--workers", "2", "--format", "compact") as server:
        file = started(server, environ, 2)
        client = slow_connection(server.port)
        until(lambda: "/slow" in paths(file))
        worker = serving(file, "/slow")
        os.kill(worker, signal.SIGKILL)
        until(lambda: exits(file))  # the run goes on
        assert exits(file) == {worker: (None, 2)}  # its lifespan as well
        until(lambda: len(processes(file)) == 3)
        newest = list(processes(file).values())[-1]
        server.wait_for(f"new worker {newest}")
        server.stop(signal.SIGINT)
        client.close()
    assert exits(file).keys() == set(processes(file).values())
    lines = [line for line in shown(server) if not re.match("[A-Z]+: ", line)]  # the server's own may come in between
    at = lines.index(f"── worker {worker} is gone, 1 connection open")
    assert [re.sub(r"^(\d*)#\d+ +", "", line) for line in lines[at + 1 : at + 3]] == [
        "└ cut off · lifespan",
        "└ cut off · GET /slow · 200 OK · 0 B in · 5 B out",
    ]
    assert sum("GET /slow" in line and "└" in line for line in lines) == 1  # not once more at the end
    assert "still open" not in server.stderr
    (last,) = [line for line in lines if "open when the process ended" in line]
    assert re.search(rf": GET /slow \(--conn '{worker}#\d'\)$", last)


def test_a_worker_that_nobody_watches_is_gone_as_well(start: Start, environ: dict[str, str]) -> None:
    with start("main:app", "--workers", "2", "--quiet") as server:
        file = started(server, environ, 2)
        worker = next(iter(processes(file).values()))
        os.kill(worker, signal.SIGKILL)
        until(lambda: exits(file))
        assert exits(file) == {worker: (None, 1)}
        server.stop(signal.SIGINT)


def test_each_connection_has_one_name_and_it_is_told_in_which_process_it_runs(
    start: Start, environ: dict[str, str]
) -> None:
    with start("main:app", "--workers", "2", "--format", "compact") as server:
        file = started(server, environ, 2)
        for number in range(10):
            get(server.port, f"/number/{number}")
        server.stop(signal.SIGINT)
    lines = [line for line in shown(server) if re.match(r"\d*#", line)]
    first, second = processes(file).values()
    asked = [line for line in lines if "GET /number/" in line]
    assert len(asked) == 10
    assert all(line.startswith((f"{first}#", f"{second}#")) for line in asked)
    lifespans = [line.split()[0] for line in lines if "lifespan.shutdown.complete" in line]
    assert sorted(lifespans) == ["#1", f"{second}#1"]  # the first was shown when there was no other process yet


def test_a_reload_shows_who_goes_and_who_comes(start: Start, project: Path, environ: dict[str, str]) -> None:
    with start("main:app", "--reload", "--reload-delay", "0.05", "--format", "compact") as server:
        file = started(server, environ, 1)
        (first,) = processes(file).values()
        until(lambda: watches_files(parent(file)))
        edit(project / "main.py")
        until(lambda: len(processes(file)) == 2)
        _, second = processes(file).values()
        server.wait_for(rf"new process {second} \(reload\)")
        assert exits(file) == {first: (None, 0)}
        server.stop(signal.SIGINT)
    lines = shown(server)
    assert lines.index(f"── process {first} ended") < lines.index(f"── new process {second} (reload)")
    assert f"── process {second} ended" in lines
    assert "cut off" not in server.stderr


def test_what_outlives_its_server_keeps_its_trace(start: Start, environ: dict[str, str]) -> None:
    with start("main:app", "--workers", "2", "--quiet", "--no-save") as server:
        file = started(server, environ, 2)
        os.kill(parent(file), signal.SIGKILL)
        assert ended(server) == -signal.SIGKILL
        server.wait_for("still running, and writing to the trace, which therefore stays: process")
        until(lambda: "(show it with:" in server.stderr)
        get(server.port, "/afterwards")
        until(lambda: "/afterwards" in paths(file))
        for pid in processes(file).values():
            os.kill(pid, signal.SIGKILL)
        until(lambda: all(map(gone, processes(file).values())))
    assert exits(file) == {}


def test_a_screen_that_stands_still_delays_nothing(project: Path, environ: dict[str, str], tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    file = tmp_path / "trace.jsonl"
    words = ["main:app", "--workers", "2", "--port", "0", "--log-level", "critical", "-o", str(file)]
    command = [sys.executable, "-m", "asgi_inspect", *words]
    process = subprocess.Popen(command, cwd=project, env={**os.environ, **environ}, stderr=writer)
    try:
        until(lambda: file.exists() and file.stat().st_size and len(processes(file)) == 2)
        worker = next(iter(processes(file).values()))
        os.kill(worker, signal.SIGKILL)
        until(lambda: exits(file))
        assert exits(file) == {worker: (None, 1)}
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(reader)
        os.close(writer)
