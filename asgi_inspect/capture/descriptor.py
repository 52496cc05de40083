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
import weakref
from collections.abc import Callable
from typing import Final, NamedTuple

from .opening import open_trace
from .thread import Stopping

if sys.platform != "win32":
    import fcntl

_POLL_MS: Final = 50
_LOCK_FIRST: Final = 0.001  # seconds until a lock that is taken is tried again; then twice as long each time
_LOCK_LAST: Final = 0.01
_NOTHING: Final = memoryview(b"")


class DescriptorWriter:
    """Writes lines to a path that is no regular file, or to standard output or error.

    target: a path, or the number of a descriptor of this process.
    """

    def __init__(self, target: str | int) -> None:
        self._target = target
        self._fd: int | None = None
        self._close: Callable[[], object] = lambda: None
        self._lock: Callable[[int, int], object] | None = None
        self._rest = _NOTHING  # of the line that is being written; the lock is held
        self._begun = False  # a part of that line was written
        self._torn = False  # a line before it was not finished

    def __call__(self, line: bytes, stopping: Stopping) -> bool:
        """Write one whole line, waiting as long as it takes; False: it was `stopping`, and the line has to be given again.

        Of a line that was begun only the rest is written then; until that is done nobody else may write. OSError: whoever
        should read is gone.
        """
        fd = self._open(stopping)
        if fd is None:
            return False
        if not self._rest:
            if not self._locked(fd, stopping):
                return False
            self._rest = memoryview(b"\n" + line if self._torn else line)
            self._begun = False
        try:
            done = self._write(fd, stopping)
        except OSError:
            self._torn = self._torn or self._begun
            self._let_go(fd)
            raise
        if done:
            self._torn = False
        if done or not self._begun:
            self._let_go(fd)
        return done

    def forked(self) -> None:
        """Let go, in a forked child, of what belongs to the parent: its lock would else outlive it."""
        self._close()
        self._fd = None
        self._rest = _NOTHING
        self._torn = False

    def _write(self, fd: int, stopping: Stopping) -> bool:
        while self._rest:
            try:
                self._rest = self._rest[os.write(fd, self._rest) :]
                self._begun = True
            except BlockingIOError:
                if stopping():
                    return False
                _wait_until_writable(fd)
        return True

    def _let_go(self, fd: int) -> None:
        """Nothing of the line is left to write, or nothing will be."""
        self._rest = _NOTHING
        if self._lock is not None:
            with contextlib.suppress(OSError):  # the terminal went away meanwhile, and its locks with it
                self._lock(fd, fcntl.LOCK_UN)

    def _open(self, stopping: Stopping) -> int | None:
        """The descriptor; None: nobody reads the FIFO yet, and it is `stopping`."""
        while self._fd is None:
            try:
                opened = open_again(self._target)
            except OSError as exc:
                if exc.errno != errno.ENXIO or not _is_fifo(self._target):
                    raise
                if stopping():
                    return None
                select.select([], [], [], _POLL_MS / 1000)
            else:
                self._fd = opened.fd
                self._close = closes_with(self, opened.fd)
                self._lock = _lock_for(opened)
        return self._fd

    def _locked(self, fd: int, stopping: Stopping) -> bool:
        """Wait for the lock; False: somebody else has it, and it is `stopping`."""
        pause = _LOCK_FIRST
        while self._lock is not None:
            try:
                self._lock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except (BlockingIOError, PermissionError):  # lockf may say either
                if stopping():
                    return False
                select.select([], [], [], pause)
                pause = min(2 * pause, _LOCK_LAST)
            except OSError:  # this kind of file has no locks
                self._lock = None
        return True


def is_regular(path: str) -> bool:
    """Whether a path is, or would become, a regular file."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except Exception:  # noqa: BLE001 (also what forbids calls that may block, as blockbuster does; who opens it says what is wrong)
        return True


class Opened(NamedTuple):
    """A descriptor of our own; `shared`: its flags, offset and locks are those of others too."""

    fd: int
    shared: bool


def open_again(target: str | int) -> Opened:
    """Open a path, or what a descriptor of this process (1, 2) stands for, to write to it without waiting and touching nobody's flags.

    Shared is what cannot be opened again, such as a socket, and a regular file, because a second offset would write over
    what others print there. OSError: there is none.
    """
    flags = (
        os.O_WRONLY
        | os.O_APPEND
        | getattr(os, "O_NONBLOCK", 0)
        | getattr(os, "O_CLOEXEC", 0)
        | getattr(os, "O_NOCTTY", 0)
    )
    if isinstance(target, str):
        return Opened(above_standard(open_trace(target, flags)), False)
    if {1: sys.__stdout__, 2: sys.__stderr__}.get(target, sys) is None:
        # Closed when the process began: the number may belong by now to a file or a socket of the application.
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    if not stat.S_ISREG(os.fstat(target).st_mode):
        for name in (f"/proc/self/fd/{target}", f"/dev/fd/{target}"):
            # No such folder on this system, or a socket: tried by the next name, then `dup`.
            with contextlib.suppress(OSError):
                fd = above_standard(os.open(name, flags))
                return Opened(fd, shared=os.get_blocking(fd))  # where this is but another name for `dup`, as on macOS
    return Opened(above_standard(os.dup(target)), True)


def open_to_append(path: str) -> int:
    """Open a trace to add to it, made where it is not there; as long as it is open, a lock that is shared says so."""
    # O_NONBLOCK means nothing to a regular file. Were it a FIFO by now, opening it would wait for ever.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    fd = above_standard(open_trace(path, flags))
    if sys.platform != "win32":
        # To whoever tidies up; gone by itself with the process.
        with contextlib.suppress(OSError):  # not every file system has locks
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return fd


def above_standard(fd: int) -> int:
    """The same file under a number above 2: where one of these was free, others would print into our file."""
    if fd > 2 or sys.platform == "win32":
        return fd
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(fd)


def closes_with(owner: object, fd: int) -> Callable[[], object]:
    """Let a descriptor be closed when its owner goes, or by calling the result; not at exit, when the owner still writes."""
    closing = weakref.finalize(owner, os.close, fd)
    closing.atexit = False
    return closing


def _is_fifo(target: str | int) -> bool:
    return isinstance(target, str) and stat.S_ISFIFO(os.stat(target).st_mode)


def _lock_for(opened: Opened) -> Callable[[int, int], object] | None:
    """How processes that write here exclude each other.

    `flock` belongs to the opened file, so it works between those who opened it each for himself; `lockf` belongs to the
    process, so it works between those who share what they inherited.
    """
    if sys.platform == "win32":  # one process, one writer
        return None
    return fcntl.lockf if opened.shared else fcntl.flock


def _wait_until_writable(fd: int) -> None:
    if not hasattr(select, "poll"):
        select.select([], [], [], _POLL_MS / 1000)
        return
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    poll.poll(_POLL_MS)
