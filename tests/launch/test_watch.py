"""The `exit` records of the processes of a run: at once for whoever goes, at the end for the server, and never two."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from asgi_inspect.launch import watch as watch_module
from asgi_inspect.launch.place import Place
from asgi_inspect.launch.watch import Watch
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ExitRecord, Record, ScopeRecord
from tests.capture.sinking import descriptors_in, until
from tests.launch.test_survey import AT, end, lines, process, scope

GONE = 2**22 + 1  # beyond the largest number that a process can have on Linux
SERVER = GONE + 100


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place.named(str(tmp_path / "t.jsonl"), append=False)
    yield place
    place.close(keep=True)


class Worker:
    """A process that stands still until it is killed."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        self.pid = self.process.pid

    def kill(self) -> None:
        """Whoever started it has not asked after it yet: it is a zombie, as under a supervisor that is slow."""
        self.process.kill()

    def reap(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.reap()


def write(place: Place, *records: Record, tail: bytes = b"") -> None:
    os.write(place.fd, lines(*records) + tail)


def records(place: Place) -> list[Record]:
    return list(read_trace(place.path, on_damage=lambda damage: None))


def exits(place: Place) -> dict[str, tuple[int | None, int | None]]:
    found = [record for record in records(place) if isinstance(record, ExitRecord)]
    assert len({record.proc for record in found}) == len(found)  # never two
    return {record.proc: (record.status, record.open) for record in found}


# --- while the run lasts ---


def test_a_process_that_goes_gets_its_exit_at_once(place: Place, worker: Worker) -> None:
    watch = Watch(place, SERVER)
    write(place, process("server", SERVER), process("worker", worker.pid), scope("worker.1"), scope("worker.2"))
    until(lambda: len(watch.processes()) == 2)
    write(place, end("worker.2"))
    worker.kill()
    until(lambda: exits(place))
    assert exits(place) == {"worker": (None, 1)}
    write(place, process("next", GONE))  # it has gone before it was looked at
    until(lambda: len(exits(place)) == 2)
    closed = watch.close(-9)
    assert exits(place) == {"worker": (None, 1), "next": (None, 0), "server": (-9, 0)}
    assert ([c.connection.conn for c in closed.cut_off], closed.cut_off_count, closed.running) == (["worker.1"], 1, [])


def test_where_the_system_has_no_descriptors_of_processes(
    place: Place, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    watch = Watch(place, SERVER)
    write(place, process("worker", worker.pid), process("somebody", 1))
    until(lambda: len(watch.processes()) == 2)
    worker.reap()  # of a zombie nothing else can tell that it has ended
    until(lambda: exits(place))
    assert exits(place) == {"worker": (None, 0)}
    watch.close(0)


def test_a_process_that_becomes_another_program_has_ended(place: Place, worker: Worker) -> None:
    watch = Watch(place, SERVER)
    write(place, process("before", worker.pid), scope("before.1"))
    until(watch.processes)
    write(place, process("after", worker.pid))
    until(lambda: exits(place))
    assert exits(place) == {"before": (None, 1)}
    watch.close(0)


def test_the_last_words_of_a_process_count(place: Place, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked after before the file is read, or what it wrote between the two would come after its `exit`."""

    def ends_after_a_last_word(process: object) -> bool:
        write(place, end("worker.1"))
        return True

    monkeypatch.setattr(watch_module._Process, "has_ended", ends_after_a_last_word)
    watch = Watch(place, SERVER)
    write(place, process("worker", worker.pid), scope("worker.1"), scope("worker.2"))
    until(lambda: exits(place))
    assert exits(place) == {"worker": (None, 1)}
    watch.close(0)


def test_a_disk_that_was_full_is_tried_again(place: Place, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all = os.write
    failed: list[bytes] = []

    def write_half(fd: int, data: bytes) -> int:
        if fd != place.fd or not data.strip().startswith(b'{"record":"exit"') or len(failed) == 3:
            return write_all(fd, data)
        failed.append(data)
        return write_all(fd, data[:20])

    watch = Watch(place, SERVER)
    write(place, process("worker", worker.pid))
    until(watch.processes)
    monkeypatch.setattr(os, "write", write_half)
    worker.kill()
    until(lambda: exits(place))
    assert exits(place) == {"worker": (None, 0)}
    assert len(failed) == 3
    watch.close(0)


# --- at the end ---


def test_each_process_gets_its_exit(place: Place) -> None:
    write(
        place,
        process("server", SERVER),
        process("worker", GONE + 1),
        process("polite", GONE + 2),
        scope("server.1"),
        scope("worker.1", "/slow"),
        scope("worker.1", layer=1),
        end("worker.1", layer=1),
        scope("worker.2"),
        end("worker.2"),
        ExitRecord(proc="polite", at=AT, status=0, open=0),
        tail=b'{"record":"send","conn":"wor',
    )
    closed = Watch(place, SERVER).close(-9)
    assert exits(place) == {"polite": (0, 0), "server": (-9, 1), "worker": (None, 1)}
    assert sorted((c.connection.conn, c.connection.method, c.connection.path) for c in closed.cut_off) == [
        ("server.1", "GET", "/"),
        ("worker.1", "GET", "/slow"),
    ]
    assert (closed.traced, closed.cut_off_count, closed.running) == (True, 2, [])


def test_of_many_that_were_cut_off_the_last_are_known(place: Place) -> None:
    write(place, process("server", SERVER), *(scope(f"server.{number}") for number in range(100)))
    write(place, ScopeRecord(conn="server.100", at=AT, scope=None), tail=b'{"record":"scope","conn":"server.101"}\n')
    closed = Watch(place, SERVER).close(0)
    assert [c.connection.conn for c in closed.cut_off] == ["server.97", "server.98", "server.99", "server.100"]
    assert closed.cut_off_count == 102


def test_nothing_is_written_twice(place: Place) -> None:
    write(place, process("server", SERVER))
    Watch(place, SERVER).close(0)
    before = place.path.read_bytes()
    Watch(place, SERVER).close(0)
    assert place.path.read_bytes() == before


def test_a_process_that_goes_on_writing_gets_none(place: Place) -> None:
    write(place, process("server", SERVER), process("orphan", os.getpid()), scope("orphan.1"))
    other = Place.named(str(place.path), append=True)  # its lock says that somebody still writes
    closed = Watch(place, SERVER).close(-9)
    assert exits(place) == {"server": (-9, 0)}
    assert (closed.running, closed.cut_off) == ([os.getpid()], [])
    other.close(keep=True)


def test_a_number_that_another_process_has_by_now_does_not_count(place: Place) -> None:
    write(place, process("worker", os.getpid()))
    assert Watch(place, SERVER).close(0).running == []
    assert exits(place) == {"worker": (None, 0)}


def test_runs_of_before_are_not_touched(place: Place) -> None:
    write(place, process("before", GONE), scope("before.1"))
    again = Place.named(str(place.path), append=True)
    write(again, process("now", SERVER))
    place_closed = Watch(again, SERVER).close(1)
    assert exits(again)["now"] == (1, 0)
    assert "before" not in exits(again)
    assert place_closed.cut_off_count == 0
    again.close(keep=True)


def test_the_last_word_goes_into_the_file_that_is_there(place: Place, worker: Worker) -> None:
    watch = Watch(place, SERVER)
    write(place, process("server", SERVER), process("worker", worker.pid), scope("worker.1"))
    until(lambda: len(watch.processes()) == 2)
    os.rename(place.path, f"{place.path}.1")
    place.path.write_bytes(lines(process("server", SERVER, why="rotation")))
    worker.kill()
    until(lambda: exits(place))
    closed = watch.close(0)
    assert exits(place) == {"worker": (None, 1), "server": (0, 0)}
    assert b'"exit"' not in Path(f"{place.path}.1").read_bytes()
    assert closed.cut_off_count == 1


def test_of_what_it_could_not_read_it_says_nothing(place: Place, worker: Worker) -> None:
    """Its file was rotated away and removed; the end of the connection may have been in the one after it, which was, too."""
    watch = Watch(place, SERVER)
    write(place, process("worker", worker.pid), scope("worker.1"))
    until(watch.processes)
    new = place.path.with_name("new")
    new.write_bytes(lines(process("worker", worker.pid, why="rotation"), scope("worker.9")))
    os.replace(new, place.path)
    worker.kill()
    until(lambda: exits(place))
    closed = watch.close(0)
    assert exits(place) == {"worker": (None, None)}
    assert [c.connection.conn for c in closed.cut_off] == ["worker.9"]


def test_who_still_writes_to_a_file_that_was_rotated_away_has_not_ended(place: Place) -> None:
    write(place, process("server", SERVER), process("orphan", os.getpid()))
    other = Place.named(str(place.path), append=True)
    os.rename(place.path, f"{place.path}.1")
    place.path.write_bytes(lines(process("server", SERVER, why="rotation")))
    closed = Watch(place, SERVER).close(-9)
    assert (exits(place), closed.running) == ({"server": (-9, 0)}, [os.getpid()])
    other.close(keep=True)


def test_an_empty_trace(place: Place) -> None:
    closed = Watch(place, SERVER).close(2)
    assert (closed.traced, closed.cut_off, closed.running) == (False, [], [])
    assert place.path.read_bytes() == b""


def test_no_descriptor_is_left_open(place: Place, worker: Worker) -> None:
    def opened() -> list[str]:
        return descriptors_in(place.path.parent, "anon_inode:[pidfd]", "pidfd:")

    before = opened()
    watch = Watch(place, SERVER)
    write(place, process("worker", worker.pid), process("server", SERVER))
    until(lambda: len(watch.processes()) == 2)
    assert len(opened()) > len(before)
    watch.close(0)
    assert opened() == before
