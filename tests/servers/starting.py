"""A server that runs, bare or traced: how it is started, where it listens, how it ends, and the trace that is left."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.capture.sinking import holds
from tests.launch.conftest import traces
from tests.servers.clients import Place, answers
from tests.servers.project import Certificates, make_project
from tests.servers.ways import Over, Way
from tests.serving import PATIENCE, Process

LISTENS = r"(?:[Rr]unning on|[Ll]istening at:?|Listening on TCP address) (?:https?://)?127\.0\.0\.1:(\d+)"
_LISTENS_FOR_QUIC = r"Running on https://127\.0\.0\.1:(\d+) \(QUIC\)"
_CTRL_C = b"\x03"
_WHICH_COLOUR = b"\x1b]11;?"
_BLACK = b"\x1b]11;rgb:0000/0000/0000\x1b\\"
# Makes the terminal that is its standard input its own, as a shell's would be, and becomes the command.
_OWN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


def until(condition: Callable[[], object], what: str) -> None:
    """Look again and again until it holds."""
    assert soon(condition, PATIENCE), f"it never came: {what}"


def soon(condition: Callable[[], object], seconds: float) -> bool:
    """Whether it comes to hold within this time."""
    clock, end = threading.Event(), time.monotonic() + seconds
    while not holds(condition):
        if time.monotonic() > end:
            return False
        clock.wait(0.02)
    return True


class Terminal:
    """A terminal in which one command runs in the foreground; a thread reads what it shows."""

    def __init__(self, argv: list[str], *, env: dict[str, str], cwd: Path) -> None:
        self.screen = ""
        self._news = threading.Condition()
        self._keyboard, inside = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _OWN_TERMINAL, *argv],
            cwd=cwd,
            env={**os.environ, "TERM": "xterm-256color", **env},
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._keyboard, 65536)
            except OSError:  # EIO: nobody has the terminal any more
                data = b""
            if _WHICH_COLOUR in data:  # fastapi's command asks for it, and waits for an answer
                os.write(self._keyboard, _BLACK)
            with self._news:
                self.screen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", data.decode(errors="backslashreplace"))
                self._news.notify_all()
            if not data:
                return

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [("screen", line) for line in self.screen.splitlines()]

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for(self, pattern: str) -> re.Match[str]:
        with self._news:
            self._news.wait_for(lambda: re.search(pattern, self.screen) or not self._reader.is_alive(), PATIENCE)
        found = re.search(pattern, self.screen)
        assert found is not None, f"{pattern!r} never came:\n{self.screen}"
        return found

    def press_ctrl_c(self) -> None:
        os.write(self._keyboard, _CTRL_C)

    def wait(self) -> int:
        status = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def destroy(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.wait()
        os.close(self._keyboard)


@dataclass(frozen=True)
class Server:
    """A server that was started, and its surroundings."""

    way: Way
    traced: bool
    process: Process | Terminal
    project: Path
    trace_file: Path | None
    """Where the trace is, if its name was given; else it is in the state folder."""
    place: Place

    def wait_until_ready(self) -> None:
        """Wait until it listens and answers: a supervisor says that it runs before its workers do."""
        if self.place.over is not Over.UNIX:
            self.place.port = int(self.process.wait_for(LISTENS)[1])
        if self.place.over is Over.HTTP3:
            self.place.quic_port = int(self.process.wait_for(_LISTENS_FOR_QUIC)[1])
        until(lambda: answers(self.place), "an answer")

    def wait_until_written(self, text: str) -> None:
        """Wait until a text stands in the trace, if there is one."""
        if self.traced:
            until(lambda: text in self.trace.read_text(), f"{text} in the trace")

    @property
    def trace(self) -> Path:
        if self.trace_file is not None:
            return self.trace_file
        (file,) = traces({"XDG_STATE_HOME": str(self.project.parent / "state")})
        return file

    @property
    def said(self) -> list[str]:
        """What the application printed."""
        return [hit[1] for _, line in self.process.lines if (hit := re.search(r"application: (\S+ in \d+)", line))]

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process that was started, not to its children."""
        os.kill(self.process.pid, number)

    def shown(self) -> str:
        return "\n".join(line for _, line in self.process.lines)


class Starter:
    """Starts servers below one folder, and makes an end of them."""

    def __init__(self, folder: Path, certificates: Certificates) -> None:
        self._folder = folder
        self._certificates = certificates

    @contextmanager
    def one(
        self,
        way: Way,
        more: str = "",
        *,
        traced: bool,
        failing: str | None = None,
        port: int | None = None,
        terminal: bool = False,
    ) -> Iterator[Server]:
        """Start it; `more`: options beside those of the way. `failing`: see `make_project`. `port`: this one, else any."""
        home = self._folder / ("traced" if traced else "bare")
        project = make_project(home / "project", self._certificates, failing)
        trace = home / "trace.jsonl" if way.prefixed and traced else None
        with ExitStack() as stack:
            if port is None and way.reserves:
                port = stack.enter_context(reserved())
            environ = {
                "XDG_STATE_HOME": str(home / "state"),
                "HOME": str(home),  # where gunicorn has its control socket
                "PORT": str(port or 0),
                **way.env,
                **({} if trace is None else {"ASGI_INSPECT_OUT": str(trace)}),
            }
            argv = way.command(more, traced=traced).format(port=port or 0).split()
            argv[0] = sys.executable if argv[0] == "python" else str(Path(sys.executable).with_name(argv[0]))
            process = (Terminal if terminal else Process)(argv, env=environ, cwd=project)
            stack.callback(process.destroy)
            place = Place(way.over, port or 0, project / "server.sock", self._certificates.authority)
            yield Server(way, traced, process, project, trace, place)

    @contextmanager
    def both(
        self, way: Way, more: str = "", *, failing: str | None = None, port: int | None = None, terminal: bool = False
    ) -> Iterator[tuple[Server, Server]]:
        """The same way bare and traced, at the same time."""
        with (
            self.one(way, more, traced=False, failing=failing, port=port, terminal=terminal) as bare,
            self.one(way, more, traced=True, failing=failing, port=port, terminal=terminal) as traced,
        ):
            yield bare, traced


@contextmanager
def reserved() -> Iterator[int]:
    """A port that nobody else gets, as somebody holds it who never listens."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
