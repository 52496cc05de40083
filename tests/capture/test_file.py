"""The trace file as one process writes it: whole lines, soon, whatever the disk, the clock or other threads do."""

import errno
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from asgi_inspect.capture import file as file_module
from asgi_inspect.capture.file import FileSink
from asgi_inspect.capture.process import clock
from tests.capture.filing import Clock, Disk, add, fails, flush, real_write
from tests.capture.sinking import PATIENCE, first_line, line, told, until

# --- when it is written ----------------------------------------------------------------------------------------------


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
    """The best of many, because a busy machine may let a thread wait; what is promised is ours alone."""
    best, n = 1.0, 0
    while best >= 0.05 and n < 50:
        n += 1
        began = time.monotonic()
        add(sink, n)
        until(lambda: path.exists() and told(path.read_bytes())[-1:] == [n])
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
        until(lambda: path.exists() and told(path.read_bytes())[-1:] == [n])
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


# --- a disk that is slow ---------------------------------------------------------------------------------------------


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
