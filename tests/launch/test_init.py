"""As process 1 of a container: signals have no action there by default, and whoever loses its parent is left to us.

A namespace of processes is what makes a container of it; `unshare` (util-linux) needs no rights for its own. Where it is
not let (in a container without them), a process stands in that believes to be the first, and inherits orphans as that does.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.launch.conftest import traces
from tests.launch.test_launch import get, until
from tests.serving import Process, running

ORPHANS = """
import os
import subprocess

import main


async def app(scope, receive, send):
    if scope["type"] != "http":
        return await main.app(scope, receive, send)
    if scope["path"] == "/orphan":  # of a shell that ends at once
        answer = subprocess.check_output(["sh", "-c", "sleep 0 >/dev/null & echo $!"]).strip()
    else:
        answer = b"there" if os.path.exists("/proc" + scope["path"]) else b"gone"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer})
"""


APART = ["unshare", "--map-root-user", "--fork", "--pid", "--mount-proc", "--kill-child"]
STAND_IN = """
import ctypes, os
from asgi_inspect.cli import main
from asgi_inspect.launch import process
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
process._INIT = os.getpid()
main()
"""


def command() -> list[str]:
    """What starts `asgi-inspect` as the first child of its own, which is process 1 there, and ends as that does."""
    try:
        possible = not subprocess.run([*APART, "true"], stderr=subprocess.DEVNULL, check=False).returncode
    except FileNotFoundError:
        possible = False
    if possible:
        return [*APART, sys.executable, "-m", "asgi_inspect"]
    return ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-c", STAND_IN]


@contextmanager
def container(project: Path, environ: Mapping[str, str], *words: str) -> Iterator[Process]:
    """`asgi-inspect …` as process 1."""
    with running([*command(), *words], env=environ, cwd=project) as process:
        yield process


def children(pid: int) -> list[int]:
    """Their numbers as they are outside."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize(
    ("number", "words", "status"),
    [
        (signal.SIGTERM, [], 128 + signal.SIGTERM),  # a signal cannot end us, so it becomes what a shell makes of it
        (signal.SIGINT, [], 0),
        (signal.SIGTERM, ["--workers", "2"], 0),
    ],
)
def test_a_signal_ends_the_container(
    number: signal.Signals, words: list[str], status: int, project: Path, environ: dict[str, str]
) -> None:
    with container(project, environ, "main:app", "--port", "0", *words) as process:
        get(process.port)
        (first,) = children(process.pid)
        os.kill(first, number)
        assert process.wait() == status
    assert "Application shutdown complete" in process.stderr
    assert b'{"record":"exit"' in traces(environ)[-1].read_bytes()


def test_the_server_killed(project: Path, environ: dict[str, str]) -> None:
    with container(project, environ, "main:app", "--port", "0") as process:
        get(process.port)
        (first,) = children(process.pid)
        (server,) = children(first)
        os.kill(server, signal.SIGKILL)
        assert process.wait() == 128 + signal.SIGKILL


def test_the_status_is_passed_on(project: Path, environ: dict[str, str]) -> None:
    (project / "exits.py").write_text("raise SystemExit(7)")
    with container(project, environ, "exits:app") as process:
        assert process.wait() == 7


def test_orphans_are_no_zombies(project: Path, environ: dict[str, str]) -> None:
    (project / "orphans.py").write_text(ORPHANS)
    with container(project, environ, "orphans:app", "--port", "0") as process:
        orphan = get(process.port, "/orphan")
        until(lambda: get(process.port, f"/{orphan}") == "gone")
        assert get(process.port, "/1") == "there"
        process_one = children(process.pid)[0]
        os.kill(process_one, signal.SIGINT)
        assert process.wait() == 0  # the server's, not an orphan's
