"""A trace that is full becomes several files: what each of them holds, what is never touched, and what happens where it fails."""

import errno
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from asgi_inspect.capture import file as file_module
from asgi_inspect.capture.file import FileSink
from asgi_inspect.capture.process import clock
from tests.capture.filing import SOON_NS, Clock, Disk, real_write
from tests.capture.rotating import LIMIT, OURS, is_written, names, numbers, rotating, story, write
from tests.capture.sinking import PATIENCE, descriptors_in, first_line, line, objects, output, told, until

# --- what is kept ----------------------------------------------------------------------------------------------------


def test_a_full_file_makes_room_for_a_new_one(path: Path) -> None:
    sink = rotating(path, keep_files=100)
    write(sink, *range(1, 41))
    assert len(names(path)) > 5
    assert numbers(path) == list(range(1, 41))
    for name in names(path):
        file = path.with_name(name)
        assert LIMIT / 2 < file.stat().st_size <= LIMIT or file == path
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert objects(file.read_bytes())[0]["record"] == "process"
    assert [each for each in story(path) if isinstance(each, str)] == ["start", *["rotation"] * (len(names(path)) - 1)]


@pytest.mark.parametrize("keep_files", [1, 2, 5])
def test_so_many_files_are_kept(path: Path, keep_files: int, capfd: pytest.CaptureFixture[str]) -> None:
    sink = rotating(path, keep_files=keep_files)
    write(sink, *range(1, 101))
    assert len(names(path)) == keep_files
    kept = numbers(path)
    assert kept == list(range(kept[0], 101))
    assert capfd.readouterr().err.count("the oldest records are removed") == 1


