"""The trace file on a disk that fails: what cannot be written waits, is counted, and nothing of it is written twice."""

import errno
import os
import threading
from pathlib import Path

import pytest

from asgi_inspect.capture import file as file_module
from asgi_inspect.capture.file import FileSink
from asgi_inspect.capture.thread import Stopping
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import SendRecord
from tests.capture.filing import SINK, SOON_NS, Clock, Disk, add, fails, flush, real_write
from tests.capture.sinking import first_line, line, objects, output, told, until


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
    ticks: list[Stopping] = []
    tick = sink._timer._step

    def counted(stopping: Stopping) -> float | None:
        ticks.append(stopping)
        return tick(stopping)

    sink._timer._step = counted
    disk.answer = fails(errno.ENOSPC)
    for n in range(1000):
        sink.add(line(n, size=1000), jumping())
        sink.flush(jumping())
    until(lambda: len(ticks) > 3)
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


@pytest.mark.parametrize("before", [0, 2], ids=["the first write", "a later one"])
def test_a_line_that_lacks_but_its_newline_is_not_written_again(
    before: int, path: Path, sink: FileSink, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_module, "RETRY_NS", SOON_NS)
    for n in range(before):
        add(sink, n)
        flush(sink)

    def write(fd: int, data: bytes) -> int:
        disk.answer = real_write
        return real_write(fd, data[:-1])

    disk.answer = write
    add(sink, before, before + 1)
    flush(sink)
    until(lambda: path.read_bytes().endswith(line(before + 1)[:-1]))
    add(sink, before + 2)
    until(lambda: path.read_bytes().endswith(line(before + 2)))
    assert told(path.read_bytes()) == ["start", *range(before + 3)]


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
tried = sink._retry_at
until(lambda: sink._retry_at > tried, "another try, which the kernel refuses altogether")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
until(lambda: open(sys.argv[1], "rb").read().endswith(line(41)))
"""
    )
    _, err = output(code, str(path))
    part = f"asgi-inspect: {path} took only a part of a write: is the disk full? The application goes on\n"
    nothing = f"asgi-inspect: cannot write {path}: {os.strerror(errno.EFBIG)}; "  # where the timer has written before
    assert err.decode() == part or (err.decode().startswith(nothing) and err.count(b"\n") == 1)
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


def test_what_is_left_is_said_when_the_server_stops(capfd: pytest.CaptureFixture[str]) -> None:
    """Which may end by a signal, and then nothing of ours runs any more."""
    sink = FileSink("/dev/full", first_line)
    add(sink, 1, 2)
    sink.settle()
    said = capfd.readouterr().err
    assert said.endswith("asgi-inspect: /dev/full: 3 records could not be written\n")
    sink.at_exit()
    assert capfd.readouterr().err == "", "and not again"


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
    until(lambda: told(path.read_bytes())[-1:] == [101])
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
