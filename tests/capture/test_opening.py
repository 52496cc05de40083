"""What is opened under a path where other users may write, and what is not."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from asgi_inspect.capture import opening
from asgi_inspect.capture.opening import descriptor_named, exposed, open_trace, require_unplanted
from tests.capture.sinking import line

FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
ME = os.geteuid() or 1000  # root trusts itself anyway
ANOTHER = ME + 1

Own = Callable[[Path, int], None]


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Own:
    """Give a path to another user. Who may not do that, or is root and trusted anyway, has it told so."""
    owners: dict[tuple[int, int], int] = {}

    def told(real: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def ask(what: int | str) -> os.stat_result:
            found = real(what)
            owner = owners.get((found.st_dev, found.st_ino))
            return found if owner is None else os.stat_result((*found[:4], owner, *found[5:10]), _rest(found))

        return ask

    asked = {name: told(getattr(os, name)) for name in ("stat", "lstat", "fstat")}
    monkeypatch.setattr(opening, "os", SimpleNamespace(**{**vars(os), **asked, "geteuid": lambda: ME}))

    def give(path: Path, owner: int) -> None:
        found = path.lstat()
        owners[found.st_dev, found.st_ino] = owner

    return give


def _rest(found: os.stat_result) -> dict[str, object]:
    return {name: getattr(found, name) for name in ("st_rdev", "st_blksize", "st_blocks") if hasattr(found, name)}


@pytest.fixture(params=[0o1777, 0o777], ids=["sticky", "not sticky"])
def shared(tmp_path: Path, request: pytest.FixtureRequest, own: Own) -> Path:
    """A folder where everybody may write."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(request.param)
    own(folder, 0)
    return folder


@pytest.fixture
def victim(tmp_path: Path, own: Own) -> Path:
    """A trace of ours, elsewhere."""
    path = tmp_path / "victim"
    path.write_bytes(line(1))
    own(path, ME)
    return path


def refused(path: Path, why: str, flags: int = FLAGS) -> None:
    with pytest.raises(PermissionError, match=why):
        open_trace(str(path), flags)


ANOTHERS = "belongs to another user, in a folder where everybody may write"


def test_a_planted_link(shared: Path, victim: Path, own: Own) -> None:
    path = shared / "trace.jsonl"
    path.symlink_to(victim)
    own(path, ANOTHER)
    refused(path, ANOTHERS)
    path.unlink()
    path.symlink_to(shared.parent / "new")
    own(path, ANOTHER)
    refused(path, ANOTHERS)
    assert not (shared.parent / "new").exists()


def test_a_planted_folder_or_link_to_one(shared: Path, tmp_path: Path, own: Own) -> None:
    theirs = shared / "theirs"
    theirs.mkdir()
    own(theirs, ANOTHER)
    refused(theirs / "trace.jsonl", ANOTHERS)
    link = shared / "link"
    link.symlink_to(tmp_path)
    own(link, ANOTHER)
    refused(link / "trace.jsonl", ANOTHERS)
    with pytest.raises(PermissionError, match=ANOTHERS):
        require_unplanted(str(link / "state" / "asgi-inspect"))
    assert not (tmp_path / "trace.jsonl").exists()


@pytest.mark.parametrize("make", [Path.touch, os.mkfifo], ids=["file", "FIFO"])
def test_a_planted_file_or_fifo(make: Callable[[Path], object], shared: Path, own: Own) -> None:
    """It would be its owner who reads what we write."""
    path = shared / "trace.jsonl"
    make(path)
    own(path, ANOTHER)
    refused(path, ANOTHERS, FLAGS | os.O_NONBLOCK)


def test_a_planted_name_of_a_file_of_ours(shared: Path, victim: Path) -> None:
    path = shared / "trace.jsonl"
    os.link(victim, path)
    refused(path, "it has other names too")


