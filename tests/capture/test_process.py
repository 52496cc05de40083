"""Who writes: the identity of a process, its record, and what becomes of both in a forked child."""

import json
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.capture import process
from asgi_inspect.capture.process import Process, clock, current_process, process_line, stamp, timestamp
from asgi_inspect.trace.codec import decode_record
from asgi_inspect.trace.records import ProcessRecord
from tests.capture.sinking import output, run_threads


def test_the_process_is_one_for_all_threads() -> None:
    seen: set[Process] = set()
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        seen.add(current_process())

    before = process._Here.process
    process._Here.process = None
    try:
        run_threads([ask] * 8)
    finally:
        process._Here.process = before
    assert len(seen) == 1


def test_the_process_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["uvicorn", "--token=leaf", "main:\udcff"])
    line = process_line("uvicorn 0.54", "main:app", {"body_limit": None}, "start", lambda argument: "[redacted]")
    record = decode_record(line)
    assert isinstance(record, ProcessRecord)
    assert (record.v, record.proc, record.server, record.app, record.why) == (
        1, current_process().proc, "uvicorn 0.54", "main:app", "start",
    )  # fmt: skip
    assert record.argv == ["uvicorn", "--token=[redacted]", "main:\\udcff"]
    assert record.pid != record.parent_pid
    assert record.options == {"body_limit": None}
    assert list(json.loads(line)) == [
        "record", "v", "proc", "at", "pid", "parent_pid", "host", "argv", "python", "asgi_inspect", "server", "app", "options",
    ]  # fmt: skip


