"""Records on the terminal: shown past every buffer of Python, and never at the cost of the application."""

import contextlib
import fcntl
import io
import os
import pty
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.capture import notice
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.options import Options
from asgi_inspect.sinks import Terminal
from tests.asking import APP, app, ask
from tests.capture.sinking import (
    PATIENCE,
    line,
    objects,
    press_ctrl_s,
    python,
    read_line,
    until,
)


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(notice, "_said", set())
    yield
    notice.drop_waiting()


@contextlib.contextmanager
def on_terminal(code: str, *, stop: bool = False, **environ: str) -> Iterator[tuple[Any, int]]:
    """A process whose stderr is a terminal; we are who reads it. `stop`: as after Ctrl-S."""
    master, slave = pty.openpty()
    if stop:
        press_ctrl_s(master, slave)
    with python(code, stderr=slave, env={**os.environ, "TERM": "xterm", **environ}) as process:
        os.close(slave)
        try:
            yield process, master
        finally:
            with contextlib.suppress(OSError):
                os.close(master)


def shown(master: int, last: str) -> str:
    """What appears on the terminal, until `last` does."""
    data = b""
    while last.encode() not in data:
        assert select.select([master], [], [], PATIENCE)[0], f"{last!r} does not appear: {data[-500:]!r}"
        data += os.read(master, 65536)
    return data.decode().replace("\r\n", "\n")


def go_on(process: Any) -> None:
    process.stdin.write(b"\n")
    process.stdin.flush()


TERMINAL = (
    APP
    + """
from tests.capture.sinking import until
def wait(): ready(); sys.stdin.readline()
def application(**options): return InspectMiddleware(app, **options)
"""
)


def test_a_terminal_shows_what_passes_in_colour() -> None:
    with on_terminal(TERMINAL + 'ask(application(), "/hello"); wait()') as (process, master):
        text = shown(master, "200 OK")
        assert "/hello" in text
        assert "\x1b[" in text
        go_on(process)
        assert process.wait(PATIENCE) == 0


def test_compact_without_colour() -> None:
    with on_terminal(TERMINAL + 'ask(application(format="compact", color="never"), "/x")') as (process, master):
        text = shown(master, "200 OK ·")
        assert process.wait(PATIENCE) == 0
    assert "\x1b" not in text
    messages = [part for part in text.splitlines() if "#1" in part and set(part) & set("┌←→└")]
    assert len(messages) == 4  # beside them how long a `send` took, where the machine was slow


def test_jsonl() -> None:
    with on_terminal(TERMINAL + 'ask(application(format="jsonl"), "/x\u202e\x9b\x7f")') as (process, master):
        text = shown(master, '"outcome":"returned"')
        while not text.endswith("\n"):
            text += shown(master, "\n")
        assert process.wait(PATIENCE) == 0
    kinds = [record["record"] for record in objects(text.encode())]
    assert [kind for kind in kinds if kind != "sent"] == ["process", "scope", "send", "send", "end"]
    assert "\\u202e\\u009b\\u007f" in text  # as JSON's own escapes: nothing of it reaches the terminal
    assert not {"\u202e", "\x9b", "\x7f"} & set(text)


@pytest.mark.parametrize("how", ["stopped", "unread"])
def test_a_terminal_that_stands_still_stalls_nobody(how: str) -> None:
    """The application answers, prints and forks all the while; what was dropped is told when the terminal goes on."""
    code = (
        TERMINAL
        + """
from asgi_inspect.capture import queue
queue.CEILING = 20_000
inspected = application(format="compact")
ask(inspected, *["/x"] * 300)
print("printed", flush=True)
pid = os.fork()
if not pid:
    os._exit(0)
os.waitpid(pid, 0)
wait()
def drained():
    sink = inspected._sink
    return not sink._lines and not sink._taken
ask(inspected, "/x")
until(drained)
ask(inspected, "/last")
wait()
"""
    )
    with on_terminal(code, stop=how == "stopped") as (process, master):
        assert read_line(process.stdout) == b"printed\n"
        assert read_line(process.stdout) == b"ready\n"
        if how == "stopped":
            assert not select.select([master], [], [], 0)[0]
            os.write(master, b"\x11")
        go_on(process)
        assert "could not keep up" in shown(master, "/last")
        go_on(process)
        while process.poll() is None:
            with contextlib.suppress(OSError):
                os.read(master, 65536)
        assert process.wait(PATIENCE) == 0


