"""Whole lines to what is no regular file: a pipe, a FIFO, a terminal.

A write to one of these may wait for ever, and lines over PIPE_BUF of several processes would mix. So it is opened anew and
non-blocking (the flags of the descriptor that others hold stay as they are), written by a queue's thread only, and each line
is written under a lock on that descriptor.
"""

import contextlib
import errno
import os
import select
import stat
import sys
from collections.abc import Iterator
from typing import Final

from .thread import Stopping

if sys.platform != "win32":
    import fcntl

_POLL_MS: Final = 50


class DescriptorWriter:
    """Writes lines to a path that is no regular file, or to standard output or error.

    target: a path, or the number of a descriptor of this process (1, 2).
    """

    def __init__(self, target: str | int) -> None:
        self._target = target
        self._fd: int | None = None
        self._pid = 0

    def __call__(self, line: bytes, stopping: Stopping) -> None:
        """Write one whole line, waiting as long as it takes, unless `stopping`. OSError: it is gone."""
        fd = self._open(stopping)
        if fd is None:
            return
        with _locked(fd, stopping):
            rest = memoryview(line)
            while rest:
                try:
                    rest = rest[os.write(fd, rest) :]
                except BlockingIOError:
                    # Half a line is finished even while the process stops: whoever reads needs its end.
                    if not _writable(fd, _POLL_MS) and stopping() and len(rest) == len(line):
                        return

    def _open(self, stopping: Stopping) -> int | None:
        if self._fd is not None and self._pid == os.getpid():
            return self._fd
        while True:
            try:
                self._fd = _open_again(self._target)
            except OSError as exc:
                # ENXIO: a FIFO that nobody reads yet.
                if exc.errno != errno.ENXIO or stopping():
                    raise
                select.select([], [], [], _POLL_MS / 1000)
            else:
                self._pid = os.getpid()
                return self._fd


def is_regular(path: str) -> bool:
    """Whether a path is, or would become, a regular file."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return True


def _open_again(target: str | int) -> int:
    """A descriptor of our own for the same pipe or terminal, so that O_NONBLOCK touches nobody else's."""
    flags = (
        os.O_WRONLY
        | os.O_APPEND
        | getattr(os, "O_NONBLOCK", 0)
        | getattr(os, "O_CLOEXEC", 0)
        | getattr(os, "O_NOCTTY", 0)
    )
    if isinstance(target, str):
        return os.open(target, flags)
    if stat.S_ISREG(os.fstat(target).st_mode):
        return os.dup(target)  # shares the offset: a second one would write over what others print there
    for name in (f"/proc/self/fd/{target}", f"/dev/fd/{target}"):
        with contextlib.suppress(OSError):
            return os.open(name, flags)
    return os.dup(target)  # a socket cannot be opened again: shared, and blocking as its owner has it


@contextlib.contextmanager
def _locked(fd: int, stopping: Stopping) -> Iterator[None]:
    if sys.platform == "win32":  # one process, one writer
        yield
        return
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if stopping():
                break
            select.select([], [], [], 0.002)
        except OSError:  # this kind of descriptor has no locks
            yield
            return
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_UN)


def _writable(fd: int, milliseconds: int) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    return bool(poll.poll(milliseconds))
