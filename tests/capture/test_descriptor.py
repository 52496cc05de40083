"""Whole lines to pipes, FIFOs, terminals, sockets and redirected streams, whatever those do who read them."""

import errno
import fcntl
import os
import pty
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from asgi_inspect.capture.descriptor import DescriptorWriter, open_again
from tests.capture.sinking import PATIENCE, Pipe, line, objects, press_ctrl_s, python, read_line

WRITER = """
from asgi_inspect.capture.descriptor import DescriptorWriter
from tests.capture.sinking import line
write = DescriptorWriter(1)
never = lambda: False
"""


def never() -> bool:
    return False


class Writing:
    """A write that may wait, in a thread: what it answered or raised, and a way to stop it."""

    def __init__(self, write: DescriptorWriter, data: bytes) -> None:
        self.stop = False
        self.answer: bool | BaseException | None = None
        self._write, self._data = write, data
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.answer = self._write(self._data, lambda: self.stop)
        except BaseException as failure:
            self.answer = failure

    def wait(self) -> bool | BaseException | None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return self.answer

    @property
    def waits(self) -> bool:
        """Whether it is still not done after some of its own looks around."""
        self._thread.join(0.1)
        return self._thread.is_alive()


# --- pipes -----------------------------------------------------------------------------------------------------------


def test_the_flags_of_a_shared_descriptor_stay(pipe: Pipe) -> None:
    write = DescriptorWriter(pipe.write)
    assert write(line(1), never)
    assert os.get_blocking(pipe.write)
    assert os.read(pipe.read, 1000) == line(1)


def test_a_line_longer_than_the_pipe_is_written_whole(pipe: Pipe) -> None:
    data = line(1, size=3 * pipe.size)
    writing = Writing(DescriptorWriter(pipe.write), data)
    assert pipe.drain(len(data)) == data
    assert writing.wait() is True


def test_a_full_pipe_is_waited_for_and_nothing_of_the_line_is_written_if_it_is_stopping(pipe: Pipe) -> None:
    write = DescriptorWriter(pipe.write)
    size = pipe.size
    assert write(b"x" * size, never)
    writing = Writing(write, line(1))
    assert writing.waits
    writing.stop = True
    assert writing.wait() is False
    assert pipe.drain(size) == b"x" * size
    assert write(line(2), never)
    assert os.read(pipe.read, 1000) == line(2)


def test_of_half_a_line_the_rest_is_written_when_it_is_given_again(pipe: Pipe) -> None:
    """As over a fork, during which no thread of ours may run. Nobody else gets in between."""
    data = line(1, size=pipe.size + 10_000)
    write = DescriptorWriter(pipe.write)
    writing = Writing(write, data)
    begun = os.read(pipe.read, 10)
    writing.stop = True
    assert writing.wait() is False
    other = Writing(DescriptorWriter(pipe.write), line(2))
    assert other.waits
    again = Writing(write, bytes(bytearray(data)))
    assert begun + pipe.drain(len(data) - 10) == data
    assert again.wait() is True
    assert other.wait() is True
    assert pipe.drain(len(line(2))) == line(2)


def test_a_reader_that_left(pipe: Pipe) -> None:
    write = DescriptorWriter(pipe.write)
    assert write(line(1), never)
    os.close(pipe.read)
    for _ in range(2):
        with pytest.raises(BrokenPipeError):
            write(line(2), never)


def test_a_reader_that_leaves_while_it_is_waited_for(pipe: Pipe) -> None:
    write = DescriptorWriter(pipe.write)
    writing = Writing(write, b"x" * (pipe.size + 1))
    assert writing.waits
    os.close(pipe.read)
    assert isinstance(writing.wait(), BrokenPipeError)


def test_four_processes_on_one_pipe(pipe: Pipe) -> None:
    """Lines far over PIPE_BUF, each under the lock."""
    code = (
        WRITER
        + """
for n in range(1, 31):
    assert write(line(n, conn=f"{os.getpid()}.1", size=n * 1000), never)
"""
    )
    with ExitStack() as stack:
        processes = [stack.enter_context(python(code, stdout=pipe.write)) for _ in range(4)]
        os.close(pipe.write)
        with os.fdopen(os.dup(pipe.read), "rb") as file:
            records = objects(file.read())
        assert [process.wait(PATIENCE) for process in processes] == [0] * 4
        for process in processes:
            own = [record["n"] for record in records if record["conn"] == f"{process.pid}.1"]
            assert own == list(range(1, 31))


