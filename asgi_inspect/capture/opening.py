"""Opening a path to write a trace: what another user may have planted there is neither followed nor written to.

Whoever may write in a folder may put there, under the name that we shall open, a link, a file or a FIFO of his. So in a
folder where everybody may write only what is ours or root's is used, all along the path; what is mounted there, root put
there. A link is followed where its folder keeps others from replacing it, and even then nothing is made through it, and
nothing but a trace is added to. The links of `/proc` are the kernel's own: by them `/dev/stdout` goes on working.
"""

import contextlib
import errno
import os
import re
import stat
import sys
from typing import Final, NamedTuple

_MODE: Final = 0o600
_LINKS: Final = 40  # as many as the kernel follows
_TRIES: Final = 10
_DESCRIPTOR: Final = re.compile(r"(?:/proc/(\w+)/fd|/dev/fd)/(\d{1,7})")
_BEGIN: Final = b'{"record":"'
_ANOTHERS: Final = "it belongs to another user, in a folder where everybody may write"
_LOOSE: Final = "it is a link in a folder where everybody may put another in its place"
_NOWHERE: Final = "it is a link to a file that is not there: make that file, or name it itself"
_NO_TRACE: Final = "it is a link to a file that is no trace"
_OTHER_NAMES: Final = "it has other names too, and stands in a folder where everybody may write"


class _Way(NamedTuple):
    """Where a path leads: without links, but for the kernel's own."""

    path: str
    folders: dict[str, os.stat_result]
    """Those that lead there."""
    linked: bool = False
    """Whether its last name was a link."""
    magic: bool = False
    """Whether the kernel has to find the rest."""


def open_trace(path: str, flags: int) -> int:
    """Open an absolute path to write to it; with O_CREAT it is made where it is not there, for its owner only.

    Raises OSError, with the reason in plain words where it is ours.
    """
    if sys.platform == "win32":  # no owners, and links are for administrators
        return os.open(path, flags, _MODE)
    way = _way(path)
    if way.magic:
        return os.open(way.path, flags & ~os.O_CREAT)
    fd = _open(way, flags)
    try:
        _require_own(way, fd)
    except BaseException:  # raised again: it is only that nobody else would close it
        os.close(fd)
        raise
    return fd


def require_unplanted(path: str) -> None:
    """Raise OSError where a name on the way to an absolute path may have been planted by another user."""
    if sys.platform != "win32":
        _way(path)


def descriptor_named(path: str) -> int | None:
    """The number of the descriptor of this process that a path stands for, as `/dev/stdout` does; None: for none."""
    if sys.platform == "win32":
        return None
    try:
        found = _DESCRIPTOR.fullmatch(_way(path).path)
    except Exception:  # noqa: BLE001 (also what forbids calls that may block, as blockbuster does; who opens it says what is wrong)
        return None
    return int(found[2]) if found is not None and found[1] in (None, "self", str(os.getpid())) else None


def exposed(path: str) -> str | None:
    """What others may do with a file or a folder of ours that its mode or its folder lets them do; None: nothing, as it should be.

    Of a folder with the sticky bit, such as /tmp, there is nothing to say: nobody may remove or replace there what is ours.
    """
    if sys.platform == "win32":
        return None
    try:
        way = _way(path)
        found = os.stat(way.path)
    except OSError:
        return None
    if way.magic:
        return None
    if stat.S_ISREG(found.st_mode) and found.st_mode & stat.S_IRWXO:
        return f"everybody on this machine may read or change it (its mode is {stat.S_IMODE(found.st_mode):04o})"
    for folder, status in way.folders.items():
        if _everybody_writes(status) and not status.st_mode & stat.S_ISVTX:
            return f"everybody on this machine may write in {folder}, and so take it away or put another in its place"
    return None


def status_of(path: str) -> os.stat_result | None:
    """What is found under a path now; None: nothing that we could see."""
    try:
        return os.stat(path)
    except OSError:
        return None


