"""The state folder: private, found again by directory, tidied up, and done without where it cannot be had."""

import fcntl
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from asgi_inspect.launch.state import KEPT, new_run, newest_run, prune, state_folder

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_STATE_HOME": "/somewhere", "HOME": "/home/me"}, "/somewhere/asgi-inspect"),
        ({"XDG_STATE_HOME": "", "HOME": "/home/me"}, "/home/me/.local/state/asgi-inspect"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/home/me"}, "/home/me/.local/state/asgi-inspect"),
        ({"HOME": "/home/me"}, "/home/me/.local/state/asgi-inspect"),
    ],
)
def test_where_it_is(environ: dict[str, str], folder: str) -> None:
    assert state_folder(environ) == Path(folder)


def state(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


def test_only_its_owner_may_look(tmp_path: Path) -> None:
    (tmp_path / "state" / "asgi-inspect").mkdir(parents=True, mode=0o755)
    run = new_run(tmp_path, NOW, state(tmp_path))
    assert run.trouble is None
    assert stat.S_IMODE(run.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(run.path.stat().st_mode) == 0o600
    assert run.path.read_bytes() == b""


def test_the_newest_run_of_a_directory_is_found_again(tmp_path: Path) -> None:
    here, there = tmp_path / "my project", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    environ = state(tmp_path)
    assert newest_run(here, environ) is None
    new_run(here, NOW, environ)
    newest = new_run(here, NOW + timedelta(seconds=1), environ).path
    new_run(there, NOW + timedelta(seconds=2), environ)
    assert newest_run(here, environ) == newest
    (tmp_path / "link").symlink_to(here)
    assert newest_run(tmp_path / "link", environ) == newest
    assert "my_project" in newest.name


def test_directories_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a/app", "b/app"):
        (tmp_path / folder).mkdir(parents=True)
    first = new_run(tmp_path / "a/app", NOW, state(tmp_path)).path
    new_run(tmp_path / "b/app", NOW + timedelta(seconds=1), state(tmp_path))
    assert newest_run(tmp_path / "a/app", state(tmp_path)) == first


def test_the_last_runs_are_kept(tmp_path: Path) -> None:
    runs = [new_run(tmp_path, NOW + timedelta(seconds=i), state(tmp_path)).path for i in range(KEPT + 3)]
    other = runs[0].parent / "notes.jsonl"
    other.write_text("mine")
    removed = prune(runs[0].parent)
    assert sorted(removed) == runs[:3]
    assert [path for path in runs if path.exists()] == runs[3:]
    assert other.exists()
    assert prune(runs[0].parent) == []


def test_a_live_run_is_never_removed(tmp_path: Path) -> None:
    runs = [new_run(tmp_path, NOW + timedelta(seconds=i), state(tmp_path)).path for i in range(4)]
    with open(runs[0], "ab") as writer:
        fcntl.flock(writer.fileno(), fcntl.LOCK_SH)
        assert prune(runs[0].parent, keep=2) == [runs[1]]
    assert prune(runs[0].parent, keep=2) == [runs[0]]


@pytest.mark.parametrize("kind", ["a file", "nothing that can be written", "no text"])
def test_without_a_state_folder_a_temporary_one_does(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    home = tmp_path / "state"
    if kind == "a file":
        home.write_text("")
    places = {"a file": str(home), "nothing that can be written": "/proc/nowhere", "no text": f"{tmp_path}/\udcff"}
    environ = {"XDG_STATE_HOME": places[kind]}
    run = new_run(tmp_path, NOW, environ)
    assert run.trouble
    assert run.path.parent.parent == tmp_path
    assert str(run.path).isascii()
    assert stat.S_IMODE(run.path.parent.stat().st_mode) == 0o700
    assert newest_run(tmp_path, environ) is None


def test_two_runs_of_the_same_moment_do_not_share_a_file(tmp_path: Path) -> None:
    new_run(tmp_path, NOW, state(tmp_path))
    second = new_run(tmp_path, NOW, state(tmp_path))
    assert second.trouble == os.strerror(17)  # EEXIST, so it went elsewhere