def test_whoever_holds_the_lock_is_waited_for(pipe: Pipe) -> None:
    other = open_again(pipe.write).fd
    fcntl.flock(other, fcntl.LOCK_EX)
    write = DescriptorWriter(pipe.write)
    writing = Writing(write, line(1))
    assert writing.waits
    writing.stop = True
    assert writing.wait() is False
    writing = Writing(write, line(2))
    os.close(other)
    assert writing.wait() is True
    assert os.read(pipe.read, 1000) == line(2)


def test_a_forked_child_lets_go_of_the_lock(pipe: Pipe) -> None:
    """The parent is killed in the middle of a line: its child must not hold its lock for ever."""
    code = (
        """
from asgi_inspect.capture.queue import QueueSink
from asgi_inspect.capture.process import clock
import threading
"""
        + WRITER
        + """
from tests.capture.sinking import first_line, until
sink = QueueSink(write, "stdout", first_line)
sink.add(line(1, size=1_000_000), clock())
until(lambda: write._fd is not None and write._lock is not None)
sys.stdin.readline()
if not os.fork():
    os.write(2, b"%d\\n" % os.getpid())
    threading.Event().wait(60)
    os._exit(0)
threading.Event().wait()
"""
    )
    with python(code, stdout=pipe.write) as parent:
        assert os.read(pipe.read, 10)  # the first line has begun
        assert parent.stdin is not None
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        child = int(read_line(parent.stderr))
        try:
            parent.kill()
            parent.wait()
            other = open_again(pipe.write).fd
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(other)
        finally:
            os.kill(child, 9)


# --- FIFOs -----------------------------------------------------------------------------------------------------------


def test_a_fifo_that_nobody_reads_yet(fifo: Path) -> None:
    write = DescriptorWriter(str(fifo))
    writing = Writing(write, line(1))
    assert writing.waits
    writing.stop = True
    assert writing.wait() is False
    writing = Writing(write, line(1))
    with fifo.open("rb") as reader:
        assert reader.readline() == line(1)
        assert writing.wait() is True
        assert write(line(2), never)
        assert reader.readline() == line(2)


def test_a_fifo_whose_reader_left_in_the_middle_of_a_line(fifo: Path) -> None:
    """The next reader begins with a whole line."""
    write = DescriptorWriter(str(fifo))
    writing = Writing(write, line(1, size=1_000_000))
    with fifo.open("rb") as reader:
        assert reader.read(10)
    assert isinstance(writing.wait(), BrokenPipeError)
    reader_fd = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    assert write(line(2), never)
    assert write(line(3), never)
    with os.fdopen(reader_fd, "rb") as file:
        data = file.read(100_000)
    assert data.endswith(b"\n" + line(2) + line(3))


# --- terminals -------------------------------------------------------------------------------------------------------


@pytest.fixture
def terminal() -> Iterator[Pipe]:
    master, slave = pty.openpty()
    yield Pipe(master, slave)
    for fd in (master, slave):
        try:
            os.close(fd)
        except OSError:
            pass  # the test closed it


def test_a_terminal_that_was_stopped_with_ctrl_s_is_waited_for(terminal: Pipe) -> None:
    write = DescriptorWriter(terminal.write)
    press_ctrl_s(*terminal)
    writing = Writing(write, b"hello\n")
    assert writing.waits
    os.write(terminal.read, b"\x11")
    assert writing.wait() is True
    assert terminal.drain(7) == b"hello\r\n"
    assert os.get_blocking(terminal.write)


def test_a_terminal_that_nobody_reads_is_waited_for(terminal: Pipe) -> None:
    data = b"x" * 79 + b"\n"
    writing = Writing(DescriptorWriter(terminal.write), data * 1000)
    assert writing.waits
    shown = b""
    while shown.count(b"\n") < 1000:
        shown += os.read(terminal.read, 65536)
    assert writing.wait() is True
    assert shown == (data * 1000).replace(b"\n", b"\r\n")


def test_a_terminal_that_was_closed(terminal: Pipe) -> None:
    write = DescriptorWriter(terminal.write)
    assert write(b"hello\n", never)
    os.close(terminal.read)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        write(b"hello\n", never)
