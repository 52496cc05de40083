"""Under a terminal: Ctrl-C reaches the whole group once, and the terminal is left as it was."""

import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ReceiveRecord
from tests.launch.conftest import traces
from tests.serving import PATIENCE

CTRL_C = b"\x03"
# Makes the terminal that is its standard input its own, as a shell's would be, and becomes the command.
OWN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """A terminal in which one command runs."""

    def __init__(self, command: list[str], cwd: Path, env: Mapping[str, str]) -> None:
        self.keyboard, self.inside = pty.openpty()
        self.modes = termios.tcgetattr(self.inside)
        self.screen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWN_TERMINAL, *command],
            cwd=cwd,
            env={**os.environ, "TERM": "xterm-256color", **env},
            stdin=self.inside,
            stdout=self.inside,
            stderr=self.inside,
            start_new_session=True,
        )

    def type(self, keys: bytes) -> None:
        os.write(self.keyboard, keys)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read until the screen has shown this."""
        while (found := re.search(pattern, self.screen)) is None:
            ready, _, _ = select.select([self.keyboard], [], [], PATIENCE)
            assert ready, f"{pattern!r} never came:\n{self.screen}"
            self.screen += os.read(self.keyboard, 65536).decode()
        return found

    def wait(self) -> int:
        """Read until the process has ended; its exit status."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it does not end:\n{self.screen}"
            if select.select([self.keyboard], [], [], 0.05)[0]:
                self.screen += os.read(self.keyboard, 65536).decode()
        return self.process.returncode


@contextmanager
def terminal(project: Path, environ: Mapping[str, str], *words: str) -> Iterator[Terminal]:
    opened = Terminal([sys.executable, "-m", "asgi_inspect", "--port", "0", *words], project, environ)
    try:
        yield opened
    finally:
        if opened.process.poll() is None:
            os.killpg(opened.process.pid, signal.SIGKILL)
            opened.process.wait(PATIENCE)
        os.close(opened.keyboard)
        os.close(opened.inside)


def slow_connection(shown: Terminal) -> socket.socket:
    port = int(shown.wait_for(r"running on \S*http://127.0.0.1:(\d+)")[1])
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    client.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    while b"begun" not in client.recv(4096):
        pass
    return client


def received(file: Path) -> list[str]:
    return [
        record.message["type"] for record in read_trace(file) if isinstance(record, ReceiveRecord) and record.message
    ]


def test_ctrl_c_once_lets_the_server_finish(project: Path, environ: dict[str, str]) -> None:
    with terminal(project, environ, "main:app") as shown:
        client = slow_connection(shown)
        shown.type(CTRL_C)
        shown.wait_for("Waiting for connections to close")  # a second SIGINT would have made an end of it
        client.close()
        assert shown.wait() == 0
    assert "Application shutdown complete" in shown.screen
    assert received(traces(environ)[-1])[-1] == "lifespan.shutdown"
    assert "Traceback" not in shown.screen


COUNTING = """
import signal

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
more = 0
for number in range(5):
    print("press", number, flush=True)
    assert signal.sigwaitinfo({signal.SIGINT}).si_code == 128  # SI_KERNEL: from the terminal
    more += signal.sigtimedwait({signal.SIGINT}, 0.2) is not None
raise SystemExit(40 + more)
"""


def test_each_ctrl_c_reaches_the_server_once(project: Path, environ: dict[str, str]) -> None:
    (project / "counting.py").write_text(COUNTING)
    with terminal(project, environ, "counting:app") as shown:
        for number in range(5):
            shown.wait_for(f"press {number}")
            shown.type(CTRL_C)
        assert shown.wait() == 40


def test_ctrl_c_twice_makes_an_end_of_it(project: Path, environ: dict[str, str]) -> None:
    with terminal(project, environ, "main:app") as shown:
        client = slow_connection(shown)
        shown.type(CTRL_C)
        shown.wait_for("Waiting for connections to close")
        shown.type(CTRL_C)
        shown.wait()
        client.close()
    assert "Application shutdown complete" not in shown.screen
    assert f"trace: {traces(environ)[-1]}" in shown.screen


def test_kill_reaches_the_server_in_a_terminal_too(project: Path, environ: dict[str, str]) -> None:
    with terminal(project, environ, "main:app") as shown:
        shown.wait_for("running on")
        shown.process.send_signal(signal.SIGINT)
        assert shown.wait() == 0
    assert "Application shutdown complete" in shown.screen


def test_it_is_in_colour(project: Path, environ: dict[str, str]) -> None:
    with terminal(project, environ, "main:app") as shown:
        shown.wait_for("lifespan.startup.complete")
        shown.type(CTRL_C)
        shown.wait()
    assert "\x1b[" in shown.screen


def test_the_terminal_is_left_as_it_was(project: Path, environ: dict[str, str]) -> None:
    (project / "raw.py").write_text("import os, signal, tty; tty.setraw(0); os.kill(os.getpid(), signal.SIGKILL)")
    with terminal(project, environ, "raw:app") as shown:
        assert shown.wait() == -signal.SIGKILL
        assert termios.tcgetattr(shown.inside) == shown.modes


def test_the_application_may_ask_at_the_terminal(project: Path, environ: dict[str, str]) -> None:
    (project / "asking.py").write_text("raise SystemExit(int(input('which status? ')))")
    with terminal(project, environ, "asking:app") as shown:
        shown.wait_for(r"which status\?")
        shown.type(b"42\n")
        assert shown.wait() == 42
