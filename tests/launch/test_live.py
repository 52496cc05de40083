"""The view of a file that grows: all of it, unless it is a person's and cannot keep up; and never the server's trouble."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from asgi_inspect.launch import live
from asgi_inspect.launch.launcher import _show
from asgi_inspect.launch.live import Live
from asgi_inspect.launch.output import Output
from asgi_inspect.trace.codec import encode_record
from asgi_inspect.trace.records import ProcessRecord, Record, SkippedRecord
from tests.render.talk import process


def line(number: int, why: str = "x") -> bytes:
    return b'{"record":"skipped","proc":"a","at":"2026-01-01T00:00:00.000000Z","conns":%d,"why":"%s"}\n' % (
        number,
        why.encode(),
    )


class Seen:
    """A screen that remembers; it looks away after `until` records."""

    def __init__(self, until: int | None = None, then: Callable[[], None] = lambda: None) -> None:
        self.numbers: list[int] = []
        self.finished = False
        self.closed = False
        self.jumps = 0
        self.processes: list[int] = []
        self._until = until
        self._then = then

    def feed(self, record: Record) -> None:
        if isinstance(record, ProcessRecord):
            self.processes.append(record.pid)
            return
        assert isinstance(record, SkippedRecord)
        self.numbers.append(record.conns)
        self._then()
        self.closed = len(self.numbers) == self._until

    def jump(self) -> None:
        self.jumps += 1

    def finish(self) -> None:
        self.finished = True


class Growing:
    """A file to which each look adds the next piece, until there is none."""

    def __init__(self, path: Path, *pieces: bytes) -> None:
        self.path = path
        self.pieces = list(pieces)
        path.write_bytes(b"")

    def ended(self) -> bool:
        return not self.pieces

    def wait(self) -> None:
        with self.path.open("ab") as file:
            file.write(self.pieces.pop(0))


def say_nothing(sentence: str) -> None:
    raise AssertionError(sentence)


def test_all_is_shown_as_it_comes(tmp_path: Path) -> None:
    file = Growing(tmp_path / "t", line(1) + line(2)[:20], line(2)[20:], b"", line(3) + line(4)[:-1])
    seen = Seen()
    Live(file.path, records=None, screen=seen, say=say_nothing).run(0, file.ended, file.wait)
    assert seen.numbers == [1, 2, 3, 4]
    assert seen.finished


def test_only_what_is_added_is_shown(tmp_path: Path) -> None:
    file = Growing(tmp_path / "t", line(3))
    file.path.write_bytes(line(1) + line(2))
    seen = Seen()
    Live(file.path, records=None, screen=seen, say=say_nothing).run(len(line(1) + line(2)), file.ended, file.wait)
    assert seen.numbers == [3]


def test_a_view_that_cannot_keep_up_jumps_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BEHIND", 100_000)
    monkeypatch.setattr(live, "RECENT", 1_000)
    file = Growing(tmp_path / "t", b"".join(line(i) for i in range(5_000)), line(5_000))
    said: list[str] = []
    seen = Seen()
    processes = [encode_record(process(4711)), encode_record(process(4712, "zz"))]
    shown = Live(file.path, records=None, screen=seen, say=said.append, processes=lambda: processes)
    shown.run(0, file.ended, file.wait)
    assert (seen.jumps, seen.processes) == (1, [4711, 4712])  # whoever writes is known, though it was jumped over
    assert seen.numbers[0] == 0
    assert seen.numbers[-1] == 5_000
    assert len(seen.numbers) < 20
    assert said == ["the server is faster than this view: 0.4 MB were not shown; all of it is in the trace."]


def test_records_are_never_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BEHIND", 1_000)
    monkeypatch.setattr(live, "RECENT", 100)
    content = b"".join(line(i) for i in range(5_000))
    file = Growing(tmp_path / "t", content)
    with (tmp_path / "out").open("wb") as out:
        Live(file.path, records=Output(out.fileno()), screen=Seen(), say=say_nothing).run(0, file.ended, file.wait)
    assert (tmp_path / "out").read_bytes() == content


def test_a_damaged_line_is_said_and_the_rest_is_shown(tmp_path: Path) -> None:
    file = Growing(tmp_path / "t", line(1) + b"rubbish\n" + line(2))
    said: list[str] = []
    seen = Seen()
    Live(file.path, records=None, screen=seen, say=said.append).run(0, file.ended, file.wait)
    assert seen.numbers == [1, 2]
    assert len(said) == 1
    assert said[0].startswith("a damaged line in the trace")


def test_who_looks_away_is_not_shown_the_rest(tmp_path: Path) -> None:
    file = Growing(tmp_path / "t", line(1) + line(2), line(3))
    seen = Seen(until=1)
    shown = Live(file.path, records=None, screen=seen, say=say_nothing)
    shown.run(0, file.ended, file.wait)
    assert (seen.numbers, seen.finished, shown.watched) == ([1], False, False)


def test_a_view_that_fails_is_said_and_the_run_goes_on(tmp_path: Path) -> None:
    def fail() -> None:
        raise ZeroDivisionError("our own bug")

    file = Growing(tmp_path / "t", line(1))
    said: list[str] = []
    _show(Live(file.path, records=None, screen=Seen(then=fail), say=say_nothing), 0, file.ended, file.wait, said.append)
    assert said == ["the live view failed (ZeroDivisionError: our own bug); server and trace go on without it."]


def test_a_pipe_whose_reader_left(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    file = Growing(tmp_path / "t", line(1), line(2))
    shown = Live(file.path, records=Output(writer), screen=None, say=say_nothing)
    assert shown.watched
    shown.run(0, file.ended, file.wait)
    os.close(writer)
    assert not shown.watched
