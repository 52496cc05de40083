"""A name that another user may have planted where the trace should go: nothing of it is used, and the application goes on."""

import os
from pathlib import Path

import pytest

from asgi_inspect.errors import UsageError
from asgi_inspect.launch.place import Place
from asgi_inspect.launch.state import new_run
from tests.capture.sinking import line
from tests.faults.disks import Left, ask_and_stop, breaking, launched
from tests.launch.test_state import NOW

LOOSE = "it is a link in a folder where everybody may put another in its place"


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder where everybody may write, and without a sticky bit: here a link is suspect, whosever it is."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


def everybody(folder: Path) -> str:
    return f"everybody on this machine may write in {folder}, and so take it away or put another in its place"


def test_a_planted_link_is_not_followed(shared: Path, tmp_path: Path) -> None:
    """As soon as it is gone, the trace is written there; that its folder is everybody's is said."""
    trace, victim = shared / "trace.jsonl", tmp_path / "victim"
    victim.write_bytes(line(1))
    trace.symlink_to(victim)
    with breaking(trace) as broken:
        asked = broken.ask_often(20)
        assert victim.read_bytes() == line(1)
        trace.unlink()
        broken.wait_until_written(asked[-1])
    assert broken.said() == [
        f"asgi-inspect: cannot write {trace}: {LOOSE}; the application goes on, records wait or are dropped",
        f"asgi-inspect: {trace}: {everybody(shared)}",
    ]
    left = Left(trace)
    assert [path for path in left.paths if path in asked] == asked
    assert left.written == broken.given
    assert victim.read_bytes() == line(1)


def test_one_that_is_planted_while_it_runs_is_not_followed(shared: Path, tmp_path: Path) -> None:
    """What was opened goes on being written, under whatever name it has now."""
    trace, victim = shared / "trace.jsonl", tmp_path / "victim"
    victim.write_bytes(line(1))
    with breaking(trace) as broken:
        broken.ask("/before")
        broken.wait_until_written("/before")
        trace.rename(shared / "moved")
        trace.symlink_to(victim)
        broken.ask_until(lambda: len(broken.said()) == 2, "something is said")
        assert broken.said()[1] == (
            f"asgi-inspect: cannot begin {trace} anew: {LOOSE}; records go to the file that it was before"
        )
    left = Left(shared / "moved")
    assert left.written == broken.given
    assert victim.read_bytes() == line(1)


def test_a_file_that_everybody_may_read_is_used_with_a_word(tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    trace.touch()
    trace.chmod(0o644)
    with breaking(trace) as broken:
        broken.ask("/leaf")
        broken.wait_until_written("/leaf")
    assert broken.said() == [
        f"asgi-inspect: {trace}: everybody on this machine may read or change it (its mode is 0644)"
    ]
    assert trace.stat().st_mode & 0o777 == 0o644


# --- the launcher ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("append", [[], ["--append"]], ids=["emptied", "added to"])
def test_the_launcher_refuses_a_planted_link_before_it_starts(append: list[str], shared: Path, tmp_path: Path) -> None:
    trace, victim = shared / "trace.jsonl", tmp_path / "victim"
    victim.write_bytes(line(1))
    trace.symlink_to(victim)
    with launched(tmp_path / "project", "-o", str(trace), *append) as process:
        assert process.wait() == 2
    assert process.stderr == f"asgi-inspect: {victim} cannot be written: {LOOSE}; name another file with --out."
    assert victim.read_bytes() == line(1)


def test_the_launcher_says_whose_folder_it_is(shared: Path, tmp_path: Path) -> None:
    """Once, and its server does not say it again."""
    trace = shared / "trace.jsonl"
    with launched(tmp_path / "project", "-o", str(trace), "--workers", "2") as process:
        ask_and_stop(process)
    assert process.stderr.count(everybody(shared)) == 1
    assert f"asgi-inspect: {trace}: {everybody(shared)}." in process.stderr.splitlines()


def test_a_link_to_no_trace_or_to_nothing_is_refused(tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to(target)
    with pytest.raises(UsageError, match="it is a link to a file that is not there: make that file, or name it itself"):
        Place.named(str(link), append=False)
    assert not target.exists()
    target.write_bytes(b"precious")
    with pytest.raises(UsageError, match="it is a link to a file that is no trace"):
        Place.named(str(link), append=False)
    assert target.read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_a_stream_is_no_file(name: str) -> None:
    """A redirected one would be written over by what the server prints."""
    with pytest.raises(UsageError, match="is a stream: `-o -` writes the records to standard output"):
        Place.named(name, append=False)


def test_a_planted_state_folder_is_not_used(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ours = tmp_path / "ours"
    ours.mkdir(0o755)
    (shared / "asgi-inspect").symlink_to(ours)
    run = new_run(tmp_path, NOW, {"XDG_STATE_HOME": str(shared)})
    assert run.trouble == LOOSE
    assert list(ours.iterdir()) == []
    assert ours.stat().st_mode & 0o777 == 0o755
    assert run.path.parent.parent == tmp_path


def test_a_state_folder_that_can_be_taken_away_is_used_with_a_word(shared: Path, tmp_path: Path) -> None:
    place = Place.in_state_folder(tmp_path, {"XDG_STATE_HOME": str(shared)})
    assert place.exposed == everybody(shared)
    assert os.stat(place.path.parent).st_mode & 0o777 == 0o700
    place.close(keep=False)


def test_there_is_no_place_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
    with pytest.raises(
        UsageError, match=r"there is no place for a trace: neither the state folder .* nor a temporary one"
    ):
        new_run(tmp_path, NOW, {"XDG_STATE_HOME": "/proc/nowhere"})
