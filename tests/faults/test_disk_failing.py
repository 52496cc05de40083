"""A disk that fails under a server that is asked on: full, broken, limited; nobody notices, and the trace goes on when it can."""

import errno
import os
from pathlib import Path

import pytest

from tests.faults.disks import Left, breaking


@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT", "EIO"])
def test_a_write_that_fails(error: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    with breaking(trace) as broken:
        asked = broken.ask_often(5, "before")
        broken.ask(f"/write?{error}")
        asked += broken.ask_often(50, "during")
        broken.ask("/write?works")
        asked += broken.ask_often(5, "after")
        broken.wait_until_written("/after/4")
    assert broken.said() == [
        f"asgi-inspect: cannot write {trace}: {os.strerror(getattr(errno, error))}; "
        "the application goes on, records wait or are dropped"
    ]
    left = Left(trace)
    assert [path for path in left.paths if path.count("/") == 2] == asked
    assert left.written == broken.given
    assert (left.damages, left.lost) == ([], [])
    left.assert_in_order()


def test_what_has_no_room_meanwhile_is_counted_one_by_one(tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    with breaking(trace, CEILING="200000") as broken:
        broken.ask("/write?ENOSPC")
        for _ in range(100):
            broken.ask("/large?10000")
        broken.ask("/write?works")
        broken.wait_until_written("/large")  # the first, for which there was room
        asked = broken.ask_often(5, "after")
        broken.wait_until_written(asked[-1])
    assert len(broken.said()) == 1
    left = Left(trace)
    assert [record.why for record in left.lost] == ["the file could not be written fast enough"]
    assert left.written + left.lost[0].records == broken.given
    assert left.damages == []
    left.assert_in_order()


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """The kernel takes a part of a line, then nothing, and no signal ends the server."""
    trace = tmp_path / "trace.jsonl"
    with breaking(trace) as broken:
        asked = broken.ask_often(5, "before")
        broken.wait_until_written(asked[-1])
        broken.ask(f"/size?{trace.stat().st_size + 5000}")
        broken.ask("/large?20000")  # so that it is in the midst of a line that there is no more room
        asked += broken.ask_often(50, "during")
        broken.ask("/size?any")
        asked += broken.ask_often(5, "after")
        broken.wait_until_written(asked[-1])
    left = Left(trace)
    assert [path for path in left.paths if path.count("/") == 2] == asked
    assert left.written == broken.given
    assert len(broken.said()) == 1
    assert left.lost == []
    assert len(left.damages) == 1, "the half of a line, which stands whole behind it"
    left.assert_in_order()
