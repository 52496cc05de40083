"""The trace file is taken away, moved or cut under a server that is asked on; it is begun anew, and what is lost is counted."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.capture.sinking import until
from tests.faults.disks import Broken, Left, breaking

ANEW = "was removed or replaced; it is begun anew, and what was written before is not in it"


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder / "trace.jsonl"


def asked_since(left: Left, asked: list[str]) -> list[str]:
    """Those of the paths that are there."""
    return [path for path in left.paths if path in asked]


def ask_until_anew(broken: Broken) -> None:
    """Ask on until the file has been looked at again and found changed."""

    def anew() -> bool:
        return broken.trace.exists() and b'"why":"rotation"' in broken.trace.read_bytes()

    broken.ask_until(anew, "the file is begun anew")


def ask_until_said(broken: Broken) -> None:
    """Ask on until the file has been looked at again and something was said of it."""
    broken.ask_until(broken.said, "something is said")


def test_it_is_moved(trace: Path) -> None:
    """Nothing is lost: what is not in the one is in the other."""
    with breaking(trace) as broken:
        before = broken.ask_often(10, "before")
        broken.wait_until_written(before[-1])
        moved = trace.rename(trace.with_suffix(".1"))
        ask_until_anew(broken)
        after = broken.ask_often(10, "after")
        broken.wait_until_written(after[-1])
    assert broken.said() == [f"asgi-inspect: {trace} {ANEW}"]
    first, second = Left(moved), Left(trace)
    assert first.begun == ["start"]
    assert second.begun == ["rotation"]
    assert asked_since(first, before) == before
    assert asked_since(second, after) == after
    assert first.written + second.written == broken.given
    assert [first.damages, first.lost, second.damages, second.lost] == [[], [], [], []]
    assert stat.S_IMODE(trace.stat().st_mode) == 0o600


def test_it_is_removed(trace: Path) -> None:
    with breaking(trace) as broken:
        broken.ask_often(10, "before")
        trace.unlink()
        ask_until_anew(broken)
        after = broken.ask_often(10, "after")
        broken.wait_until_written(after[-1])
    assert broken.said() == [f"asgi-inspect: {trace} {ANEW}"]
    left = Left(trace)
    assert left.begun == ["rotation"]
    assert asked_since(left, after) == after
    (lost,) = left.lost
    assert lost.why == "the file was removed after they were written, or just before"
    # All since the file was seen the last time, and so at most what is not here, and the first file's own record.
    assert 0 < lost.records <= broken.given - left.written + 1
    assert lost.bytes > 50 * lost.records
    assert left.damages == []


def test_it_is_cut(trace: Path) -> None:
    """Though more is written within a second than there was: the new beginning has a `process` record all the same."""
    with breaking(trace) as broken:
        broken.ask("/before")
        broken.wait_until_written("/before")
        os.truncate(trace, 100)
        ask_until_anew(broken)
        after = broken.ask_often(10, "after")
        broken.wait_until_written(after[-1])
    assert broken.said() == []
    left = Left(trace)
    assert left.begun[-1] == "rotation"
    assert asked_since(left, after) == after
    assert len(left.damages) <= 1, "the line that was cut"


def test_its_folder_is_removed(trace: Path) -> None:
    """As long as there is no folder the records wait, and none is lost; then the file is begun anew."""
    with breaking(trace) as broken:
        broken.ask_often(10, "before")
        shutil.rmtree(trace.parent)
        ask_until_said(broken)
        during = broken.ask_often(50, "during")
        assert not trace.parent.exists()
        trace.parent.mkdir()
        broken.wait_until_written(during[-1])
    assert broken.said() == [
        f"asgi-inspect: cannot write {trace}: No such file or directory; "
        "the application goes on, records wait or are dropped",
        f"asgi-inspect: {trace} {ANEW}",
    ]
    left = Left(trace)
    assert left.begun == ["rotation"]
    assert asked_since(left, during) == during
    assert len(left.lost) == 1
    assert left.damages == []


def test_no_descriptor_is_left(trace: Path) -> None:
    """Said all the same, though saying takes one, too; and the file is begun anew as soon as there are some."""
    with breaking(trace) as broken:
        broken.ask_often(10, "before")
        broken.ask("/descriptors?none")
        trace.rename(trace.with_suffix(".1"))
        during = broken.ask_often(10, "during")
        ask_until_said(broken)
        assert broken.said() == [
            f"asgi-inspect: cannot begin {trace} anew: Too many open files; records go to the file that it was before"
        ]
        broken.ask("/descriptors?any")
        ask_until_anew(broken)
        after = broken.ask_often(10, "after")
        broken.wait_until_written(after[-1])
    first, second = Left(trace.with_suffix(".1")), Left(trace)
    assert asked_since(first, during) == during
    assert asked_since(second, after) == after
    assert first.written + second.written == broken.given
    assert [first.damages, first.lost, second.damages, second.lost] == [[], [], [], []]


def test_no_descriptor_was_left_from_the_beginning(trace: Path) -> None:
    with breaking(trace, "--lifespan", "off") as broken:
        broken.ask("/descriptors?none")
        during = broken.ask_often(10, "during")
        assert not trace.exists()
        until(broken.said, "it is said")
        assert broken.said() == [
            f"asgi-inspect: cannot write {trace}: Too many open files; "
            "the application goes on, records wait or are dropped"
        ]
        broken.ask("/descriptors?any")
        broken.wait_until_written(during[-1])
    left = Left(trace)
    assert asked_since(left, during) == during
    assert left.written == broken.given
    assert (left.damages, left.lost) == ([], [])
