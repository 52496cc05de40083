"""The file of a run: made, emptied, added to or refused; and gone again where nothing came of it."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from asgi_inspect.capture.rotation import lock_name
from asgi_inspect.errors import UsageError
from asgi_inspect.launch import locks, state
from asgi_inspect.launch.place import Place
from asgi_inspect.launch.state import KEPT
from asgi_inspect.text import safe
from asgi_inspect.trace.chain import files_of
from asgi_inspect.trace.codec import encode_record
from tests.capture.sinking import descriptors_in
from tests.launch.test_survey import process

TRACE = b'{"record":"skipped","proc":"a","at":"2026-01-01T00:00:00.000000Z","conns":1,"why":"x"}\n'
LATER = b'{"record":"of-a-later-version","anything":[1]}\n'


def test_a_new_file_is_private(tmp_path: Path) -> None:
    place = Place.named(str(tmp_path / "t.jsonl"), append=False)
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
    assert place.path.is_absolute()
    place.close(keep=True)


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    place = Place.named("t.jsonl", append=False)
    assert place.path == tmp_path / "t.jsonl"
    place.close(keep=True)


@pytest.mark.parametrize("before", [TRACE, LATER, TRACE + b"torn", b""])
def test_a_trace_of_before_is_emptied(before: bytes, tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    file.write_bytes(before)
    place = Place.named(str(file), append=False)
    assert (file.read_bytes(), place.begin) == (b"", 0)
    place.close(keep=True)


def test_append_keeps_it(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    file.write_bytes(TRACE)
    place = Place.named(str(file), append=True)
    assert (file.read_bytes(), place.begin) == (TRACE, len(TRACE))
    os.write(place.fd, LATER)
    assert place.close(keep=True)
    assert file.read_bytes() == TRACE + LATER


def test_append_to_a_torn_trace_begins_on_a_line_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    file.write_bytes(TRACE + b'{"record":"sc')
    place = Place.named(str(file), append=True)
    os.write(place.fd, LATER)
    place.close(keep=True)
    assert file.read_bytes() == TRACE + b'{"record":"sc\n' + LATER


@pytest.mark.parametrize("append", [True, False])
@pytest.mark.parametrize("content", [b"import os\n", b"{}\n", b"\x00\x01", b"\n", b'{"record": 1}\n', b"[]"])
def test_anything_else_is_left_alone(content: bytes, append: bool, tmp_path: Path) -> None:
    file = tmp_path / "main.py"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="exists and is no trace: it stays as it is"):
        Place.named(str(file), append=append)
    assert file.read_bytes() == content


def test_a_trace_that_is_being_written_is_not_emptied(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    first = Place.named(str(file), append=False)
    os.write(first.fd, TRACE)
    with pytest.raises(UsageError, match="is being written by another run"):
        Place.named(str(file), append=False)
    assert file.read_bytes() == TRACE
    second = Place.named(str(file), append=True)
    second.close(keep=True)
    first.close(keep=True)
    assert not locks.in_use(file)


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path / "no" / "t.jsonl", "there is no folder"),
        (tmp_path, "is a folder"),
        (Path("/dev/null"), "is no regular file"),
        (Path("/proc/t.jsonl"), "cannot be written"),
        (tmp_path / ("x" * 300), "cannot be written: File name too long"),
        (tmp_path / "\udcff", "is no name in UTF-8"),
    ):
        with pytest.raises(UsageError, match=words) as refused:
            Place.named(str(path), append=False)
        assert safe(str(path))[:200] in str(refused.value)


def test_a_file_of_a_run_that_wrote_nothing_goes_again(tmp_path: Path) -> None:
    new = Place.named(str(tmp_path / "new.jsonl"), append=False)
    assert not new.close(keep=True)
    assert not new.path.exists()
    (tmp_path / "old.jsonl").write_bytes(TRACE)
    old = Place.named(str(tmp_path / "old.jsonl"), append=False)
    assert not old.close(keep=True)
    assert old.path.read_bytes() == TRACE


def test_the_state_folder(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    kept = []
    for _ in range(KEPT + 2):
        place = Place.in_state_folder(tmp_path, environ)
        assert locks.in_use(place.path)
        os.write(place.fd, TRACE)
        assert place.close(keep=True)
        kept.append(place.path)
    assert [path for path in kept if path.exists()] == kept[2:]
    place = Place.in_state_folder(tmp_path, environ)
    os.write(place.fd, TRACE)
    assert not place.close(keep=False)
    assert not place.path.exists()


def test_a_temporary_folder_goes_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    place = Place.in_state_folder(tmp_path, {"XDG_STATE_HOME": "/proc/nowhere"})
    assert place.trouble
    assert not place.close(keep=False)
    assert list(tmp_path.iterdir()) == []


def test_a_trace_of_before_comes_back_where_nothing_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    link = tmp_path / "link.jsonl"
    path.write_bytes(TRACE)
    link.symlink_to(path)
    place = Place.named(str(link), append=False)
    assert path.read_bytes() == b""
    assert not place.close(keep=True)
    assert path.read_bytes() == TRACE
    assert sorted(tmp_path.iterdir()) == [link, path]


def test_a_trace_of_before_is_gone_once_something_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(TRACE)
    place = Place.named(str(path), append=False)
    os.write(place.fd, TRACE + TRACE)
    place.begun()
    assert list(tmp_path.iterdir()) == [path]
    assert place.close(keep=True)
    assert path.read_bytes() == TRACE + TRACE


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("before", [b"", TRACE])
def test_its_folder_is_removed_meanwhile(before: bytes, keep: bool, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "trace.jsonl"
    path.parent.mkdir()
    path.write_bytes(before)
    place = Place.named(str(path), append=False)
    os.write(place.fd, LATER)
    shutil.rmtree(path.parent)
    assert not place.close(keep=keep)
    assert list(tmp_path.iterdir()) == []


def test_what_was_begun_anew_under_its_name_stays(tmp_path: Path) -> None:
    """Though nothing went into the file that was there at first, or a trace stood there before."""
    for name in ("new.jsonl", "old.jsonl"):
        path = tmp_path / name
        if name == "old.jsonl":
            path.write_bytes(TRACE)
        place = Place.named(str(path), append=False)
        path.unlink()
        path.write_bytes(LATER)
        assert place.close(keep=True)
        assert path.read_bytes() == LATER


def test_a_temporary_folder_is_removed_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    place = Place.in_state_folder(tmp_path, {"XDG_STATE_HOME": "/proc/nowhere"})
    shutil.rmtree(place.path.parent)
    assert not place.close(keep=False)


# --- a trace of several files ---

GOES_ON = encode_record(process("p", 1, why="rotation")) + b"\n"


def rotated(path: Path) -> None:
    """A trace of three files; `.3` is of another story."""
    path.write_bytes(GOES_ON)
    for number, content in ((1, GOES_ON), (2, TRACE), (3, LATER)):
        Path(f"{path}.{number}").write_bytes(content)


def names(path: Path) -> list[str]:
    return sorted(os.listdir(path.parent))


def test_a_trace_is_emptied_with_what_was_rotated_away_from_it(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    rotated(path)
    Path(lock_name(str(path))).touch()
    place = Place.named(str(path), append=False)
    assert [name for name in names(path) if "before" not in name] == ["t.jsonl", "t.jsonl.3"]
    os.write(place.fd, TRACE)
    place.begun()
    assert names(path) == ["t.jsonl", "t.jsonl.3"]
    assert place.close(keep=True)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("recorded", [True, False])
def test_what_is_no_trace_stays_though_it_bears_such_a_name(tmp_path: Path, number: int, recorded: bool) -> None:
    path = tmp_path / "t.jsonl"
    rotated(path)
    notes = Path(f"{path}.{number}")
    notes.write_bytes(b"my notes\n")
    place = Place.named(str(path), append=False)
    assert notes.read_bytes() == b"my notes\n"
    if recorded:
        os.write(place.fd, TRACE)
    assert place.close(keep=True) == recorded
    assert notes.read_bytes() == b"my notes\n"
    assert len(names(path)) == (4 - number + 1 if recorded else 4)


def test_a_link_that_bears_such_a_name_stays(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    rotated(path)
    Path(f"{path}.2").rename(tmp_path / "another")
    Path(f"{path}.2").symlink_to(tmp_path / "another")
    place = Place.named(str(path), append=False)
    os.write(place.fd, TRACE)
    assert place.close(keep=True)
    assert names(path) == ["another", "t.jsonl", "t.jsonl.2", "t.jsonl.3"]


def test_it_comes_back_whole_where_nothing_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    rotated(path)
    place = Place.named(str(path), append=False)
    assert not place.close(keep=True)
    assert names(path) == ["t.jsonl", "t.jsonl.1", "t.jsonl.2", "t.jsonl.3"]
    assert [Path(name).read_bytes() for name in files_of(path)] == [TRACE, GOES_ON, GOES_ON]


@pytest.mark.parametrize("append", [True, False])
def test_what_somebody_has_put_beside_it_stays(tmp_path: Path, append: bool) -> None:
    """A trace of before that bears such a name is none of a run that begins with an empty file, nor what it leaves."""
    Path(tmp_path / "t.jsonl.1").write_bytes(TRACE)
    place = Place.named(str(tmp_path / "t.jsonl"), append=append)
    assert not place.close(keep=True)
    assert Path(tmp_path / "t.jsonl.1").read_bytes() == TRACE
    place = Place.named(str(tmp_path / "t.jsonl"), append=append)
    place.path.unlink()
    assert not place.close(keep=True)
    assert Path(tmp_path / "t.jsonl.1").read_bytes() == TRACE


def rotate(path: Path) -> None:
    os.rename(path, f"{path}.1")
    path.write_bytes(GOES_ON)


def test_the_file_that_is_there_now_is_held(tmp_path: Path) -> None:
    place = Place.named(str(tmp_path / "t.jsonl"), append=False)
    os.write(place.fd, TRACE)
    place.follow()
    rotate(place.path)
    place.follow()
    os.write(place.fd, LATER)
    assert (place.path.read_bytes(), Path(f"{place.path}.1").read_bytes()) == (GOES_ON + LATER, TRACE)
    assert locks.in_use(place.path)
    assert not locks.in_use(f"{place.path}.1")
    place.path.rename(f"{place.path}.gone")
    place.follow()
    os.write(place.fd, TRACE)
    assert Path(f"{place.path}.gone").read_bytes() == GOES_ON + LATER + TRACE
    place.close(keep=True)
    assert descriptors_in(tmp_path) == []


def test_the_files_of_a_run(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(TRACE)
    place = Place.named(str(path), append=True)
    assert place.files() == [(str(path), len(TRACE))]
    rotate(path)
    assert place.files() == [(f"{path}.1", len(TRACE)), (str(path), 0)]
    Path(f"{path}.1").unlink()
    assert place.files() == [(str(path), 0)]
    path.unlink()
    assert place.files() == [(str(path), 0)]
    place.close(keep=True)


def test_what_was_renamed_last_gets_its_name_back(tmp_path: Path) -> None:
    """All processes were killed, one of them before it could begin a new file."""
    place = Place.named(str(tmp_path / "t.jsonl"), append=False)
    os.write(place.fd, TRACE)
    os.rename(place.path, f"{place.path}.1")
    assert place.close(keep=True)
    assert names(place.path) == ["t.jsonl"]


def test_a_run_is_kept_and_removed_with_all_its_files(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    place = Place.in_state_folder(tmp_path, environ)
    rotate(place.path)
    folder = place.path.parent
    place.follow()
    writer = os.open(f"{place.path}.1", os.O_RDONLY)
    locks.hold(writer)  # a worker that has not written since
    assert place.close(keep=True)
    assert state.prune(folder, 0) == []
    os.close(writer)
    assert state.prune(folder, 0) == [place.path]
    assert list(folder.iterdir()) == []
    place = Place.in_state_folder(tmp_path, environ)
    os.write(place.fd, TRACE)
    rotate(place.path)
    assert not place.close(keep=False)
    assert list(folder.iterdir()) == []