def test_timestamps(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", timestamp())
    assert timestamp().startswith(time.strftime("%Y-%m-%dT", time.gmtime()))
    # The wall clock of this test begins shortly before a new day, when ours stands anywhere.
    now = clock()
    monkeypatch.setattr(process, "clock", lambda: now)
    monkeypatch.setattr(time, "time_ns", lambda: 1_795_391_999_999_998_000)
    monkeypatch.setattr(process, "_second", process._Second(0, now - 5_000_000_000))
    assert stamp(now) == b"2026-11-22T23:59:59.999998Z"
    assert stamp(now - 999_999_000) == b"2026-11-22T23:59:58.999999Z", "of the second before"
    assert stamp(now + 2_000) == b"2026-11-23T00:00:00.000000Z"
    assert stamp(now) == b"2026-11-22T23:59:59.999998Z"


def test_within_a_second_the_wall_clock_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    now = clock()

    def time_ns() -> int:
        asked.append(1)
        return 1_795_392_000_000_000_000

    monkeypatch.setattr(process, "clock", lambda: now)
    monkeypatch.setattr(time, "time_ns", time_ns)
    monkeypatch.setattr(process, "_second", process._Second(0, now - 5_000_000_000))
    assert stamp(now) == b"2026-11-23T00:00:00.000000Z"
    assert stamp(now + 999_999_999) == b"2026-11-23T00:00:00.999999Z"
    assert len(asked) == 1
    stamp(now + 1_000_000_000)
    assert len(asked) == 2, "it may have been set anew"


# --- forks --------------------------------------------------------------------------------------------------------------

COMMON = """
import asyncio, json, os, sys, threading
from asgi_inspect.capture import tap
from asgi_inspect.middleware import InspectMiddleware

tap._SLOW_SEND_NS = 60_000_000_000  # however slow this machine is
running = []
# Registered before ours, and so called after it: what runs at the very moment of the fork.
os.register_at_fork(before=lambda: running.append([thread.name for thread in threading.enumerate()]))

async def receive():
    return {"type": "http.request", "body": b"leaf"}

async def send(message):
    pass

fork = os.fork

def watched_fork():
    pid = fork()
    if pid:
        # Some Pythons count the threads when the fork is over.
        running.append([thread.name for thread in threading.enumerate()])
    return pid

os.fork = watched_fork

def scope(path):
    return {"type": "http", "path": path, "headers": [], "asgi": {"version": "3.0"}}

def wait(pid):
    assert os.waitpid(pid, 0)[1] == 0
"""

FORK_IN_A_HANDLER = """
async def app(scope, receive, send):
    await send({"type": "before"})
    pid = os.fork()
    await receive()
    await send({"type": "parent" if pid else "child"})
    if not pid:
        await inner(dict(scope, path="/in the child"), receive, send)
        await inner({"type": "http", "path": "/alone"}, receive, send)
    else:
        wait(pid)

async def hello(scope, receive, send):
    await send({"type": "hello"})

inner = InspectMiddleware(hello, out=sys.argv[1])
asyncio.run(InspectMiddleware(app, out=sys.argv[1])(scope("/"), receive, send))
assert running and all(names == ["MainThread"] for names in running), running
"""

FORK_AFTERWARDS = """
async def app(scope, receive, send):
    await receive()

middleware = InspectMiddleware(app, out=sys.argv[1])
asyncio.run(middleware(scope("/parent"), receive, send))
pid = os.fork()
asyncio.run(middleware(scope("/child" if not pid else "/parent again"), receive, send))
if pid:
    wait(pid)
    assert all(names == ["MainThread"] for names in running), running
"""

FORK_WITH_LINES_LEFT = """
async def app(scope, receive, send):
    await send({"type": "unwritten"})
    pid = os.fork()
    if not pid:
        os._exit(0)
    wait(pid)

asyncio.run(InspectMiddleware(app, out=sys.argv[1])(scope("/"), receive, send))
assert running and all(names == ["MainThread"] for names in running), running
"""

FORK_BEFORE = """
async def app(scope, receive, send):
    await receive()

middleware = InspectMiddleware(app, out=sys.argv[1])
pids = [os.fork() for _ in range(2)]
if all(pids):
    for pid in pids:
        wait(pid)
elif any(pids) or True:
    asyncio.run(middleware(scope("/worker"), receive, send))
"""


def _forked(code: str, tmp_path: Path) -> list[dict[str, Any]]:
    file = tmp_path / "trace.jsonl"
    _, err = output(COMMON + code, str(file))
    assert err == b""
    return [json.loads(line) for line in file.read_text().splitlines()]


def _by_process(records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The records of each process; that each begins with its own `process` record is checked."""
    processes: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        proc = record.get("proc") or record["conn"].rpartition(".")[0]
        processes.setdefault(proc, []).append(record)
    assert all(its[0]["record"] == "process" for its in processes.values())
    assert all([record["record"] for record in its].count("process") == 1 for its in processes.values())
    return processes


def test_a_fork_in_a_handler(tmp_path: Path) -> None:
    """The child has nothing of the connection that it was forked in; what it calls itself is its own."""
    records = _forked(FORK_IN_A_HANDLER, tmp_path)
    processes = _by_process(records)
    (parent,) = [its for its in processes.values() if its[0].get("why") is None]
    (child,) = [its for its in processes.values() if its[0].get("why") == "fork"]
    assert child[0]["parent_pid"] == parent[0]["pid"]
    assert [record["record"] for record in parent[1:]] == ["scope", "send", "receive", "send", "end"]
    assert [record["message"]["type"] for record in parent if record["record"] == "send"] == ["before", "parent"]
    assert [record["n"] for record in parent[2:]] == [1, 2, 3, 4]
    assert [record["record"] for record in child[1:]] == ["scope", "send", "end"] * 2
    assert [record["scope"]["path"] for record in child if record["record"] == "scope"] == ["/in the child", "/alone"]
    assert not any("parent" in record or "layer" in record for record in child)


def test_a_fork_after_requests(tmp_path: Path) -> None:
    processes = _by_process(_forked(FORK_AFTERWARDS, tmp_path))
    paths = [[record["scope"]["path"] for record in its if record["record"] == "scope"] for its in processes.values()]
    assert sorted(paths) == [["/child"], ["/parent", "/parent again"]]


def test_lines_that_wait_are_written_by_the_parent_alone(tmp_path: Path) -> None:
    records = _forked(FORK_WITH_LINES_LEFT, tmp_path)
    assert [record["record"] for record in records] == ["process", "scope", "send", "end"]


def test_workers_forked_before_the_first_record(tmp_path: Path) -> None:
    processes = _by_process(_forked(FORK_BEFORE, tmp_path))
    assert len(processes) == 3
    assert {its[0].get("why", "start") for its in processes.values()} == {"start"}
