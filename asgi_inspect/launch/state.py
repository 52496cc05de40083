"""The state folder: where the traces of launched applications are kept, found again, and tidied up.

One trace a run, in one file or, rotated, in several, below `$XDG_STATE_HOME/asgi-inspect` (`~/.local/state` where that is not set), never in the working
directory, which reloaders watch. A file's name says when the run began (so that names sort by age), in which directory
(its last part for people, a hash of all of it for us) and which process it was. Traces hold what users sent: nobody else
may read them.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ..capture.opening import require_unplanted
from ..capture.rotation import lock_name
from ..errors import UsageError
from ..trace.chain import begins_as_trace, earlier_names
from . import locks

KEPT = 20
_PRIVATE = 0o700
_SUFFIX = ".jsonl"
_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-.*-[0-9a-f]{12}-\d+\.jsonl")


class NewRun(NamedTuple):
    """The empty file of a run; `trouble`: why it is not in the state folder, if it is not."""

    path: Path
    trouble: str | None


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where traces are kept; it need not exist. Raises RuntimeError where this user has no home."""
    base = Path(environ.get("XDG_STATE_HOME", ""))
    if not base.is_absolute():  # the specification: a relative path is to be ignored
        home = Path(environ.get("HOME") or Path.home())
        base = home / ".local" / "state"
    return base / "asgi-inspect"


def new_run(directory: Path, now: datetime, environ: Mapping[str, str] = os.environ) -> NewRun:
    """A new file for a run in `directory`, which began at `now` (UTC); where the state folder fails, in a temporary one.

    Raises UsageError where there is none either.
    """
    try:
        return NewRun(_new_file(_private_folder(state_folder(environ)), directory, now), None)
    except (OSError, RuntimeError, UnicodeEncodeError) as error:
        trouble = _reason(error)
    try:
        folder = Path(tempfile.mkdtemp(prefix="asgi-inspect-"))
        folder.chmod(_PRIVATE)  # whatever the umask
        return NewRun(_new_file(folder, directory, now), trouble)
    except OSError as error:
        raise UsageError(
            f"there is no place for a trace: neither the state folder ({trouble}) nor a temporary one ({_reason(error)}) "
            "can be used; name a file with --out."
        ) from None


def newest_run(directory: Path, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The file of the last run in `directory` that is still kept."""
    mark = _mark(directory)
    with suppress(RuntimeError):  # no home, so no folder
        return next((path for path in runs(state_folder(environ)) if path.name.split("-")[-2] == mark), None)
    return None


def prune(folder: Path, keep: int = KEPT) -> list[Path]:
    """Remove all but the newest `keep` traces of a folder, never one that somebody writes to; returns what was removed."""
    removed = []
    for path in list(runs(folder))[keep:]:
        # Another run may tidy up at the same time, or it is not ours to remove.
        with suppress(OSError), open(path, "rb") as file:
            # Whoever comes opens the path, which is locked from here on; to the others nobody comes any more.
            if locks.alone(file.fileno()) and all(map(_is_alone, earlier_names(path))):
                remove_trace(path)
                removed.append(path)
    return removed


def _is_alone(name: str) -> bool:
    with open(name, "rb") as file:
        return locks.alone(file.fileno())


def remove_trace(path: Path) -> None:
    """Remove a trace, with all that was rotated away from it, and nothing else that has such a name.

    Raises OSError where the file itself cannot be removed.
    """
    for name in (*filter(begins_as_trace, earlier_names(path)[::-1]), lock_name(str(path))):
        with suppress(OSError):
            os.unlink(name)
    path.unlink()


def runs(folder: Path) -> Iterator[Path]:
    """The traces of a folder, newest first."""
    try:
        names = sorted((entry.name for entry in os.scandir(folder) if _NAME.fullmatch(entry.name)), reverse=True)
    except OSError:
        return
    yield from (folder / name for name in names)


def _new_file(folder: Path, directory: Path, now: datetime) -> Path:
    str(folder).encode()  # its name is told to the server's processes as JSON
    called = re.sub(r"[^A-Za-z0-9_.]+", "_", directory.name)[:40] or "root"
    path = folder / f"{now:%Y%m%dT%H%M%S.%fZ}-{called}-{_mark(directory)}-{os.getpid()}{_SUFFIX}"
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    os.fchmod(fd, 0o600)  # whatever the umask
    os.close(fd)
    return path


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _mark(directory: Path) -> str:
    """What tells a directory from all others, whichever way it was reached."""
    return hashlib.sha256(os.fsencode(os.path.realpath(directory))).hexdigest()[:12]


def _private_folder(folder: Path) -> Path:
    """Make a folder that only its owner may enter, and likewise what is missing above it; whatever the umask."""
    for missing in [above for above in (folder, *folder.parents) if not above.exists()][::-1]:
        with suppress(FileExistsError):  # another run was faster
            missing.mkdir(_PRIVATE)
            missing.chmod(_PRIVATE)
    require_unplanted(str(folder))
    status = folder.stat()
    if status.st_uid != os.geteuid():
        raise PermissionError(0, f"{folder} belongs to another user")
    if status.st_mode & 0o077:
        folder.chmod(_PRIVATE)
    return folder