def test_a_terminal_that_was_closed_harms_nobody() -> None:
    code = (
        TERMINAL
        + """
inspected = application()
ask(inspected, "/x")
wait()
ask(inspected, *["/y"] * 100)
ready()
"""
    )
    with on_terminal(code) as (process, master):
        shown(master, "200 OK")
        os.close(master)
        go_on(process)
        assert process.communicate(timeout=PATIENCE)[0] == b"ready\nready\n"
        assert process.returncode == 0


def test_a_terminal_that_stands_still_delays_the_end_by_two_seconds() -> None:
    code = (
        "import atexit, time\natexit.register(lambda: print(time.monotonic() - began))\n"
        + TERMINAL
        + """
ask(application(), *["/x"] * 10)
began = time.monotonic()
"""
    )
    with on_terminal(code, stop=True) as (process, _):
        out, _ = process.communicate(timeout=PATIENCE)
        assert 1.5 < float(out) < 10
        assert process.returncode == 0


@pytest.mark.parametrize("closing", ["2>&-", "2>/dev/full", "2>/dev/null"])
def test_without_stderr_the_application_answers(closing: str, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    code = (
        APP
        + f"""
theirs = [os.open({str(theirs)!r}, os.O_WRONLY | os.O_CREAT) for _ in range(3)]
for out in (None, None, {str(tmp_path / "trace.jsonl")!r}):
    ask(InspectMiddleware(app, out=out), "/x")
print("answered", flush=True)
"""
    )
    command = f'"{sys.executable}" -c "$1" {closing}'
    done = subprocess.run(["sh", "-c", command, "sh", "import os, sys\n" + code], check=True, stdout=subprocess.PIPE)
    assert done.stdout == b"answered\n"
    assert theirs.read_bytes() == b"", "written to a file of the application, which has the number of stderr"
    assert b'"outcome":"returned"' in (tmp_path / "trace.jsonl").read_bytes()


def test_to_a_socket_and_a_pipe_stderr_is_plain() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, python(TERMINAL + 'ask(application(), "/x")', stderr=theirs) as process:
        theirs.close()
        assert process.wait(PATIENCE) == 0
        text = ours.makefile("rb").read()
    assert b"200 OK" in text
    assert b"\x1b" not in text


def test_the_flags_of_stderr_stay() -> None:
    read, write = os.pipe()
    code = TERMINAL + 'ask(application(), "/x"); wait()'
    with python(code, stderr=write) as process:
        assert read_line(process.stdout) == b"ready\n"
        assert not fcntl.fcntl(write, fcntl.F_GETFL) & os.O_NONBLOCK
        os.close(write)
        go_on(process)
        with os.fdopen(read, "rb") as file:
            assert b"200 OK" in file.read()


def test_a_stream_in_memory_as_it_is_at_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook's, or those that tests put in its place one after the other."""
    application = InspectMiddleware(app, format="compact")
    sink: Any = None
    for path in ("/first", "/second"):
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        ask(application, path)
        sink = application._sink
        until(lambda: "200 OK" in stream.getvalue() and sink._thread.idle)
        assert path in stream.getvalue()


def test_a_stream_that_was_closed_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    application = InspectMiddleware(app)
    ask(application, "/x")
    sink: Any = application._sink
    until(lambda: sink._unwritten.records >= 5)
    sink._reset("start")  # or it would be said again at the end of the tests


def test_an_encoding_that_cannot_carry_it_gets_escapes() -> None:
    with on_terminal(TERMINAL + 'ask(application(), "/\u4f60")', PYTHONIOENCODING="ascii:strict") as (process, master):
        assert "/\\u4f60" in shown(master, "200 OK")
        assert process.wait(PATIENCE) == 0


def test_a_record_that_was_stopped_is_rendered_once() -> None:
    """A view remembers what it was fed; the same record a second time would be another."""
    terminal = Terminal(Options(format="compact"))
    rendered: list[bytes] = []
    written: list[str] = []
    ready = False

    def render(data: bytes) -> str:
        rendered.append(data)
        return "text"

    def write(text: str, stopping: Callable[[], bool]) -> bool:
        if ready:
            written.append(text)
        return ready

    terminal._render, terminal._write = render, write
    record = line(1)
    assert not terminal(record, lambda: True)
    assert not terminal(record, lambda: True)
    ready = True
    assert terminal(record, lambda: False)
    assert (rendered, written) == ([record], ["text"])
    assert terminal(record, lambda: False)
    assert len(rendered) == 2
