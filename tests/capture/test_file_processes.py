"""The trace file among threads and processes, over forks, and at the end of the process."""

import gc
import os
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from asgi_inspect.capture import file as file_module
from asgi_inspect.capture import thread as thread_module
from asgi_inspect.capture.file import FileSink
from asgi_inspect.capture.process import clock
from tests.capture.filing import SINK, Disk, add, flush, real_write
from tests.capture.sinking import (
    PATIENCE,
    first_line,
    line,
    objects,
    output,
    python,
    read_line,
    run_threads,
    told,
    until,
)

# --- several threads and processes -----------------------------------------------------------------------------------


def test_four_threads_at_once(path: Path, sink: FileSink) -> None:
    """As TestClient runs its loops: each line once, whole, those of each thread in order, and the `process` record first."""

    def run(conn: str) -> Callable[[], None]:
        def hammer() -> None:
            for n in range(1, 401):
                sink.add(line(n, conn=conn, size=n), clock())
                if n % 4 == 0:
                    flush(sink)

        return hammer

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        run_threads([run(f"p.{number}") for number in range(4)])
    finally:
        sys.setswitchinterval(switch)
    until(lambda: path.read_bytes().count(b"\n") == 1601, "all lines")
    records = objects(path.read_bytes())
    assert records[0]["record"] == "process"
    for number in range(4):
        assert [record["n"] for record in records[1:] if record["conn"] == f"p.{number}"] == list(range(1, 401))


def test_four_processes_on_one_file(path: Path) -> None:
    """Lines of up to 400 KB, all at once; each process has its own `process` record before its first line."""
    code = (
        SINK
        + """
ready()
sys.stdin.readline()
for n in range(1, 41):
    sink.add(line(n, conn=f"{os.getpid()}.1", size=10 ** (n % 6) * 4), clock())
    sink.flush(clock())
"""
    )
    from contextlib import ExitStack

    with ExitStack() as stack:
        processes = [stack.enter_context(python(code, str(path))) for _ in range(4)]
        assert [read_line(process.stdout) for process in processes] == [b"ready\n"] * 4
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.flush()
        for process in processes:
            assert process.wait(PATIENCE) == 0
        pids = [process.pid for process in processes]
    records = objects(path.read_bytes())
    assert len(records) == 4 * 41
    for pid in pids:
        own = [r for r in records if r.get("pid") == pid or r.get("conn") == f"{pid}.1"]
        assert own[0]["record"] == "process"
        assert [record["n"] for record in own[1:]] == list(range(1, 41))


# --- forks and the end -----------------------------------------------------------------------------------------------


def test_a_fork(path: Path) -> None:
    """No thread of ours at the moment of the fork; the child drops the parent's lines, and both go on."""
    code = (
        """
import threading
at_fork = []
def names():
    at_fork.extend(thread.name for thread in threading.enumerate() if thread.name.startswith("asgi-inspect"))
os.register_at_fork(before=names)  # handlers run in reverse order: after ours
"""
        + SINK
        + """
add(1)
assert threads()
pid = os.fork()
assert at_fork == [], at_fork
if not pid:
    add(100)
    assert threads()
    sink.flush(clock())
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
add(2)
sink.flush(clock())
until(lambda: len(told(open(sys.argv[1], "rb").read())) == 5)
add(3)
assert threads()
until(lambda: open(sys.argv[1], "rb").read().endswith(line(3)))
"""
    )
    assert output(code, str(path)) == (b"", b""), "a warning, which Pythons from 3.12 on have for a fork among threads"
    lines = told(path.read_bytes())
    assert [each for each in lines if each in ("fork", 100)] == ["fork", 100]
    assert [each for each in lines if each not in ("fork", 100)] == ["start", 1, 2, 3]


