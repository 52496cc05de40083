"""A trace in several files: the one that is full becomes `.1`, that one `.2`, and so on; the oldest is removed.

Any number of processes write to it, and any of them may rotate it: one at a time, under a lock beside the file, which is gone
with its holder, however that ends. Under the lock it is asked again whether the path is still the file that is full. A file
is rotated only when it is `near` its limit; so whoever has written below that knows that nobody has taken the file away, and
only near the limit it is looked each time.

Nothing is renamed over, and nothing removed, that is no trace of ours: then the file grows on, and it is said once.
"""

import contextlib
import errno
import os
import stat
import sys
import time
from typing import Final

from .notice import say_once
from .opening import open_trace

if sys.platform != "win32":
    import fcntl

MARK: Final = b'{"record":"'
_PAUSE: Final = 0.001  # seconds
_NEAR: Final = 1024 * 1024  # bytes below the limit; of a small one, half of it
_BUSY: Final = (errno.EWOULDBLOCK, errno.EACCES)
_READ: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class Rotation:
    """How much of a trace is kept: files of at most `max_bytes` each (None: one that has no limit), `keep_files` of them."""

    def __init__(self, path: str, max_bytes: int | None, keep_files: int) -> None:
        """path: absolute. keep_files: the one that is written among them."""
        self._path = path
        self.held: int | None = None
        """The lock, from before the file that is full is renamed until the new one is begun: see `release`."""
        self.keep_files = keep_files
        self.limit = sys.maxsize if max_bytes is None else max_bytes
        """The size that no file passes, but for what several processes write at once, and a single line that is longer."""

    @property
    def near(self) -> int:
        """From which size on a file may be rotated, by whichever process."""
        return self.limit - min(self.limit // 2, _NEAR)

    def lower(self, max_bytes: int | None, keep_files: int) -> None:
        """Another writer to the same path keeps so much: the less of both counts."""
        self.limit = min(self.limit, sys.maxsize if max_bytes is None else max_bytes)
        self.keep_files = min(self.keep_files, keep_files)

    def has(self, file: os.stat_result) -> bool:
        """Whether a file is one of those that were rotated away, as far as can be seen."""
        path = os.path.realpath(self._path)
        number = 1
        with contextlib.suppress(OSError):
            while not os.path.samestat(os.lstat(f"{path}.{number}"), file):
                number += 1
            return True
        return False

    def is_begun(self) -> bool:
        """Whether somebody is rotating the trace, or was killed while he did: a file that is new is the next one of it."""
        return os.path.lexists(lock_name(os.path.realpath(self._path)))

    def forked(self) -> None:
        """Let go of a lock that the parent was holding just then: it would outlive it."""
        if self.held is not None:
            os.close(self.held)
            self.held = None

    def rotate(self, full: os.stat_result, seconds: float) -> bool:
        """Make the path free for a new file; False: another process is still about to, after so many seconds.

        full: the file that is to go; where the path is another one by now, that was done already. The lock is kept, so that
        whoever makes the new file first knows what it is: `release` it when that is begun. Raises OSError where it cannot be
        done.
        """
        path = os.path.realpath(self._path)  # a link stays where it is
        end = time.monotonic() + seconds
        while not self._lock(path):
            if time.monotonic() >= end:
                return False
            time.sleep(_PAUSE)
        try:
            if not _is_still(path, full, self.near):
                self.release()
            else:
                self._shift(path)
                if os.path.islink(self._path):  # nothing is made through a link, by whoever opens it next
                    os.close(open_trace(path, os.O_WRONLY | os.O_CREAT))
        except BaseException:  # raised again: it is only that nobody else would let go of the lock
            self.release()
            raise
        return True

    def release(self) -> None:
        """Let others rotate the trace again."""
        if self.held is not None:
            # Removed before it is let go: whoever gets it then sees that it is not the one there.
            with contextlib.suppress(OSError):
                os.unlink(lock_name(os.path.realpath(self._path)))
            self._let_go()

    # --- the files; the lock is held -----------------------------------------------------------------------------------

    def _shift(self, path: str) -> None:
        """Give each file the next number, from the oldest one on, up to the first number that is free."""
        free = 1
        while os.path.lexists(f"{path}.{free}"):
            _require_ours(f"{path}.{free}", path)
            free += 1
        for number in range(free - 1, -1, -1):
            name = f"{path}.{number}" if number else path
            if number + 1 < self.keep_files:
                os.rename(name, f"{path}.{number + 1}")
            else:
                os.unlink(name)
                say_once(
                    f"{self._path}: the oldest records are removed, to keep {_files(self.keep_files)} of {self.limit:,} bytes; "
                    "max_bytes and keep_files say how much that is"
                )

    # --- the lock ------------------------------------------------------------------------------------------------------

    def _lock(self, path: str) -> bool:
        """Whether the lock is ours now. Raises OSError where there can be none."""
        if sys.platform == "win32":  # where no other process could rename a file that we have open
            return True
        if os.path.islink(lock_name(path)):
            raise OSError(errno.ELOOP, f"{lock_name(path)} is a link")
        try:
            fd = open_trace(lock_name(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK)
        except (
            FileNotFoundError
        ):  # its holder has removed it just now, or the folder is gone: that is another's to find
            return False
        self.held = fd
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(fd), os.stat(lock_name(path))):
                return True
        except FileNotFoundError:  # likewise
            pass
        except OSError as exc:
            if exc.errno not in _BUSY:
                self._let_go()
                raise
        self._let_go()
        return False

    def _let_go(self) -> None:
        if self.held is not None:
            fd, self.held = self.held, None
            if sys.platform != "win32":
                fcntl.flock(fd, fcntl.LOCK_UN)  # a child that was forked meanwhile may have it too
            os.close(fd)


def fitting(lines: list[bytes], begin: int, least: int, room: int) -> list[bytes]:
    """As many of the lines from `begin` on as there is room for, and so many at least."""
    end = begin + least
    room -= sum(map(len, lines[begin:end]))
    while end < len(lines) and len(lines[end]) <= room:
        room -= len(lines[end])
        end += 1
    return lines[begin:end]


def whole(lines: list[bytes], written: int) -> int:
    """How many lines were taken: the last of them maybe without its newline, with which the next write begins."""
    for count, line in enumerate(lines):
        written -= len(line)
        if written < -1:
            return count
    return len(lines)


def lock_name(path: str) -> str:
    """The file whose lock the one holds that rotates. Hidden, so that `trace.jsonl*` names traces alone."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.rotating")


def _is_still(path: str, full: os.stat_result, near: int) -> bool:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return False
    return os.path.samestat(found, full) and found.st_size >= near


def _require_ours(name: str, path: str) -> None:
    """Raise OSError unless this is a trace, and its owner that of the trace at `path`, or we."""
    found = os.lstat(name)
    ours = found.st_uid in (os.stat(path).st_uid, _own_uid())
    if stat.S_ISREG(found.st_mode) and ours and _is_trace(name):
        return
    raise FileExistsError(errno.EEXIST, f"{name} is there, and is no trace of ours")


def _own_uid() -> int:
    return 0 if sys.platform == "win32" else os.geteuid()


def _is_trace(name: str) -> bool:
    fd = os.open(name, _READ)
    try:
        return os.read(fd, len(MARK)) == MARK
    finally:
        os.close(fd)


def _files(count: int) -> str:
    return "one file" if count == 1 else f"{count} files"
