"""Who is using a trace file: its writers hold a shared lock on it, so whoever wants to empty or remove it can ask first.

The locks are `flock`'s: they belong to the open file, and are gone with the process, however it ended.
"""

import contextlib
import errno
import os

try:
    import fcntl
except ImportError:  # Windows, where nothing is launched and every trace counts as in use
    fcntl = None  # type: ignore[assignment]

_TAKEN = (errno.EWOULDBLOCK, errno.EACCES)


def hold(fd: int) -> None:
    """Say that the file behind `fd` is in use for as long as it is open here."""
    if fcntl is not None:
        # A file system without locks keeps its traces a little longer: nobody can prove that they are finished.
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)


def alone(fd: int) -> bool:
    """Whether no other open file holds a lock on the file behind `fd`; if so, it is locked for us alone from now on."""
    return _try_lock(fd) is None


def in_use(path: str | os.PathLike[str]) -> bool:
    """Whether somebody writes to the file; False where that cannot be known, and where there is no file."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return _try_lock(fd) in _TAKEN
    finally:
        os.close(fd)


def _try_lock(fd: int) -> int | None:
    """Lock for us alone; the number of the error where that fails."""
    number: int | None = errno.ENOTSUP
    if fcntl is not None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            number = error.errno
        else:
            number = None
    return number
