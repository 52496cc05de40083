"""Under a terminal: Ctrl-C reaches the whole group once, and the terminal is left as it was."""

import codecs
import os
import pty
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ExitRecord, ReceiveRecord
from tests.launch.conftest import traces
from tests.launch.test_launch import get, paths, records, until
from tests.serving import PATIENCE

CTRL_C, CTRL_BACKSLASH, CTRL_Z = b"\x03", b"\x1c", b"\x1a"
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
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWN_TERMINAL, *command],
            cwd=cwd,
            env={**os.environ, "TERM": "xterm-256color", **env},
            stdin=self.inside,
            stdout=self.inside,
            stderr=self.inside,
            start_new_session=True,
        )

    @property
    def port(self) -> int:
        """The port that uvicorn listens at, as soon as it does."""
        return int(self.wait_for(r"running on \S*http://127.0.0.1:(\d+)")[1])

    def type(self, keys: bytes) -> None:
        os.write(self.keyboard, keys)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read until the screen has shown this."""
        while (found := re.search(pattern, self.screen)) is None:
            ready, _, _ = select.select([self.keyboard], [], [], PATIENCE)
            assert ready, f"{pattern!r} never came:\n{self.screen}"
            self.screen += self._decoder.decode(os.read(self.keyboard, 65536))
        return found

    def wait(self) -> int:
        """Read until the process has ended; its exit status."""
        end = time.monotonic() + PATIENCE
        ended = False
        while select.select([self.keyboard], [], [], 0 if ended else 0.05)[0] or not ended:
            ended = ended or self.process.poll() is not None
            assert time.monotonic() < end, f"it does not end:\n{self.screen}"
            if select.select([self.keyboard], [], [], 0)[0]:
                self.screen += self._decoder.decode(os.read(self.keyboard, 65536))
        return self.process.wait()

    def close(self) -> None:
        """Close the window; at the other end the terminal hangs up."""
        if self.keyboard >= 0:
            os.close(self.keyboard)
            os.close(self.inside)
            self.keyboard = self.inside = -1


COMMAND = [sys.executable, "-m", "asgi_inspect"]


@contextmanager
def terminal(
    project: Path, environ: Mapping[str, str], *words: str, command: list[str] | None = None
) -> Iterator[Terminal]:
    """`asgi-inspect …` in a terminal; `command`: another one in its place."""
    opened = Terminal(command or [*COMMAND, "--port", "0", *words], project, environ)
    try:
        yield opened
    finally:
        for pid in session(opened.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        opened.process.wait(PATIENCE)
        opened.close()


def session(leader: int) -> list[int]:
    """The processes of a session, whatever their groups."""
    found = []
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        with suppress(ProcessLookupError):
            if os.getsid(pid) == leader:
                found.append(pid)
    return found


def slow_connection(shown: Terminal) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", shown.port), timeout=PATIENCE)
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


# --- what is shown behind a key ---


@pytest.mark.parametrize("key", [CTRL_C, CTRL_BACKSLASH], ids=["Ctrl-C", "Ctrl-backslash"])
def test_our_next_line_is_not_behind_the_key(key: bytes, project: Path, environ: dict[str, str]) -> None:
    """Where the server says nothing, what the terminal shows of the key stands where we would go on."""
    with terminal(project, environ, "main:app", "--log-level", "critical") as shown:
        shown.wait_for("lifespan.startup.complete.*\n")
        shown.type(key)
        shown.wait()
    assert re.search(r"\^[C\\]\r\S", shown.screen)


# --- a window that is closed ---


@pytest.mark.parametrize("words", [[], ["--reload"]])
def test_a_window_that_is_closed_ends_the_server(words: list[str], project: Path, environ: dict[str, str]) -> None:
    """Where no shell stands between, the terminal tells the leader of its session alone, which we are."""
    with terminal(project, environ, "main:app", *words) as shown:
        get(shown.port, "/seen")
        file = traces(environ)[-1]
        until(lambda: "/seen" in paths(file))
        shown.close()
        assert shown.process.wait(PATIENCE) == -signal.SIGHUP
        until(lambda: not session(shown.process.pid))
    if not words:  # what a reloader leaves behind goes after us
        assert isinstance(records(file)[-1], ExitRecord)


def test_a_window_with_a_shell_that_is_closed(project: Path, environ: dict[str, str]) -> None:
    with shell(project, environ) as shown:
        shown.type(shlex.join([*COMMAND, "--port", "0", "main:app"]).encode() + b"\n")
        get(shown.port)
        shown.close()
        assert shown.process.wait(PATIENCE) == -signal.SIGHUP
        until(lambda: not session(shown.process.pid))


# --- a shell with job control ---


@contextmanager
def shell(project: Path, environ: Mapping[str, str]) -> Iterator[Terminal]:
    """A shell that says at once what becomes of its jobs (`set -b`)."""
    plain = {**environ, "PS1": "$ ", "TERM": "dumb"}
    with terminal(project, plain, command=["/bin/bash", "--norc", "--noprofile", "-b", "-i"]) as shown:
        yield shown


def test_ctrl_z_and_back_again(project: Path, environ: dict[str, str]) -> None:
    with shell(project, environ) as shown:
        shown.type(shlex.join([*COMMAND, "--port", "0", "--color", "never", "main:app"]).encode() + b"\n")
        get(shown.port, "/before")
        shown.type(CTRL_Z)
        shown.wait_for("Stopped")
        shown.type(b"fg\n")
        get(shown.port, "/behind")
        shown.wait_for("GET /behind  HTTP")  # we go on as well
        shown.type(CTRL_C)
        shown.wait_for("Application shutdown complete")
        shown.type(b"echo ended with $?.\n")
        shown.wait_for(r"ended with 0\.")


@pytest.mark.parametrize(
    ("settings", "source", "typed", "status"),
    [
        ("", "raise SystemExit(int(input()))", b"42\n", 42),
        ("stty tostop", "print('said')\nraise SystemExit(7)", b"", 7),
    ],
    ids=["reads", "writes"],
)
def test_a_job_in_the_background_that_turns_to_the_terminal(
    settings: str, source: str, typed: bytes, status: int, project: Path, environ: dict[str, str]
) -> None:
    """The terminal stops the whole job: only if its first process, which we are, stands still too does `fg` wake it."""
    (project / "turning.py").write_text(source)
    with shell(project, environ) as shown:
        shown.type(settings.encode() + b"\n")
        shown.type(shlex.join([*COMMAND, "--quiet", "turning:app"]).encode() + b" &\n")
        shown.wait_for("Stopped")
        shown.type(b"fg\n")
        shown.type(typed)
        shown.wait_for(rf"ended with status {status};")
        shown.type(b"echo $?.\n")
        shown.wait_for(rf"\n{status}\.")


def test_who_wakes_us_wakes_the_server(project: Path, environ: dict[str, str]) -> None:
    (project / "saying.py").write_text("print('said')\nraise SystemExit(7)")
    with shell(project, environ) as shown:
        shown.type(b"stty tostop\n" + shlex.join([*COMMAND, "--quiet", "saying:app"]).encode() + b" &\n")
        shown.wait_for("Stopped")
        shown.type(b"stty -tostop; kill -CONT $!\n")  # us alone
        shown.wait_for(r"Exit 7")


# --- a debugger ---

DEBUGGED = """
import sys

import uvicorn


async def app(scope, receive, send):
    if scope["type"] == "http":
        answer = 6
        breakpoint()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(answer).encode()})


if __name__ == "__main__":
    uvicorn.run("debugged:app", port=0, reload="--reload" in sys.argv)
"""


@pytest.mark.parametrize(
    "words",
    [
        ["debugged:app", "--port", "0"],
        ["debugged:app", "--port", "0", "--reload"],
        ["--format", "jsonl", "debugged:app", "--port", "0"],
        ["python", "debugged.py"],
        ["python", "debugged.py", "--reload"],
    ],
    ids=" ".join,
)
def test_a_debugger_has_the_keyboard(words: list[str], project: Path, environ: dict[str, str]) -> None:
    (project / "debugged.py").write_text(DEBUGGED)
    with terminal(project, {**environ, "TERM": "dumb"}, command=[*COMMAND, *words]) as shown:
        port = shown.port
        answers: list[str] = []
        asking = threading.Thread(target=lambda: answers.append(get(port)))
        asking.start()
        shown.wait_for(r"\(Pdb\) ")
        shown.type(b"answer = answer * 7\n")
        shown.type(b"c\n")
        asking.join(PATIENCE)
        assert answers == ["42"]
