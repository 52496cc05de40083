"""What we say ourselves never waits for whoever should read it, and is said once."""

import fcntl
import os
import pty
import select
import socket
import subprocess
import sys

import pytest

from asgi_inspect.capture import notice
from tests.capture.sinking import PATIENCE, Pipe, output, press_ctrl_s, python, read_line

SAY = "from asgi_inspect.capture.notice import say_once, say_waiting\n"


def test_each_sentence_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        notice.say_once("the disk is full")
        notice.say_once("the pipe is closed")
    assert capfd.readouterr().err == "asgi-inspect: the disk is full\nasgi-inspect: the pipe is closed\n"


def test_a_flood_of_sentences_ends(capfd: pytest.CaptureFixture[str]) -> None:
    for number in range(1000):
        notice.say_once(f"sentence {number}")
    assert len(capfd.readouterr().err.splitlines()) == 100


def test_a_sentence_is_one_safe_and_short_line(capfd: pytest.CaptureFixture[str]) -> None:
    notice.say_once("cannot write /tmp/\x1b[31m\n\udcffred: " + "x" * 100_000)
    printed = capfd.readouterr().err
    assert printed.startswith("asgi-inspect: cannot write /tmp/\\x1b[31m\\n\\udcffred: xxx")
    assert printed.count("\n") == 1
    assert len(printed) < 4096


def test_where_nobody_reads_it_does_not_wait_and_is_said_later() -> None:
    """stderr is a pipe that is full; when there is room again, what waited is said."""
    read, write = os.pipe()
    filled = os.dup(write)
    os.set_blocking(filled, False)
    size = fcntl.fcntl(write, fcntl.F_GETPIPE_SZ)
    assert os.write(filled, b"x" * size) == size
    os.set_blocking(filled, True)  # one open file: the flag is that of the process below too
    code = (
        SAY
        + """
say_once("one"); say_once("two"); say_once("one")
ready()
sys.stdin.readline()
say_waiting()
"""
    )
    with python(code, stderr=write) as process:
        assert read_line(process.stdout) == b"ready\n", "it waited for a full pipe"
        taken = b""
        while len(taken) < size:
            taken += os.read(read, size)
        assert process.communicate(b"\n", timeout=PATIENCE)[0] == b""
        assert os.get_blocking(write), "the flags of a shared descriptor were changed"
        os.close(write)
        os.close(filled)
        with os.fdopen(read, "rb") as rest:
            assert taken + rest.read() == b"x" * size + b"asgi-inspect: one\nasgi-inspect: two\n"


def test_a_terminal_that_was_stopped_is_not_waited_for() -> None:
    """Ctrl-S, and then Ctrl-Q, as the line discipline has them."""
    master, slave = pty.openpty()
    press_ctrl_s(master, slave)
    code = (
        SAY
        + """
say_once("while it stands")
ready()
sys.stdin.readline()
say_waiting()
"""
    )
    with python(code, stderr=slave) as process:
        assert read_line(process.stdout) == b"ready\n", "it waited for a stopped terminal"
        assert not select.select([master], [], [], 0)[0]
        os.write(master, b"\x11")
        process.communicate(b"\n", timeout=PATIENCE)
        said = b"asgi-inspect: while it stands\r\n"
        assert Pipe(master, slave).drain(len(said)) == said  # a terminal gives the end of a line by itself
    os.close(master)
    os.close(slave)


def test_to_a_socket_too() -> None:
    """As under systemd, where stderr is a socket, which cannot be opened again."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        subprocess.run([sys.executable, "-c", SAY + "say_once('hello')"], stderr=theirs.fileno(), check=True)
        assert ours.recv(1000) == b"asgi-inspect: hello\n"


@pytest.mark.parametrize("closing", ["2>&-", "1>&- 2>&-"])
def test_without_stderr_nothing_is_written_to_whatever_has_its_number(closing: str, tmp_path: os.PathLike[str]) -> None:
    theirs = os.path.join(tmp_path, "theirs")
    code = (
        SAY
        + f"""
import os
fd = os.open({theirs!r}, os.O_WRONLY | os.O_CREAT)
while fd < 2:
    fd = os.open({theirs!r}, os.O_WRONLY | os.O_CREAT)
assert fd == 2, fd
say_once("nobody hears this")
"""
    )
    subprocess.run(["sh", "-c", f'"{sys.executable}" -c "$1" {closing}', "sh", code], check=True)
    with open(theirs, "rb") as file:
        assert file.read() == b""


def test_a_reader_that_left_harms_nobody() -> None:
    code = (
        SAY
        + """
sys.stdin.readline()
say_once("to nobody")
ready()
"""
    )
    with python(code) as process:
        assert process.stderr is not None
        process.stderr.close()
        process.stderr = None
        assert process.communicate(b"\n", timeout=PATIENCE)[0] == b"ready\n"
        assert process.returncode == 0


def test_a_fork_says_nothing_twice() -> None:
    """What waits to be said is its parent's to say."""
    code = (
        SAY
        + """
import fcntl
from asgi_inspect.capture.file import FileSink
sink = FileSink("/dev/null", lambda why: b"")
read, write = os.pipe()
os.dup2(write, 2)
size = os.write(2, b"x" * fcntl.fcntl(write, fcntl.F_GETPIPE_SZ))
say_once("once")
while size:
    size -= len(os.read(read, size))
pid = os.fork()
if not pid:
    say_waiting()
    os._exit(0)
os.waitpid(pid, 0)
say_waiting()
os.close(write)
os.close(2)
sys.stdout.write(open(read).read())
"""
    )
    assert output(code)[0] == b"asgi-inspect: once\n"