def test_a_fork_while_others_write(path: Path) -> None:
    """Whatever lock another thread holds just then: the child's is a new one."""
    code = (
        SINK
        + """
import threading
def hammer(conn):
    for n in range(1, 2001):
        sink.add(line(n, conn=conn), clock())
        sink.flush(clock())
writers = [threading.Thread(target=hammer, args=(f"t{number}",)) for number in range(2)]
for writer in writers:
    writer.start()
for _ in range(10):
    pid = os.fork()
    if not pid:
        sink.add(line(1, conn="child"), clock())
        sink.settle()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
for writer in writers:
    writer.join()
"""
    )
    output(code, str(path))
    records = [record for record in objects(path.read_bytes()) if record["record"] == "send"]
    for conn, last in (("t0", 2000), ("t1", 2000)):
        assert [record["n"] for record in records if record["conn"] == conn] == list(range(1, last + 1))
    assert [record["n"] for record in records if record["conn"] == "child"] == [1] * 10


def test_a_child_that_multiprocessing_forked_loses_nothing(path: Path) -> None:
    """It ends by `os._exit`, without `atexit`: what was flushed is there, and the rest after 50 ms."""
    code = (
        SINK
        + """
import multiprocessing
def child():
    add(2)
    sink.flush(clock())
    add(3)
    until(lambda: open(sys.argv[1], "rb").read().endswith(line(3)))
add(1)
sink.flush(clock())
process = multiprocessing.get_context("fork").Process(target=child)
process.start()
process.join()
assert process.exitcode == 0
"""
    )
    output(code, str(path))
    assert told(path.read_bytes()) == ["start", 1, "fork", 2, 3]


def test_the_end_of_the_interpreter_writes_what_is_left(path: Path) -> None:
    assert output(SINK + "add(1, 2)", str(path)) == (b"", b"")
    assert told(path.read_bytes()) == ["start", 1, 2]


def test_the_end_of_the_interpreter_writes_to_what_is_open(path: Path) -> None:
    assert output(SINK + "add(1); sink.flush(clock()); add(2)", str(path)) == (b"", b"")
    assert told(path.read_bytes()) == ["start", 1, 2]


def test_a_record_after_the_end_is_written_too(path: Path) -> None:
    """A handler that was registered before ours runs after it."""
    code = "import atexit\nfrom functools import partial\nlate = []\natexit.register(lambda: late[0]())\n" + SINK
    output(code + "late.append(lambda: (add(2), sink.flush(clock())))\nadd(1)", str(path))
    assert told(path.read_bytes()) == ["start", 1, 2]


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_what_was_flushed_survives_any_end(end: str, path: Path) -> None:
    status = 3 if "_exit" in end else -signal.SIGKILL
    output(SINK + f"add(1, 2); sink.flush(clock()); {end}", str(path), status=status)
    assert told(path.read_bytes()) == ["start", 1, 2]


def test_a_disk_that_stands_still_delays_the_end_by_little(
    path: Path, sink: FileSink, disk: Disk, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(file_module, "WAIT_SECONDS", 0.05)
    stands, goes_on = threading.Event(), threading.Event()

    def write(fd: int, data: bytes) -> int:
        stands.set()
        assert goes_on.wait(PATIENCE)
        return real_write(fd, data)

    add(sink, 1)
    flush(sink)
    disk.answer = write
    add(sink, 2)
    assert stands.wait(PATIENCE), "the timer does not write"
    add(sink, 3)
    began = time.monotonic()
    sink.at_exit()
    assert time.monotonic() - began < PATIENCE / 2
    goes_on.set()
    assert capfd.readouterr().err == f"asgi-inspect: {path}: 2 records could not be written\n"
    until(lambda: 2 in told(path.read_bytes()))


def test_a_sink_that_nobody_uses_any_more_is_closed_when_its_lines_are_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a test suite that makes a thousand of them would run out of descriptors and threads."""
    monkeypatch.setattr(thread_module, "LINGER", 0.0)
    monkeypatch.setattr(file_module, "QUIET_TICKS", 2)
    sink = FileSink(str(path), first_line)
    add(sink, 1)
    flush(sink)
    add(sink, 2)
    fd, timer = sink._fd, sink._timer._thread
    assert fd is not None
    assert timer is not None
    reference = weakref.ref(sink)
    del sink

    def gone() -> bool:
        gc.collect()
        return reference() is None

    until(gone)
    assert told(path.read_bytes()) == ["start", 1, 2]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    assert not timer.is_alive()
