"""A server that is measured: it tells what it used, and is gone when nobody asks it any more."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.client import Drive, Load, Trouble
from bench.plan import ROOT, Source
from bench.served import SETTINGS, Order, Server, memory, parts, peak
from tests.serving import PATIENCE


def until_closed(port: int) -> None:
    """Nobody listens there any more."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            return
        except OSError:
            pass
    raise AssertionError(f"somebody still listens at {port}")


def ask(server: Server, times: int = 20) -> None:
    assert Drive(Load(server.port, connections=2, times=times)).run().failed == 0


@pytest.mark.parametrize("way", ["bare", "file", "off", *SETTINGS])
def test_it_tells_what_it_used(way: str, tmp_path: Path) -> None:
    server = Server(Order("hello", way, str(tmp_path / "folder")))
    try:
        server.listen()
        before = server.used()
        ask(server)
        after = server.used()
    finally:
        server.close()
    assert after.requests - before.requests == 40
    assert after.cpu_ns > before.cpu_ns
    assert 0 < after.memory <= after.peak
    until_closed(server.port)


def test_what_it_writes_can_be_emptied_while_it_runs(tmp_path: Path) -> None:
    server = Server(Order("hello", "file", str(tmp_path)))
    try:
        server.listen()
        ask(server)
        [trace] = tmp_path.glob("*.jsonl")
        assert trace.read_bytes().count(b'{"record":"scope"') > 0
        server.empty()
        assert trace.read_bytes() == b""
        ask(server)
        assert trace.read_bytes().count(b'{"record":"scope"') > 0
        assert server.complaint() == ""
    finally:
        server.close()


def test_what_a_way_prints_is_no_answer_of_the_server(tmp_path: Path) -> None:
    server = Server(Order("hello", "naive", str(tmp_path)))
    try:
        server.listen()
        ask(server)
        assert server.used().requests == 40
        assert '"type": "http.response.start"' in (tmp_path / "output.log").read_text()
    finally:
        server.close()


COMPLAINS = """
import sys
class InspectMiddleware:
    def __init__(self, app, **options):
        self.app = app
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            print("asgi-inspect: cannot write", file=sys.stderr)
        await self.app(scope, receive, send)
"""


def revision(folder: Path, code: str) -> Source:
    """A revision of asgi_inspect that is this code."""
    package = folder / "asgi_inspect"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    return Source("old", folder)


def test_a_complaint_of_ours_is_found(tmp_path: Path) -> None:
    """A capture that fails would be a fast one: it must not count."""
    server = Server(Order("hello", "file", str(tmp_path / "folder")), revision(tmp_path, COMPLAINS))
    try:
        server.listen()
        assert server.complaint() == ""
        ask(server)
        assert server.complaint() == "asgi-inspect: cannot write"
    finally:
        server.close()


def test_a_server_that_does_not_come_up_shows_what_it_said(tmp_path: Path) -> None:
    broken = revision(tmp_path, "raise RuntimeError('this revision is broken')")
    server = Server(Order("hello", "file", str(tmp_path / "folder")), broken)
    try:
        with pytest.raises(Trouble, match=r"(?s)hello, file ended:.*RuntimeError: this revision is broken"):
            server.listen()
    finally:
        server.close()


def test_a_way_that_is_not_here_says_why(tmp_path: Path) -> None:
    (tmp_path / "pty.py").write_text("raise ImportError('as on a system without terminals')")
    server = Server(Order("hello", "terminal", str(tmp_path / "folder")), Source("", tmp_path))
    try:
        with pytest.raises(Trouble, match=r"^needs pseudo-terminals, which this system has not$"):
            server.listen()
    finally:
        server.close()


STARTER = """
import signal, sys
from bench.served import Order, Server
server = Server(Order("hello", "bare", sys.argv[1]))
server.listen()
print(server.port, flush=True)
signal.pause()
"""


def test_it_ends_with_whoever_started_it_however_that_ends(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        port = int(starter.stdout.readline())
        starter.send_signal(signal.SIGKILL)
    until_closed(port)


def test_its_own_settings_are_not_those_of_who_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASGI_INSPECT", "0")
    monkeypatch.setenv("ASGI_INSPECT_BODY_LIMIT", "nonsense")
    server = Server(Order("hello", "file", str(tmp_path)))
    try:
        server.listen()
        ask(server)
        [trace] = tmp_path.glob("*.jsonl")
        first = json.loads(trace.read_bytes().splitlines()[0])
        assert first["record"] == "process"
    finally:
        server.close()


def test_memory_is_known_in_bytes() -> None:
    assert 1 << 20 < memory() <= peak() < 1 << 40


def test_the_fast_parts_of_the_server_are_taken_where_they_are() -> None:
    assert parts() == {"loop": "uvloop", "http": "httptools"}