def test_one_that_is_planted_at_the_last_moment(
    shared: Path, victim: Path, own: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the path was looked at."""
    path = shared / "trace.jsonl"
    real = opening._way

    def way(name: str) -> object:
        found = real(name)
        path.symlink_to(victim)
        return found

    monkeypatch.setattr(opening, "_way", way)
    with pytest.raises(OSError, match="symbolic links"):
        open_trace(str(path), FLAGS)


def test_our_own_link(shared: Path, victim: Path, own: Own) -> None:
    """It stays ours in a folder with the sticky bit; in another one anybody may have put it there by renaming."""
    path = shared / "trace.jsonl"
    path.symlink_to(victim)
    own(path, ME)
    if shared.stat().st_mode & stat.S_ISVTX:
        os.close(open_trace(str(path), FLAGS))
    else:
        refused(path, "a link in a folder where everybody may put another in its place")


def test_what_is_ours_or_roots(shared: Path, own: Own) -> None:
    for owner in (ME, 0):
        path = shared / f"of-{owner}"
        path.touch()
        own(path, owner)
        os.close(open_trace(str(path), FLAGS))
    fd = open_trace(str(shared / "new"), FLAGS)
    own(shared / "new", ME)
    os.close(fd)


# --- links of our own ------------------------------------------------------------------------------------------------


def test_links_where_only_we_may_write_are_followed(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to(victim)
    (tmp_path / "folder").symlink_to(tmp_path / "." / ".." / tmp_path.name)
    for path in (tmp_path / "one", tmp_path / "folder" / "one", tmp_path / "folder" / ".." / tmp_path.name / "two"):
        fd = open_trace(str(path), FLAGS)
        assert os.path.sameopenfile(fd, fd)
        assert os.fstat(fd).st_ino == victim.stat().st_ino
        os.close(fd)


def test_through_a_link_nothing_is_made_and_only_a_trace_is_added_to(tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to(target)
    with pytest.raises(FileNotFoundError, match="a link to a file that is not there"):
        open_trace(str(link), FLAGS)
    assert not target.exists()
    target.write_bytes(b"precious")
    refused(link, "a link to a file that is no trace")
    for content in (b"", line(1)):
        target.write_bytes(content)
        os.close(open_trace(str(link), FLAGS))


def test_links_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(OSError, match="symbolic links"):
        open_trace(str(tmp_path / "one"), FLAGS)


# --- modes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0, 0o022, 0o077, 0o777])
def test_a_new_file_is_its_owners_whatever_the_umask(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        os.close(open_trace(str(tmp_path / "new"), FLAGS))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


def test_what_others_may_do_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    inner = folder / "inner"
    inner.mkdir(parents=True)
    path = inner / "trace.jsonl"
    path.touch(0o600)
    assert exposed(str(path)) is None
    path.chmod(0o640)
    assert exposed(str(path)) is None, "a group is somebody's choice"
    path.chmod(0o604)
    assert exposed(str(path)) == "everybody on this machine may read or change it (its mode is 0604)"
    path.chmod(0o600)
    folder.chmod(0o1777)
    assert exposed(str(path)) is None
    folder.chmod(0o777)
    words = f"everybody on this machine may write in {folder}, and so take it away or put another in its place"
    assert exposed(str(path)) == exposed(str(inner)) == words
    assert exposed("/dev/stdout") is None
    assert exposed(str(tmp_path / "not" / "there")) is None


# --- descriptors -----------------------------------------------------------------------------------------------------


def test_names_of_descriptors(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/stdout")
    (tmp_path / "1").touch()
    names = {"/dev/stdout": 1, "/dev/stderr": 2, "/dev/fd/7": 7, "/proc/self/fd/12": 12, f"/proc/{os.getpid()}/fd/3": 3}
    assert {name: descriptor_named(name) for name in names} == names
    assert descriptor_named(str(tmp_path / "link")) == 1
    for name in ("/proc/1/fd/1", "/dev/null", str(tmp_path / "1"), str(tmp_path / "not there"), "/dev/fd"):
        assert descriptor_named(name) is None


def test_a_descriptor_is_opened_by_its_name(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        fd = open_trace(f"/proc/self/fd/{file.fileno()}", FLAGS)
        os.write(fd, b"here")
        os.close(fd)
    assert (tmp_path / "file").read_bytes() == b"here"
