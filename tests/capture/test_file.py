"""The trace file as one process writes it: whole lines, soon, whatever the disk, the clock or other threads do."""

import errno
import gc
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asgi_inspect.capture import file as file_module
from asgi_inspect.capture import notice
from asgi_inspect.capture import thread as thread_module
from asgi_inspect.capture.file import FileSink
from asgi_inspect.capture.process import clock
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ProcessRecord, SendRecord
from tests.capture.sinking import (
    PATIENCE,
    ROOT,
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

real_write = os.write
SOON_NS = 20_000_000  # for the next try of what failed

SINK = """
from asgi_inspect.capture.file import FileSink
from asgi_inspect.capture.process import clock
from tests.capture.sinking import first_line, line, until, told, threads
sink = FileSink(sys.argv[1], first_line)
def add(*numbers, **how):
    for n in numbers:
        sink.add(line(n, **how), clock())
"""


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(notice, "_said", set())
    yield
    notice.drop_waiting()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


@pytest.fixture
def sink(path: Path) -> FileSink:
    return FileSink(str(path), first_line)


def add(sink: FileSink, *numbers: int, size: int = 0) -> None:
    for n in numbers:
        sink.add(line(n, size=size), clock())


def flush(sink: FileSink) -> None:
    sink.flush(clock())


class Disk:
    """`os.write`, but what is written to the sink's file meets what a test has in store; and who wrote what."""

    def __init__(self, sink: FileSink) -> None:
        self.sink = sink
        self.by: list[str] = []
        self.answer: Callable[[int, bytes], int] = real_write

    def write(self, fd: int, data: bytes) -> int:
        if fd != self.sink._fd:
            return real_write(fd, data)
        self.by.append(threading.current_thread().name)
        return self.answer(fd, data)


@pytest.fixture
def disk(sink: FileSink, monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(sink)
    monkeypatch.setattr(os, "write", disk.write)
    return disk


class Clock:
    """The clock, which a test may set forward or back."""

    def __init__(self) -> None:
        self.offset = 0

    def __call__(self) -> int:
        return time.perf_counter_ns() + self.offset


@pytest.fixture
def jumping(monkeypatch: pytest.MonkeyPatch) -> Clock:
    jumping = Clock()
    monkeypatch.setattr(file_module, "clock", jumping)
    return jumping


def fails(number: int) -> Callable[[int, bytes], int]:
    def write(fd: int, data: bytes) -> int:
        raise OSError(number, os.strerror(number))

    return write


# --- when it is written ------------------------------------------------------------------------------------------------


def test_nothing_is_opened_or_started_before_the_first_line(path: Path, sink: FileSink) -> None:
    assert not path.exists()
    assert sink._timer.idle
    flush(sink)
    assert not path.exists(), "a file with nothing in it"


def test_the_file_is_for_its_owner_only(path: Path, sink: FileSink) -> None:
    before = os.umask(0)
    try:
        add(sink, 1)
        flush(sink)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_there_keeps_its_mode_and_what_it_holds(path: Path, sink: FileSink) -> None:
    path.write_bytes(line(7))
    path.chmod(0o640)
    add(sink, 1)
    flush(sink)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert told(path.read_bytes()) == [7, "start", 1]


def test_a_connection_is_one_write(path: Path, sink: FileSink, disk: Disk) -> None:
    add(sink, 1, 2, 3)
    flush(sink)
    assert told(path.read_bytes()) == ["start", 1, 2, 3]
    add(sink, 4, 5)
    flush(sink)
    assert told(path.read_bytes()) == ["start", 1, 2, 3, 4, 5]
    assert disk.by == ["MainThread"] * 2


def test_a_line_that_nothing_follows_is_in_the_file_within_50_ms(path: Path, sink: FileSink) -> None:
    """The best of a few, because a busy machine may let a thread wait; what is promised is ours alone."""
    best = 1.0
    for n in range(1, 6):
        began = time.monotonic()
        add(sink, n)
        until(lambda: path.exists() and told(path.read_bytes())[-1] == n)
        best = min(best, time.monotonic() - began)
    assert best < 0.05


def test_a_line_that_is_followed_soon_does_not_wait_for_the_timer(
    path: Path, sink: FileSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileSink, "_tick", lambda self, stopping: None)
    now = clock()
    sink.add(line(1), now)
    sink.add(line(2), now + file_module.FLUSH_AGE_NS - 1)
    assert not path.exists()
    sink.add(line(3), now + file_module.FLUSH_AGE_NS)
    assert told(path.read_bytes()) == ["start", 1, 2, 3]


def test_a_buffer_that_passes_its_size_is_written(path: Path, sink: FileSink) -> None:
    add(sink, 1, size=file_module.FLUSH_SIZE)
    assert told(path.read_bytes()) == ["start", 1]


def test_each_line_at_once(path: Path) -> None:
    sink = FileSink(str(path), first_line, each_line=True)
    for n in range(1, 4):
        add(sink, n)
        assert told(path.read_bytes()) == ["start", *range(1, n + 1)]


def test_the_timer_rests_when_nothing_comes_and_begins_again(
    path: Path, sink: FileSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_module, "QUIET_TICKS", 2)
    for n in range(1, 4):
        add(sink, n)
        until(lambda: path.exists() and told(path.read_bytes())[-1] == n)
        until(lambda: sink._timer.idle)


def test_a_clock_that_stands_still_holds_nothing_back(
    path: Path, sink: FileSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As tests do that freeze time."""
    now = clock()
    monkeypatch.setattr(file_module, "clock", lambda: now)
    sink.add(line(1), now)
    until(lambda: path.exists() and told(path.read_bytes()) == ["start", 1])


@pytest.mark.parametrize("jump", [-(10**18), 10**18])
def test_a_clock_that_jumps_keeps_neither_the_loop_nor_the_timer_from_writing(
    path: Path, sink: FileSink, disk: Disk, jumping: Clock, jump: int
) -> None:
    disk.answer = fails(errno.EIO)
    sink.add(line(1), jumping())
    sink.flush(jumping())
    jumping.offset += jump
    tries = len(disk.by)
    until(lambda: len(disk.by) > tries, "a try by the timer")
    assert set(disk.by[tries:]) == {"asgi-inspect timer"}
    disk.answer = real_write
    jumping.offset += jump
    sink.add(line(2), jumping())
    sink.flush(jumping())
    assert told(path.read_bytes()) == ["start", 1, 2]


# --- a disk that is slow -----------------------------------------------------------------------------------------------


def slow_once(disk: Disk, jumping: Clock) -> None:
    """The next write takes 30 ms, by the clock; those after it take no time."""

    def write(fd: int, data: bytes) -> int:
        disk.answer = real_write
        jumping.offset += 30_000_000
        return real_write(fd, data)

    disk.answer = write


def test_after_a_slow_write_only_the_timer_writes_for_a_second(
    path: Path, sink: FileSink, disk: Disk, jumping: Clock
) -> None:
    slow_once(disk, jumping)
    sink.add(line(1), jumping())
    sink.flush(jumping())
    for n in range(2, 5):
        sink.add(line(n), jumping())
        sink.flush(jumping())
        until(lambda: told(path.read_bytes()) == ["start", *range(1, n + 1)])
    assert set(disk.by[1:]) == {"asgi-inspect timer"}
    jumping.offset += 1_000_000_000
    written = len(disk.by)
    sink.add(line(5), jumping())
    sink.flush(jumping())
    assert disk.by[written:] == ["MainThread"]


def test_the_loop_does_not_wait_for_a_disk_that_stands_still(
    path: Path, sink: FileSink, disk: Disk, jumping: Clock
) -> None:
    stands, goes_on = threading.Event(), threading.Event()
    slow_once(disk, jumping)
    sink.add(line(1), jumping())
    sink.flush(jumping())

    def write(fd: int, data: bytes) -> int:
        stands.set()
        assert goes_on.wait(PATIENCE)
        return real_write(fd, data)

    disk.answer = write
    sink.add(line(2), jumping())
    sink.flush(jumping())
    assert stands.wait(PATIENCE)
    jumping.offset += 2_000_000_000  # not even when the loop may write again
    for n in range(3, 200):
        sink.add(line(n), jumping())
        sink.flush(jumping())
    assert "MainThread" not in disk.by[1:]
    assert told(path.read_bytes()) == ["start", 1]
    goes_on.set()
    until(lambda: told(path.read_bytes()) == ["start", *range(1, 200)])


def test_a_connection_that_ends_while_the_timer_writes_is_written_right_after(
    path: Path, sink: FileSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a tick later: the process may be told to end, and a killed one should lose no finished connection."""
    monkeypatch.setattr(file_module, "TICK", 10 * PATIENCE)  # so that only being woken can write
    add(sink, 1)
    until(lambda: sink._aged, "the first tick")
    for n in range(2, 5):
        with sink._lock:
            add(sink, n)
            flush(sink)
        until(lambda: path.exists() and told(path.read_bytes()) == ["start", *range(1, n + 1)])
    assert sink._timer.stop(PATIENCE)


def test_settling_waits_for_the_lock_and_writes_what_is_left(
    path: Path, sink: FileSink, disk: Disk, jumping: Clock
) -> None:
    slow_once(disk, jumping)
    sink.add(line(1), jumping())
    sink.flush(jumping())
    sink.add(line(2), jumping())
    sink.settle()
    assert told(path.read_bytes()) == ["start", 1, 2]
    with sink._lock:
        release = threading.Timer(0.02, lambda: None)
        release.start()
        settled = threading.Thread(target=sink.settle)
        sink.add(line(3), jumping())
        settled.start()
        release.join()
    settled.join(PATIENCE)
    assert told(path.read_bytes()) == ["start", 1, 2, 3]


# --- a disk that fails -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.ESTALE])
def test_a_write_that_fails_is_said_once_and_tried_again(
    number: int,
    path: Path,
    sink: FileSink,
    disk: Disk,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(file_module, "RETRY_NS", SOON_NS)
    add(sink, 1)
    flush(sink)
    disk.answer = fails(number)
    for n in range(2, 20):
        add(sink, n)
        flush(sink)
    until(lambda: len(disk.by) > 3, "the second try")
    assert told(path.read_bytes()) == ["start", 1]
    disk.answer = real_write
    until(lambda: told(path.read_bytes()) == ["start", *range(1, 20)])
    assert capfd.readouterr().err == (
        f"asgi-inspect: cannot write {path}: {os.strerror(number)}; "
        "the application goes on, records wait or are dropped\n"
    )
    assert b"\n\n" in path.read_bytes(), "a failed write may have left half a line"


def test_what_comes_while_a_write_fails_stays_behind_what_was_there(path: Path, sink: FileSink, disk: Disk) -> None:
    def write(fd: int, data: bytes) -> int:
        disk.answer = real_write
        add(sink, 3, 4)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    disk.answer = write
    add(sink, 1, 2)
    flush(sink)
    until(lambda: told(path.read_bytes()) == ["start", 1, 2, 3, 4])


def test_tries_are_far_apart_and_the_loop_makes_none(sink: FileSink, disk: Disk, jumping: Clock) -> None:
    """However many connections end meanwhile: a disk that fails is asked twice a second, by the timer."""
    disk.answer = fails(errno.ENOSPC)
    for n in range(1000):
        sink.add(line(n, size=1000), jumping())
        sink.flush(jumping())
    assert disk.by == ["MainThread"]
    jumping.offset += file_module.RETRY_NS
    until(lambda: len(disk.by) == 2)
    assert disk.by[1] == "asgi-inspect timer"


def test_a_short_write_is_repeated_line_by_line(
    path: Path, sink: FileSink, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line stays in the file; the next write begins with a newline, and a reader loses nothing."""
    monkeypatch.setattr(file_module, "RETRY_NS", SOON_NS)
    full = first_line("start") + line(1)

    def write(fd: int, data: bytes) -> int:
        disk.answer = real_write
        return real_write(fd, data[: len(full) + 20])

    disk.answer = write
    add(sink, 1, 2, 3)
    flush(sink)
    until(lambda: path.read_bytes().endswith(line(3)))
    assert path.read_bytes() == full + line(2)[:20] + b"\n" + line(2) + line(3)


@pytest.mark.parametrize("taken", [0, 1])
def test_a_second_short_write_in_a_row(
    taken: int, path: Path, sink: FileSink, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_module, "RETRY_NS", SOON_NS)
    sizes = [len(first_line("start")) + 10, taken]

    def write(fd: int, data: bytes) -> int:
        return real_write(fd, data[: sizes.pop(0)] if sizes else data)

    disk.answer = write
    add(sink, 1, 2)
    flush(sink)
    until(lambda: path.read_bytes().endswith(line(2)))
    numbers = [record.n for record in read_trace(path, on_damage=lambda damage: None) if isinstance(record, SendRecord)]
    assert numbers == [1, 2]


def test_a_file_that_may_not_grow(path: Path) -> None:
    """The real thing: the kernel takes a part, then nothing (EFBIG), then all again."""
    code = (
        SINK
        + """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
add(*range(1, 40), size=200)
sink.flush(clock())
size = os.stat(sys.argv[1]).st_size
assert size == 5000, size
add(40, 41)
sink.flush(clock())
until(lambda: sink._retry_at and clock() > sink._retry_at)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
until(lambda: open(sys.argv[1], "rb").read().endswith(line(41)))
"""
    )
    _, err = output(code, str(path))
    assert err.startswith(f"asgi-inspect: {path} took only a part of a write: is the disk full?".encode())
    damages: list[object] = []
    numbers = [record.n for record in read_trace(path, on_damage=damages.append) if isinstance(record, SendRecord)]
    assert numbers == list(range(1, 42))
    assert len(damages) == 1


def test_a_full_device_harms_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    sink = FileSink("/dev/full", first_line)
    add(sink, 1)
    flush(sink)
    sink.at_exit()
    assert capfd.readouterr().err == (
        "asgi-inspect: cannot write /dev/full: No space left on device; "
        "the application goes on, records wait or are dropped\n"
        "asgi-inspect: /dev/full: 2 records could not be written\n"
    )


def test_what_has_no_room_is_counted_and_told_when_writing_works_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(file_module, "CEILING", 10 * len(line(1, size=100)))
    folder = tmp_path / "not yet"
    path = folder / "trace.jsonl"
    sink = FileSink(str(path), first_line)
    for n in range(1, 101):
        add(sink, n, size=100)
        flush(sink)
    folder.mkdir()
    until(path.exists)
    until(lambda: b'"lost"' in path.read_bytes())
    add(sink, 101)
    flush(sink)
    until(lambda: told(path.read_bytes())[-1] == 101)
    kept = 10  # the one that passes the ceiling is the last that is taken
    assert told(path.read_bytes()) == ["start", *range(1, kept + 1), 100 - kept, 101]
    lost = next(record for record in objects(path.read_bytes()) if record["record"] == "lost")
    assert (lost["conns"], lost["bytes"], lost["why"]) == (
        1,
        sum(len(line(n, size=100)) for n in range(kept + 1, 101)),
        "the file could not be written fast enough",
    )
    assert capfd.readouterr().err.startswith(f"asgi-inspect: cannot write {path}: No such file or directory;")


def test_a_line_longer_than_the_ceiling_is_written(path: Path, sink: FileSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "CEILING", 1000)
    add(sink, 1, size=10_000)
    flush(sink)
    assert told(path.read_bytes()) == ["start", 1]


def test_where_no_thread_can_be_had_the_loop_does_it_all(
    path: Path, sink: FileSink, disk: Disk, jumping: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    disk.answer = fails(errno.EIO)
    sink.add(line(1), jumping())
    sink.flush(jumping())
    disk.answer = real_write
    jumping.offset += file_module.RETRY_NS + file_module.CAUTIOUS_NS
    sink.add(line(2), jumping())
    sink.flush(jumping())
    assert told(path.read_bytes()) == ["start", 1, 2]


def test_a_process_record_that_cannot_be_made_holds_its_lines_until_it_can(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = True

    def sometimes(why: str) -> bytes:
        if broken:
            raise ValueError("no name")
        return first_line(why)

    sink = FileSink(str(path), sometimes)
    add(sink, 1)
    flush(sink)
    assert path.read_bytes() == b""
    broken = False
    until(lambda: told(path.read_bytes()) == ["start", 1])
    assert f"cannot write {path}: ValueError;" in capfd.readouterr().err


# --- the file under the path -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tail", [b'{"record":"se', b'{"record":"send","conn":"q.1","n":1,"t_us":0,"message":"', b"\0\0\0"]
)
def test_after_a_torn_tail_the_first_write_begins_with_a_newline(tail: bytes, path: Path, sink: FileSink) -> None:
    path.write_bytes(line(7) + tail)
    add(sink, 1)
    flush(sink)
    assert path.read_bytes() == line(7) + tail + b"\n" + first_line("start") + line(1)
    records = list(read_trace(path, on_damage=lambda damage: None))
    assert [type(record) for record in records] == [SendRecord, ProcessRecord, SendRecord]


def test_a_whole_tail_needs_no_newline(path: Path, sink: FileSink) -> None:
    path.write_bytes(line(7))
    add(sink, 1)
    flush(sink)
    assert path.read_bytes() == line(7) + first_line("start") + line(1)


def test_a_file_that_we_may_not_read_is_written(path: Path) -> None:
    path.write_bytes(line(7))
    path.chmod(0o200)
    code = """
from asgi_inspect.capture import file, process
from asgi_inspect.trace import records
if not os.getuid():  # nothing is unreadable for root
    os.setegid(65534)
    os.seteuid(65534)
"""
    os.chown(path, *((-1, -1) if os.getuid() else (65534, 65534)))
    for folder in path.parents[:3]:
        folder.chmod(0o755)
    output(SINK + code + "add(1); sink.flush(clock())", str(path))
    path.chmod(0o600)
    assert told(path.read_bytes()) == [7, "start", 1]


def passes_a_second(jumping: Clock) -> None:
    jumping.offset += file_module.LOOK_NS


@pytest.mark.parametrize("how", ["removed", "renamed", "replaced"])
def test_a_file_that_is_gone_is_begun_anew(
    how: str, path: Path, sink: FileSink, jumping: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    sink.add(line(1), jumping())
    sink.flush(jumping())
    if how == "removed":
        path.unlink()
    else:
        path.rename(path.with_suffix(".1"))
    if how == "replaced":
        path.write_bytes(b"")
        path.chmod(0o600)
    passes_a_second(jumping)
    sink.add(line(2), jumping())
    sink.flush(jumping())
    sink.add(line(3), jumping())
    sink.flush(jumping())
    assert told(path.read_bytes()) == ["rotation", 2, 3]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert capfd.readouterr().err == (
        f"asgi-inspect: {path} was removed or replaced; it is begun anew, and what was written before is not in it\n"
    )
    if how != "removed":
        assert told(path.with_suffix(".1").read_bytes()) == ["start", 1]


def test_a_file_that_was_emptied_begins_with_a_process_record(path: Path, sink: FileSink, jumping: Clock) -> None:
    sink.add(line(1, size=1000), jumping())
    sink.flush(jumping())
    passes_a_second(jumping)
    sink.add(line(2), jumping())
    sink.flush(jumping())
    os.truncate(path, 0)
    passes_a_second(jumping)
    sink.add(line(3), jumping())
    sink.flush(jumping())
    assert told(path.read_bytes()) == ["rotation", 3]


def test_where_it_cannot_be_begun_anew_the_old_one_is_written(
    tmp_path: Path, jumping: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    kept = tmp_path / "kept.jsonl"
    sink = FileSink(str(folder / "trace.jsonl"), first_line)
    sink.add(line(1), jumping())
    sink.flush(jumping())
    os.link(folder / "trace.jsonl", kept)
    (folder / "trace.jsonl").unlink()
    folder.rmdir()
    for n in range(2, 5):
        passes_a_second(jumping)
        sink.add(line(n), jumping())
        sink.flush(jumping())
    assert told(kept.read_bytes()) == ["start", 1, 2, 3, 4]
    assert "cannot begin" in capfd.readouterr().err


def test_a_fifo_in_its_place_is_not_waited_for(path: Path, sink: FileSink, capfd: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(path)
    add(sink, 1)
    flush(sink)
    assert f"cannot write {path}: " in capfd.readouterr().err
    path.unlink()
    until(lambda: path.exists() and told(path.read_bytes()) == ["start", 1])


def test_whoever_tidies_up_sees_that_the_trace_is_alive(path: Path, sink: FileSink) -> None:
    import fcntl

    def locked() -> bool:
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    add(sink, 1)
    flush(sink)
    assert locked()
    sink._close()
    assert not locked()


def test_its_number_is_above_those_of_the_standard_streams(path: Path) -> None:
    """Where stderr was closed, whatever the application prints there must not get into the trace."""
    code = (
        SINK
        + """
add(1)
sink.flush(clock())
try:
    os.write(2, b"an error message")
except OSError:
    pass
"""
    )
    command = f'"{sys.executable}" -c "$1" "$2" 2>&-'
    code = "import os, sys\n" + code
    subprocess.run(["sh", "-c", command, "sh", code, str(path)], check=True, cwd=ROOT)
    assert told(path.read_bytes()) == ["start", 1]


# --- several threads and processes -------------------------------------------------------------------------------------


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


# --- forks and the end -------------------------------------------------------------------------------------------------


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
    output(code, str(path))
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
    assert capfd.readouterr().err == f"asgi-inspect: {path}: 1 records could not be written\n"
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
