"""A project of a user's, and the command run in it."""

import atexit
import contextlib
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.serving import PATIENCE, ROOT, Process, running

MAIN = """
import os


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/slow":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await receive()
        while (await receive())["type"] != "http.disconnect":
            pass
        return
    print("a line of the application", flush=True)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


def create_app():
    return app
"""

Start = Callable[..., AbstractContextManager[Process]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "main.py").write_text(MAIN)
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def start(project: Path, environ: dict[str, str]) -> Start:
    """Run `asgi-inspect …` in the project, at a free port."""

    @contextmanager
    def start_command(*words: str, env: Mapping[str, str] | None = None, port: bool = True) -> Iterator[Process]:
        command = [sys.executable, "-m", "asgi_inspect", *(("--port", "0") if port else ()), *words]
        with running(command, env={**environ, **(env or {})}, cwd=project) as process:
            yield process

    return start_command


@pytest.fixture
def start_bare(project: Path, environ: dict[str, str]) -> Start:
    """The same under uvicorn alone."""

    @contextmanager
    def start_command(*words: str, env: Mapping[str, str] | None = None) -> Iterator[Process]:
        command = [sys.executable, "-m", "uvicorn", "--port", "0", *words]
        with running(command, env={**environ, **(env or {})}, cwd=project) as process:
            yield process

    return start_command


def traces(environ: Mapping[str, str]) -> list[Path]:
    """The traces of the state folder, oldest first."""
    folder = Path(environ["XDG_STATE_HOME"]) / "asgi-inspect"
    return sorted(folder.iterdir()) if folder.exists() else []


def free_port() -> int:
    """A port for servers that do not tell which one the system has chosen.

    It is held, but nobody listens there: the system gives it to nobody who asks for any, and a server that names it gets it.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind(("127.0.0.1", 0))
    atexit.register(holder.close)
    return int(holder.getsockname()[1])


def edit(file: Path) -> None:
    """Change a source by one write: a reloader that looks in between never sees half of it, and reloads once."""
    with file.open("a", encoding="utf-8") as source:
        source.write("\n# edited\n")


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def watches_files(pid: int) -> bool:
    """Whether a reloader has begun to look at its files: an edit that comes earlier is missed, with us and without."""
    watches = False
    for descriptor in Path(f"/proc/{pid}/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed in between
            watches |= "inotify wd:" in descriptor.read_text()
    return watches


def ended(process: Process) -> int:
    """Wait until a process has ended, though others may still hold its streams; its exit status."""
    return process._process.wait(PATIENCE)
