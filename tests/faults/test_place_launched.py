"""Where a launched application's trace goes, whatever the surroundings: a home or none, any umask, hardly a descriptor."""

import shutil
import stat
from pathlib import Path

import pytest

from tests.capture.sinking import until
from tests.faults.disks import Left, ask_and_stop, launched, reach


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", ["000", "077", "777"])
def test_any_umask(umask: str, tmp_path: Path) -> None:
    """All that is made is for its owner only, and is usable by him; root sees the same modes, but would get by without."""
    project, home = tmp_path / "project", tmp_path / "home"
    home.mkdir()
    with launched(project, before=f"umask {umask}", environ={"HOME": str(home), "XDG_STATE_HOME": None}) as process:
        ask_and_stop(process)
    folders = [home / ".local", home / ".local/state", home / ".local/state/asgi-inspect"]
    assert [mode(folder) for folder in folders] == [0o700] * 3
    (trace,) = folders[-1].iterdir()
    assert mode(trace) == 0o600
    left = Left(trace)
    assert (left.paths, left.damages, left.lost) == (["/"], [], [])


@pytest.mark.parametrize(
    "surroundings",
    [
        {"HOME": "/proc/1", "XDG_STATE_HOME": None},
        {"HOME": None, "XDG_STATE_HOME": "/proc/1/state"},
        {"HOME": "/proc/1", "XDG_STATE_HOME": None, "TMPDIR": "/not/there"},
    ],
    ids=["read-only home", "no home and no place for state", "read-only home and TMPDIR is missing"],
)
def test_no_place_at_home(surroundings: dict[str, str | None], tmp_path: Path) -> None:
    """`/proc/1` cannot be written, not even by root."""
    with launched(tmp_path / "project", "--no-save", environ={"TMPDIR": str(tmp_path), **surroundings}) as process:
        ask_and_stop(process)
    assert process.stderr.count("asgi-inspect: the state folder cannot be used (") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["project"], "the folder is gone with the trace"


def test_hardly_a_descriptor(tmp_path: Path) -> None:
    """With fewer uvicorn by itself has none left for a client."""
    trace = tmp_path / "trace.jsonl"
    with launched(tmp_path / "project", "-o", str(trace), before="ulimit -n 18") as process:
        ask_and_stop(process)
    assert Left(trace).paths == ["/"]


def test_its_folder_is_removed_for_good(tmp_path: Path) -> None:
    """The server goes on and ends as ever, and so does the launcher, which does not say that there is a trace."""
    trace = tmp_path / "folder" / "trace.jsonl"
    trace.parent.mkdir()
    with launched(tmp_path / "project", "-o", str(trace)) as process:
        with reach(process.port) as wire:
            assert wire.ask("GET", "/").status == 200
            until(lambda: b'"path":"/"' in trace.read_bytes(), "it is traced")
            shutil.rmtree(trace.parent)
        ask_and_stop(process)
    assert "(show it with: " not in process.stderr
