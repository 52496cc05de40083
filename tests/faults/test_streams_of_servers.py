"""A terminal that stands still or is gone, and standard streams that are closed: the server answers as it does without us."""

import contextlib
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.capture.sinking import press_ctrl_s, until
from tests.clients import PATIENCE
from tests.faults.pairing import APP, Left, get, undated, until_the_end
from tests.serving import ROOT

UVICORN = [sys.executable, "-m", "uvicorn", "--log-level", "error", "--no-use-colors"]
INSPECT = [sys.executable, "-m", "asgi_inspect", "--log-level", "error", "--no-use-colors"]

# A shell's redirections, for a server without a port that anybody could be told.
CLOSED = {
    "stdout closed": ">&-",
    "stderr closed": "2>&-",
    "stdin closed": "<&-",
    "all closed": "<&- >&- 2>&-",
    "stdout full": ">/dev/full",
    "stderr full": "2>/dev/full",
    "no terminal": "</dev/null >/dev/null 2>/dev/null",
    "stderr without a reader": "2>&9",
    "stdout without a reader": ">&9",
}
WAYS = {
    "in code": (UVICORN, "terminal"),
    "in code, to stdout": (UVICORN, "-"),
    "in code, to a file": (UVICORN, "FILE"),
    "launched": (INSPECT, None),
}


@contextmanager
def server(command: list[str], redirections: str, folder: Path, out: str | None) -> Iterator[subprocess.Popen[bytes]]:
    """The server, at a socket in the folder; descriptor 9 is a pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    environ = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
    if out is not None:
        environ["OUT"] = str(folder / "trace.jsonl") if out == "FILE" else out
    words = [*command, "--uds", str(folder / "socket"), APP]
    # A shell of its own number for the pipe: it is not inherited by the server as 9.
    script = f'exec 9>&{writer}; exec {writer}>&-; exec "$@" {redirections} 9>&-'
    process = subprocess.Popen(["bash", "-c", script, "bash", *words], cwd=ROOT, env=environ, pass_fds=[writer])
    os.close(writer)
    try:
        until(lambda: _listens(folder / "socket") or process.poll() is not None, "it listens")
        yield process
    finally:
        process.kill()
        process.wait()


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
        client.connect(str(path))
        return True
    return False


def ask(folder: Path, path: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(folder / "socket"))
        client.sendall(get(path))
        return undated(until_the_end(client))


@pytest.mark.parametrize(
    ("way", "closed"),
    [
        *[("in code", closed) for closed in CLOSED if "stdout" not in closed or "closed" in closed],
        *[("in code, to stdout", closed) for closed in CLOSED if "stdout" in closed],
        ("in code, to a file", "all closed"),
        *[("launched", closed) for closed in CLOSED if "stderr" in closed or closed in ("stdout closed", "all closed")],
    ],
)
def test_streams_that_are_closed_or_lead_nowhere(way: str, closed: str, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "wrapped").mkdir()
    command, out = WAYS[way]
    with (
        server(UVICORN, CLOSED[closed], tmp_path / "plain", None) as plain,
        server(command, CLOSED[closed], tmp_path / "wrapped", out) as wrapped,
    ):
        for number in range(5):
            answers = [ask(tmp_path / name, f"/{number}") for name in ("plain", "wrapped")]
            assert answers[1] == answers[0]
            assert b"hello, ASGI!" in answers[1]
        statuses = []
        for process in (plain, wrapped):
            process.send_signal(signal.SIGTERM)
            statuses.append(process.wait(PATIENCE))
        assert statuses[1] == statuses[0]
    for trace in [*tmp_path.glob("wrapped/state/*/*.jsonl"), *tmp_path.glob("wrapped/trace.jsonl")]:
        left = Left(trace)
        assert left.damages == []
        assert left.finished() == [f"/{number}" for number in range(5)]


@pytest.mark.parametrize("way", ["in code", "launched"])
@pytest.mark.parametrize("what", ["stopped", "gone"])
def test_a_terminal_that_is(what: str, way: str, tmp_path: Path) -> None:
    """Its user pressed Ctrl-S, or its window was closed (and nobody was told, as for a process that was detached)."""
    command, out = WAYS[way]
    master, slave = pty.openpty()
    environ = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), **({"OUT": out} if out else {})}
    words = [*command, "--uds", str(tmp_path / "socket"), APP]
    process = subprocess.Popen(words, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=slave)
    try:
        until(lambda: _listens(tmp_path / "socket"), "it listens")
        ask(tmp_path, "/first")
        if what == "stopped":
            press_ctrl_s(master, slave)
        else:
            os.close(master)
        os.close(slave)
        for number in range(100):
            assert b"hello, ASGI!" in ask(tmp_path, f"/{number}")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == -signal.SIGTERM
    finally:
        process.kill()
        process.wait()
        with contextlib.suppress(OSError):
            os.close(master)
    for trace in tmp_path.glob("state/*/*.jsonl"):
        assert len(Left(trace).finished()) == 101