def test_what_others_have_rotated_away_and_removed_is_not_lost(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Who was idle meanwhile knows of a small file that is nowhere now, and that nobody took away."""
    idle, busy = rotating(path, keep_files=2), rotating(path, keep_files=2)
    write(idle, 1)
    write(busy, *range(2, 42))
    idle._looked_at = 0  # more than a second ago
    write(idle, 42)
    assert numbers(path)[-1] == 42
    assert "lost" not in path.read_text()
    assert "removed or replaced" not in capfd.readouterr().err


def test_a_batch_that_is_larger_than_a_file_goes_into_several(path: Path) -> None:
    sink = rotating(path, keep_files=1000)
    for n in range(1, 201):
        sink.add(line(n, size=100), clock())
    sink.settle()
    assert numbers(path) == list(range(1, 201))
    assert max(path.with_name(name).stat().st_size for name in names(path)) <= LIMIT


def test_a_line_that_is_larger_than_a_file_has_one(path: Path) -> None:
    sink = rotating(path, keep_files=1000)
    write(sink, 1, 2, 3, size=10 * LIMIT)
    write(sink, 4, 5)
    assert numbers(path) == [1, 2, 3, 4, 5]
    assert len(names(path)) == 4


def test_the_smallest_limit_ends(path: Path) -> None:
    sink = rotating(path, max_bytes=1, keep_files=100)
    write(sink, *range(1, 11))
    assert numbers(path) == list(range(1, 11))
    assert len(names(path)) == 10


def test_without_a_limit_there_is_one_file(path: Path) -> None:
    sink = FileSink(str(path), first_line, max_bytes=None, keep_files=3)
    write(sink, 1, 2, size=100_000)
    assert names(path) == ["trace.jsonl"]


def test_of_two_limits_the_lower_holds(path: Path) -> None:
    sink = rotating(path, max_bytes=1_000_000, keep_files=2)
    sink.rotation.lower(LIMIT, 50)
    write(sink, *range(1, 41))
    assert len(names(path)) == 2
    sink.rotation.lower(None, 50)
    assert sink.rotation.limit == LIMIT


def test_a_file_that_was_full_before_is_rotated(path: Path) -> None:
    path.write_bytes(b"".join(line(n, size=200) for n in range(1, 21)))
    sink = rotating(path)
    write(sink, 21, 22)
    assert numbers(path) == list(range(1, 23))
    assert names(path) == ["trace.jsonl", "trace.jsonl.1"]


def test_a_link_stays_where_it_is(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.jsonl"
    real.write_bytes(OURS)
    path.symlink_to(real)
    sink = rotating(path)
    write(sink, *range(1, 21))
    assert path.is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["real.jsonl", "real.jsonl.1", "real.jsonl.2", "trace.jsonl"]


def test_each_record_at_once(path: Path) -> None:
    sink = rotating(path, keep_files=100, each_line=True)
    for n in range(1, 41):
        sink.add(line(n, size=200), clock())
        assert numbers(path) == list(range(1, n + 1))


def test_the_loop_leaves_it_to_the_timer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To remove a file may take long."""
    by: list[str] = []
    rename = os.rename

    def noted(source: str, target: str) -> None:
        by.append(threading.current_thread().name)
        rename(source, target)

    monkeypatch.setattr(os, "rename", noted)
    sink = rotating(path, keep_files=100)
    for n in range(1, 41):
        sink.add(line(n, size=200), clock())
        sink.flush(clock())
    until(lambda: is_written(sink))
    assert numbers(path) == list(range(1, 41))
    assert set(by) == {"asgi-inspect timer"}


# --- what is never touched -------------------------------------------------------------------------------------------


def foreign(path: Path) -> None:
    path.write_text("my notes")


def planted_link(path: Path) -> None:
    (path.parent / "elsewhere").write_bytes(OURS)
    path.symlink_to(path.parent / "elsewhere")


@pytest.mark.parametrize("plant", [foreign, planted_link, Path.mkdir, os.mkfifo, Path.touch])
@pytest.mark.parametrize("number", [1, 2])
def test_what_is_no_trace_stays(
    path: Path, plant: Callable[[Path], object], number: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """And the file grows on; as soon as the name is free, it is rotated."""
    there = Path(f"{path}.{number}")
    if number == 2:
        Path(f"{path}.1").write_bytes(OURS)
    plant(there)
    before = there.lstat()
    sink = rotating(path)
    write(sink, *range(1, 41))
    assert (there.lstat().st_ino, there.lstat().st_size) == (before.st_ino, before.st_size)
    assert told(path.read_bytes()) == ["start", *range(1, 41)]
    assert capfd.readouterr().err == (
        f"asgi-inspect: {path} cannot make room for a new file: {there} is there, and is no trace of ours; "
        "it grows beyond its limit\n"
    )
    os.rename(there, path.parent / "mine")
    sink._looked_at = 0
    write(sink, 41)
    assert told(path.read_bytes()) == ["rotation", 41]


def test_what_is_another_users_stays(path: Path) -> None:
    there = Path(f"{path}.1")
    there.write_bytes(OURS)
    code = f"""
from asgi_inspect.capture import rotation
rotation._own_uid = lambda: 12345
stat = os.stat
os.stat = lambda name, **more: type("s", (), dict(st_uid=12345)) if name == {str(path)!r} and not more else stat(name)
try:
    rotation._require_ours({str(there)!r}, {str(path)!r})
except FileExistsError:
    print("refused")
"""
    assert output(code)[0] == b"refused\n"


def test_numbers_beyond_a_gap_stay(path: Path) -> None:
    Path(f"{path}.2").write_bytes(OURS)
    sink = rotating(path)
    write(sink, *range(1, 9))
    assert Path(f"{path}.2").read_bytes() == OURS
    assert names(path) == ["trace.jsonl", "trace.jsonl.1", "trace.jsonl.2"]


# --- where it fails --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY])
def test_a_folder_in_which_nothing_can_be_renamed(
    path: Path, number: int, jumping: Clock, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It grows on, and it is tried again once in a while, not with each line."""
    tries: list[str] = []
    rename = os.rename

    def refuse(source: str, target: str) -> None:
        tries.append(source)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "rename", refuse)
    sink = rotating(path)
    write(sink, *range(1, 101))
    assert told(path.read_bytes()) == ["start", *range(1, 101)]
    assert len(tries) <= 2
    assert names(path) == ["trace.jsonl"], "the lock is gone"
    assert capfd.readouterr().err == (
        f"asgi-inspect: {path} cannot make room for a new file: {os.strerror(number)}; it grows beyond its limit\n"
    )
    monkeypatch.setattr(os, "rename", rename)
    jumping.offset += file_module.LOOK_NS
    write(sink, 101)
    assert told(path.read_bytes()) == ["rotation", 101]


def test_a_file_system_without_locks(
    path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """There no process could know that no other rotates at the same time."""

    def refuse(fd: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    sink = rotating(path)
    write(sink, *range(1, 41))
    assert told(path.read_bytes()) == ["start", *range(1, 41)]
    assert "No locks available; it grows beyond its limit" in capfd.readouterr().err


def test_a_disk_that_is_full_just_then(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new file cannot be made: what comes goes into the old one, by its new name, and nothing is torn or lost."""
    sink = rotating(path, keep_files=100)
    write(sink, *range(1, 8))
    real_open = os.open

    def refuse(name: str, flags: int, mode: int = 0o777, **more: int) -> int:
        if flags & os.O_CREAT and name == str(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real_open(name, flags, mode, **more)

    monkeypatch.setattr(os, "open", refuse)
    write(sink, *range(8, 13))
    assert names(path) == ["trace.jsonl.1"]
    monkeypatch.setattr(os, "open", real_open)
    sink._looked_at = 0
    write(sink, 13)
    assert numbers(path) == list(range(1, 14))


def test_a_short_write_into_the_new_file(path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "RETRY_NS", SOON_NS)
    sink = disk.sink = rotating(path, keep_files=100)
    write(sink, *range(1, 8))

    def half(fd: int, data: bytes) -> int:
        if path.stat().st_size:
            return real_write(fd, data)
        disk.answer = real_write
        return real_write(fd, data[: len(first_line("rotation")) + 20])

    disk.answer = half
    write(sink, *range(8, 21))
    until(lambda: path.read_bytes().endswith(line(20, size=200)))
    whole = [part for name in names(path) for part in path.with_name(name).read_bytes().split(b"\n")]
    assert all(line(n, size=200).strip() in whole for n in range(1, 21))


def test_no_descriptor_is_left(path: Path) -> None:
    sink = rotating(path)
    write(sink, 1)
    assert len(descriptors_in(path.parent)) == 1
    write(sink, *range(2, 101))
    assert len(descriptors_in(path.parent)) == 1


def test_memory_is_bounded_while_a_rotation_stands_still(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it may on a disk that stalls: the loop goes on, and what there is no room for is counted by its reason."""
    stands, goes_on = threading.Event(), threading.Event()
    rename = os.rename

    def stall(source: str, target: str) -> None:
        stands.set()
        assert goes_on.wait(PATIENCE)
        rename(source, target)

    monkeypatch.setattr(file_module, "CEILING", 20_000)
    sink = rotating(path, keep_files=1000)
    write(sink, *range(1, 8))
    monkeypatch.setattr(os, "rename", stall)
    sink.add(line(8, size=200), clock())
    sink.flush(clock())
    assert stands.wait(PATIENCE)
    for n in range(9, 501):
        sink.add(line(n, size=200), clock())
        sink.flush(clock())
    assert sink._size + sink._writing <= 20_000 + 300
    assert sink._lost.records > 300
    monkeypatch.setattr(os, "rename", rename)
    goes_on.set()
    until(lambda: is_written(sink))
    records = [record for name in names(path) for record in objects(path.with_name(name).read_bytes())]
    (lost,) = [record for record in records if record["record"] == "lost"]
    assert lost["why"] == "the file could not be written fast enough"
    assert lost["records"] + sum(record["record"] == "send" for record in records) == 500
