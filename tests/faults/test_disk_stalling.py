"""A disk that stands still under a server: the loop waits for one write, all others are the timer's; what waits is bounded."""

import os
import time
from pathlib import Path

import pytest

from asgi_inspect.capture.file import SLOW_NS
from tests.capture.sinking import until
from tests.faults.disks import Left, breaking, hold


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    path = tmp_path / "stall"
    os.mkfifo(path)
    return path


def release_slowly(stall: Path) -> None:
    """Let the write that waits go on when it has taken longer than a disk may."""
    fd = hold(stall)
    began = time.monotonic_ns()
    until(lambda: time.monotonic_ns() - began > SLOW_NS)
    os.close(fd)


def test_requests_are_answered_while_the_disk_stands(tmp_path: Path, stall: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    with breaking(trace, STALL=str(stall)) as broken:
        asked = broken.ask_often(5, "before")
        broken.ask("/write?stalls")
        release_slowly(stall)  # the one that the loop waits for: that of the connection which has just ended
        asked += broken.ask_often(200, "during")
        by = broken.ask("/told?by")
        assert by.count("MainThread") <= 1, by
        assert len(by.split("asgi-inspect")) <= 3, by  # the timer's: at most two, where it was quicker than the loop
        stands = hold(stall)
        broken.ask("/write?works")
        os.close(stands)
        asked += broken.ask_often(5, "after")
        broken.wait_until_written(asked[-1])
        assert broken.said() == []
    left = Left(trace)
    assert [path for path in left.paths if path.count("/") == 2] == asked
    assert left.written == broken.given
    assert (left.damages, left.lost) == ([], [])
    left.assert_in_order()


def test_what_waits_for_it_is_bounded_and_counted_beyond(tmp_path: Path, stall: Path) -> None:
    """One stalled write after the other, each of which fails in the end: what is tried again is no room for more."""
    trace = tmp_path / "trace.jsonl"
    ceiling, rounds = 4_000_000, 4
    with breaking(trace, STALL=str(stall), CEILING=str(ceiling)) as broken:
        broken.ask("/write?stalls")
        release_slowly(stall)
        before = int(broken.ask("/told?memory"))
        broken.ask("/write?stalls-and-fails")
        for number in range(rounds):
            broken.ask_until(lambda: broken.ask("/told?by").count("timer") > number, "another try")
            stands = hold(stall)
            for _ in range(100):
                broken.ask("/large?100000")
            os.close(stands)
        grown = (int(broken.ask("/told?memory")) - before) * 1024
        stands = hold(stall)
        broken.ask("/write?works")
        os.close(stands)
        broken.ask_until(lambda: b'"path":"/until"' in trace.read_bytes(), "there is room again")
    left = Left(trace)
    assert left.written + sum(record.records for record in left.lost) == broken.given
    assert left.lost
    assert trace.stat().st_size < 3 * ceiling, "what waited at the first stall, and at the last"
    assert grown < 4 * ceiling, f"{grown} bytes more; {rounds * 10_000_000} went through"
    assert left.damages == []
    left.assert_in_order()


def test_the_process_ends_though_the_disk_stands(tmp_path: Path, stall: Path) -> None:
    """The end waits for the timer within limits; what is left is said."""
    trace = tmp_path / "trace.jsonl"
    with breaking(trace, STALL=str(stall)) as broken:
        broken.ask("/write?stalls")
        release_slowly(stall)
        broken.ask_often(5, "during")
        stands = hold(stall)  # the timer's: it stands until the process has ended
    os.close(stands)
    left = broken.given - Left(trace).written
    assert left >= 20
    assert broken.said() == [f"asgi-inspect: {trace}: {left} records could not be written"]
