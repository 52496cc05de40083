"""However a process ends: what was finished is in the trace, which ends in a whole line, or in one that the reader copes with."""

import contextlib
import itertools
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import h11
import pytest

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ExitRecord
from tests.capture.sinking import until
from tests.clients import PATIENCE, Wire
from tests.faults.pairing import APP, Left, get, logged, pair, port, seen, until_the_end
from tests.serving import Process, inspect_command, running, uvicorn_command

ENDS = {
    "SIGKILL": -signal.SIGKILL,
    "SIGTERM": -signal.SIGTERM,
    "SIGINT": 0,
    "/exits": 3,
    "/segfault": -signal.SIGSEGV,
    "/abort": -signal.SIGABRT,
}


@contextmanager
def streaming(server: Process) -> Iterator[socket.socket]:
    """A client of an answer without an end, which has begun."""
    with socket.create_connection(("127.0.0.1", port(server)), timeout=PATIENCE) as client:
        client.sendall(get("/stream"))
        assert b"200 OK" in client.recv(4096)
        yield client


def end(server: Process, how: str) -> int:
    """Make an end of it; its status."""
    if how.startswith("/"):
        with Wire(port(server)) as wire:
            wire.begin("GET", how)
            wire.end()
            return server.wait()
    server.stop(signal.Signals[how])
    return server.wait()


