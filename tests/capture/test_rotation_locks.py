"""The lock of who rotates a trace: left behind, held for ever, planted, removed, copied by a fork."""

import fcntl
import os
import signal
from pathlib import Path

import pytest

from asgi_inspect.capture import file as file_module
from asgi_inspect.capture.rotation import Rotation, lock_name
from tests.capture.filing import SINK
from tests.capture.rotating import LIMIT, names, rotating, write
from tests.capture.sinking import PATIENCE, python, told


def test_a_lock_that_its_holder_left_is_taken(path: Path) -> None:
    Path(lock_name(str(path))).touch()
    sink = rotating(path)
    write(sink, *range(1, 21))
    assert len(names(path)) == 3
    assert not os.path.exists(lock_name(str(path)))


def test_a_lock_that_another_holds_is_not_waited_for_too_long(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been stopped: the file grows on, and is rotated when the lock is free."""
    monkeypatch.setattr(file_module, "ROTATION_SECONDS", 0.01)
    sink = rotating(path)
    write(sink, *range(1, 8))
    with open(lock_name(str(path)), "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        write(sink, *range(8, 21))
        assert told(path.read_bytes()) == ["start", *range(1, 21)]
    write(sink, 21)
    assert told(path.read_bytes()) == ["rotation", 21]


def test_a_lock_that_is_planted_is_not_opened(path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    victim = tmp_path / "victim"
    os.symlink(victim, lock_name(str(path)))
    sink = rotating(path)
    write(sink, *range(1, 21))
    assert not victim.exists()
    assert f"cannot make room for a new file: {lock_name(str(path))} is a link;" in capfd.readouterr().err


def test_a_lock_that_is_removed_under_its_holder_holds_nobody(path: Path) -> None:
    """Who has opened it before it went must not take it for the one that is there now."""
    sink = rotating(path)
    write(sink, 1)
    rotation = sink.rotation
    assert rotation._lock(str(path))
    os.unlink(lock_name(str(path)))
    other = Rotation(str(path), LIMIT, 3)
    assert other._lock(str(path))
    other.release()
    rotation._let_go()


def test_a_fork_in_the_middle_lets_go_of_the_lock(path: Path) -> None:
    """The parent is killed while it rotates: its child must not hold the lock for it."""
    code = (
        SINK
        + """
sink = FileSink(sys.argv[1], first_line, max_bytes=2000, keep_files=3)
add(1)
sink.settle()
assert sink.rotation._lock(sys.argv[1])
reader, writer = os.pipe()
if not os.fork():
    os.write(writer, b"x")
    sys.stdin.read()
    os._exit(0)
os.read(reader, 1)
os.kill(os.getpid(), 9)
"""
    )
    with python(code, str(path)) as process:
        assert process.wait(PATIENCE) == -signal.SIGKILL
        sink = rotating(path)
        write(sink, *range(2, 21))
        assert len(names(path)) == 3
