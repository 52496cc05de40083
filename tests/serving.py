"""Real servers on real sockets, for every test that needs one: in a process of its own, or in a thread of this one.

A port is always the server's own choice (`--port 0`), read from what it logs, so that tests never race for one; what a
server prints is read by threads and waited for on a condition, so that nothing sleeps.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import uvicorn

ROOT = Path(__file__).parent.parent
RUNNING = r"running on https?://127\.0\.0\.1:(\d+)"
PATIENCE = 30.0  # seconds; a slow machine is no failure


class Process:
    """A command that runs: its lines as they come, and how it ends."""

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> None:
        self.lines: list[tuple[Literal["stdout", "stderr"], str]] = []
        self._news = threading.Condition()
        self._open = 2
        self._process = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,  # so that a whole family of workers can be ended, whatever happens
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=("stdout", self._process.stdout), daemon=True),
            threading.Thread(target=self._read, args=("stderr", self._process.stderr), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, name: Literal["stdout", "stderr"], stream: IO[str]) -> None:
        with stream:
            for line in stream:
                with self._news:
                    self.lines.append((name, line.rstrip("\n")))
                    self._news.notify_all()
        with self._news:
            self._open -= 1
            self._news.notify_all()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stdout(self) -> str:
        return "\n".join(line for name, line in self.lines if name == "stdout")

    @property
    def stderr(self) -> str:
        return "\n".join(line for name, line in self.lines if name == "stderr")

    @property
    def port(self) -> int:
        """The port that the server listens at, as soon as it does."""
        return int(self.wait_for(RUNNING)[1])

    def wait_for(self, pattern: str, *, timeout: float = PATIENCE) -> re.Match[str]:
        """The first line of either stream that holds the pattern; fails at once when the process ends without one."""

        def found() -> re.Match[str] | None:
            return next((hit for _, line in list(self.lines) if (hit := re.search(pattern, line))), None)

        with self._news:
            self._news.wait_for(lambda: found() or not self._open, timeout)
        hit = found()
        assert hit is not None, f"no line holds {pattern!r}:\n" + "\n".join(line for _, line in self.lines)
        return hit

    def stop(self, number: signal.Signals = signal.SIGTERM, *, timeout: float = PATIENCE) -> int:
        """Send a signal to the process, not to its children, and return its exit status (negative: death by signal)."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self.wait(timeout=timeout)

    def wait(self, *, timeout: float = PATIENCE) -> int:
        """Wait until the process has ended and all that it printed was read; return its exit status."""
        status = self._process.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        return status

    def destroy(self) -> None:
        """Make an end of the process and of all its children."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # all gone by themselves
        self.wait()


@contextmanager
def running(argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path = ROOT) -> Iterator[Process]:
    """Run a command as long as the block lasts."""
    process = Process(argv, env=env, cwd=cwd)
    try:
        yield process
    finally:
        process.destroy()


def uvicorn_command(app: str, *options: str) -> list[str]:
    """The bare server."""
    return [sys.executable, "-m", "uvicorn", "--port", "0", "--workers", "1", *options, app]


def inspect_command(app: str, *options: str) -> list[str]:
    """The same server under asgi-inspect."""
    return [sys.executable, "-m", "asgi_inspect", "--port", "0", "--workers", "1", *options, app]


class _Server(uvicorn.Server):
    """A uvicorn that says when it listens, or that it never will."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.decided = threading.Event()
        self.failure: BaseException | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.decided.set()

    def run_in_thread(self) -> None:
        try:
            self.run()
        except BaseException as failure:  # SystemExit too: it is how uvicorn reports a failed startup
            self.failure = failure
        finally:
            self.decided.set()


@contextmanager
def serving(app: Any, **options: Any) -> Iterator[int]:
    """Serve an application object under uvicorn, in a thread of this process; yields the port."""
    server = _Server(uvicorn.Config(app, port=0, log_config=None, **options))
    thread = threading.Thread(target=server.run_in_thread, daemon=True)
    thread.start()
    try:
        assert server.decided.wait(PATIENCE), "the server does not start"
        assert server.started, f"the server did not start: {server.failure!r}"
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
    assert not thread.is_alive(), "the server does not stop"
    assert server.failure is None, f"the server ended with {server.failure!r}"