@pytest.mark.parametrize("how", ENDS)
def test_in_the_midst_of_a_stream(how: str, tmp_path: Path) -> None:
    """Whatever was answered before the last answer is there and has an end."""
    asked = []
    with pair(tmp_path / "trace.jsonl", "--timeout-graceful-shutdown", "0") as servers:
        statuses = []
        for server in servers.both:
            with streaming(server), Wire(port(server)) as wire:
                asked = [f"/{number}" for number in range(30)]
                for path in asked:
                    assert wire.ask("GET", path).status == 200
                statuses.append(end(server, how))
        assert statuses == [ENDS[how]] * 2
        assert logged(servers.wrapped) == logged(servers.plain)
    left = Left(servers.trace)
    assert left.finished()[-29:] == asked[:29] or left.finished()[-30:] == asked
    assert len(left.damages) <= (how == "SIGKILL")
    if how in ("SIGTERM", "SIGINT"):
        assert left.finished() == ["/stream", *asked]
        stream = left.only("/stream").end
        assert stream is not None
        assert stream.outcome == "cancelled"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_while_requests_come(number: signal.Signals, tmp_path: Path) -> None:
    """At any moment. Of each client, only the last answer may be missing."""
    trace = tmp_path / "trace.jsonl"
    answered: list[str] = []
    with running(uvicorn_command(APP), env={"OUT": str(trace)}) as server, ExitStack() as stack:
        wires = [stack.enter_context(Wire(port(server))) for _ in range(4)]
        with contextlib.suppress(OSError, AssertionError, h11.RemoteProtocolError):  # the server left
            for n in itertools.count():
                asked = [f"/{n}/{index}" for index in range(4)]
                for path, wire in zip(asked, wires, strict=True):
                    wire.begin("GET", path)
                    wire.end()
                if n == 100:
                    os.kill(server.pid, number)  # their answers are on the way
                for path, wire in zip(asked, wires, strict=True):
                    assert wire.head().status == 200
                    while wire.chunk() is not None:
                        pass
                    answered.append(path)
        server.wait()
    left = Left(trace)
    assert len(answered) >= 400
    assert set(answered[: 4 * (len(answered) // 4 - 1)]) <= set(left.finished())
    assert len(left.damages) <= 1


def test_a_fork_in_a_handler(tmp_path: Path) -> None:
    with pair(tmp_path / "trace.jsonl") as servers:
        for _ in range(10):
            plain, wrapped = (seen(server, get("/fork")) for server in servers.both)
            assert wrapped == plain
            assert b"the child ended with 0" in wrapped
        assert servers.wrapped.stop() == servers.plain.stop()
        assert logged(servers.wrapped) == logged(servers.plain)
    left = Left(servers.trace)
    assert left.damages == []
    assert left.finished() == ["/fork"] * 10
    assert len(left.processes) == 1


def ask(address: int, path: str) -> bytes:
    with socket.create_connection(("127.0.0.1", address), timeout=PATIENCE) as client:
        client.sendall(get(path))
        return until_the_end(client)


RECYCLED = {
    "uvicorn": ["uvicorn", "--port", "0", "--workers", "2", "--limit-max-requests", "5", APP],
    "gunicorn": [
        *("gunicorn", "--bind", "127.0.0.1:0", "--workers", "2", "--max-requests", "5"),
        *("--worker-class", "uvicorn_worker.UvicornWorker", "--no-control-socket", APP),
    ],
    "hypercorn": ["hypercorn", "--bind", "127.0.0.1:0", "--workers", "2", "--max-requests", "5", APP],
}


@pytest.mark.parametrize("name", RECYCLED)
def test_workers_that_are_recycled(name: str, tmp_path: Path) -> None:
    """Four processes at least, one after the other and side by side; each answer is in the one trace."""
    trace = tmp_path / "trace.jsonl"
    answered: list[str] = []
    with running([sys.executable, "-m", *RECYCLED[name]], env={"OUT": str(trace), "HOME": str(tmp_path)}) as server:
        address = int(server.wait_for(r"(?:unning on|istening at:) http://127\.0\.0\.1:(\d+)")[1])

        def four_have_written() -> bool:
            for _ in range(10):
                path = f"/{len(answered)}"
                with contextlib.suppress(OSError):  # none listens just now
                    if b"hello, ASGI!" in ask(address, path):
                        answered.append(path)
            return trace.exists() and len({process.pid for process in Left(trace).processes}) >= 4

        until(four_have_written, "four processes")
        server.stop()
    left = Left(trace)
    assert left.damages == []
    assert set(answered) <= set(left.finished())
    assert left.open() == []


def test_a_storm_of_reloads(tmp_path: Path) -> None:
    """Edit upon edit, faster than the reloader restarts, while a client asks."""
    trace, source = tmp_path / "trace.jsonl", tmp_path / "edited.py"
    text = "from tests.faults.troubled import app\n\nEDITION = "
    source.write_text(text + "0\n")
    options = ("--reload", "--reload-dir", str(tmp_path), "--reload-delay", "0.01", "--app-dir", str(tmp_path))
    answered: list[str] = []
    command = uvicorn_command("edited:app", *options)
    del command[command.index("--workers") : command.index("--workers") + 2]
    with running(command, env={"OUT": str(trace), "PYTHONPATH": os.getcwd()}) as server:
        address = port(server)

        def is_answered() -> bool:
            path = f"/{len(answered)}"
            with contextlib.suppress(OSError):
                if b"hello, ASGI!" in ask(address, path):
                    answered.append(path)
            return bool(answered)

        until(is_answered, "an answer")
        for edition in range(1, 1000):
            source.write_text(text + f"{edition}\n" + "#" * edition)
            is_answered()
            if len(Left(trace).processes) >= 5:
                break
        server.stop()
    left = Left(trace)
    assert left.damages == []
    assert set(answered) <= set(left.finished())


INTERRUPTED = """
import os, sys, threading
sys.argv = ["server"]
from tests.serving import serving
from tests.faults.troubled import app
import socket
context = serving(app)
port = context.__enter__()
for path in (b"/first", b"/stream"):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET " + path + b" HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    assert b"200 OK" in client.recv(100)
def drain():
    while client.recv(1 << 20):
        pass
threading.Thread(target=drain, daemon=True).start()
sys.exit(5)
"""


def test_the_interpreter_ends_while_a_thread_streams(tmp_path: Path) -> None:
    """The server runs in a daemon thread, which Python abandons wherever it is."""
    trace = tmp_path / "trace.jsonl"
    for _ in range(3):
        with running([sys.executable, "-c", INTERRUPTED], env={"OUT": str(trace)}) as process:
            assert process.wait() == 5
            assert process.stderr == ""
    left = Left(trace)
    assert left.finished() == ["/first"] * 3
    assert left.open() == ["/stream"] * 3
    assert len(left.damages) <= 3


def test_a_launched_server_that_dies_of_itself(tmp_path: Path) -> None:
    """We end by the same signal; whoever reads the trace sees what was finished, and that the process has gone."""
    trace = tmp_path / "trace.jsonl"
    with running(inspect_command(APP, "--quiet", "-o", str(trace))) as server:
        for number in range(20):
            assert b"hello, ASGI!" in seen(server, get(f"/{number}"))
        with Wire(port(server)) as wire:
            wire.begin("GET", "/segfault")
            wire.end()
            assert server.wait() == -signal.SIGSEGV
        assert "asgi-inspect: uvicorn" in server.stderr
    records = list(read_trace(trace))
    assert isinstance(records[-1], ExitRecord)
    assert records[-1].status == -signal.SIGSEGV
    assert Left(trace).finished() == [f"/{number}" for number in range(20)]