def ends_in_newline(path: str, size: int) -> bool:
    """Whether a new record may follow at once; a process that was killed may have left half a line."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:  # not readable for us: an empty line too many does no harm
        return False
    try:
        os.lseek(fd, size - 1, os.SEEK_SET)
        return os.read(fd, 1) == b"\n"
    finally:
        os.close(fd)


def _way(path: str) -> _Way:
    """Go along a path, name by name, and look at each."""
    here, folders = "/", {"/": os.stat("/")}
    names = path.split("/")[::-1]
    links, linked = 0, False
    while names:
        name = names.pop()
        if name in ("", "."):
            continue
        there = os.path.dirname(here) if name == ".." else os.path.join(here, name)
        try:
            found = os.lstat(there)
        except OSError:  # not there, or not for us to see: whoever opens it is told
            return _Way(os.path.join(there, *names[::-1]), folders, linked)
        if name != "..":
            _require_unplanted(folders[here], found)
        if not stat.S_ISLNK(found.st_mode):
            here = there
            if stat.S_ISDIR(found.st_mode):
                folders[here] = found
            elif names:
                return _Way(os.path.join(there, *names[::-1]), folders, linked)
            continue
        if _is_kernels(found):
            return _Way(os.path.join(there, *names[::-1]), folders, magic=True)
        links, linked = links + 1, linked or not any(names)
        if links > _LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        target = os.readlink(there)
        here = "/" if target.startswith("/") else here
        names += target.split("/")[::-1]
    return _Way(here, folders, linked)


def _require_unplanted(folder: os.stat_result, found: os.stat_result) -> None:
    if not _everybody_writes(folder) or found.st_dev != folder.st_dev:
        return
    if found.st_uid not in (os.geteuid(), 0):
        raise PermissionError(errno.EPERM, _ANOTHERS)
    if stat.S_ISLNK(found.st_mode) and not folder.st_mode & stat.S_ISVTX:
        raise PermissionError(errno.EPERM, _LOOSE)


def _open(way: _Way, flags: int) -> int:
    """Open what was looked at; a link that was put in its place since is not followed."""
    flags |= os.O_NOFOLLOW
    for _ in range(_TRIES):
        try:
            return os.open(way.path, flags & ~os.O_CREAT)
        except FileNotFoundError:
            if not flags & os.O_CREAT:
                raise
        if way.linked:
            raise FileNotFoundError(errno.ENOENT, _NOWHERE)
        with contextlib.suppress(FileExistsError):  # another worker was faster; and may have rotated it since
            return _made(way.path, flags)
    return os.open(way.path, flags & ~os.O_CREAT)


def _made(path: str, flags: int) -> int:
    fd = os.open(path, flags | os.O_EXCL, _MODE)
    with contextlib.suppress(
        OSError
    ):  # whatever the umask; not every file system has modes, and `exposed` says what that means
        if stat.S_IMODE(os.fstat(fd).st_mode) != _MODE:
            os.fchmod(fd, _MODE)
    return fd


def _require_own(way: _Way, fd: int) -> None:
    """Look again at what is open now: it may not be what was looked at."""
    found = os.fstat(fd)
    folder = way.folders.get(os.path.dirname(way.path))
    if folder is not None:
        _require_unplanted(folder, found)
        if _everybody_writes(folder) and stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
            raise PermissionError(errno.EPERM, _OTHER_NAMES)
    if way.linked and stat.S_ISREG(found.st_mode) and found.st_size and not _is_trace(way.path):
        raise PermissionError(errno.EPERM, _NO_TRACE)


def _is_trace(path: str) -> bool:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(fd, len(_BEGIN)) == _BEGIN
    finally:
        os.close(fd)


def _is_kernels(link: os.stat_result) -> bool:
    """Whether a link is one of `/proc`, which may lead where no name leads."""
    try:
        return link.st_dev == os.stat("/proc").st_dev
    except OSError:
        return False


def _everybody_writes(folder: os.stat_result) -> bool:
    return bool(folder.st_mode & stat.S_IWOTH)
