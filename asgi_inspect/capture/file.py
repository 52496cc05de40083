"""Lines to a regular file: buffered in this process, written whole by one `os.write` to an `O_APPEND` descriptor.

A buffer is written when a connection ends, when it passes `FLUSH_SIZE`, or when its oldest line is 50 ms old; for what no
further record would push, a timer thread looks every 25 ms. So a process that is told to end loses nothing of a finished
connection, one that is killed at most 50 ms, and a request costs one system call.

There is one write lock. The event loop takes it without waiting: if it is busy, the lines stay for the timer. After one
write that took over 20 ms only the timer writes, until a second has passed without a slow one: the disk stalls, and the
loop must not. What cannot be written waits in the buffer, up to a ceiling; beyond it lines are counted and dropped, and a
`lost` record says so when writing works again.
"""

import contextlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from .lost import Lost
from .notice import say_once, say_waiting
from .process import clock, register
from .thread import Stopping, Thread

if sys.platform != "win32":
    import fcntl

FLUSH_SIZE: Final = 64 * 1024
FLUSH_AGE_NS: Final = 25_000_000  # half of the 50 ms that are promised: the timer looks that often
CEILING: Final = 64 * 1024 * 1024
SLOW_NS: Final = 20_000_000
CAUTIOUS_NS: Final = 1_000_000_000
IDLE_NS: Final = 1_000_000_000
RETRY_NS: Final = 500_000_000


class FileSink:
    """One trace file, as this process writes it; see the module's docstring.

    path: absolute. Created with mode 0600 where it does not exist.
    first_line: called with why ("start", "fork") whenever the file is opened; gives the `process` record.
    each_line: write each record at once (`flush="record"`), for hunting crashes.
    """

    def __init__(self, path: str, first_line: Callable[[str], bytes], *, each_line: bool = False) -> None:
        self.path = path
        self._first_line = first_line
        self._each_line = each_line
        self._why = "start"
        self._reset()
        register(self)

    def _reset(self) -> None:
        self._fd: int | None = None
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._oldest = 0
        self._lock = threading.Lock()
        self._torn = False  # the last write did not end in a newline
        self._cautious_until = 0
        self._retry_at = 0
        self._last_line = 0
        self._lost = Lost()
        self._timer = Thread("asgi-inspect timer", self._tick, self._timer_failed)

    # --- on the event loop ---------------------------------------------------------------------------------------------

    def add(self, line: bytes, now: int) -> None:
        if self._size > CEILING:
            self._lose(line, "the file could not be written fast enough")
            return
        if not self._lines:
            self._oldest = now
        self._lines.append(line)
        self._size += len(line)
        self._last_line = now
        if self._size >= FLUSH_SIZE or now - self._oldest >= FLUSH_AGE_NS or self._each_line:
            self.flush(now)
        if self._timer.idle:
            self._timer.wake()

    def flush(self, now: int) -> None:
        if now >= self._cautious_until and now >= self._retry_at and self._lock.acquire(blocking=False):
            try:
                self._write(now)
            finally:
                self._lock.release()

    # --- on the timer thread -------------------------------------------------------------------------------------------

    def _tick(self, stopping: Stopping) -> float | None:
        say_waiting()
        now = clock()
        if self._lines and now >= self._retry_at and now - self._oldest >= FLUSH_AGE_NS:
            with self._lock:
                self._write(now)
        if not self._lines and now - self._last_line > IDLE_NS:
            return None
        return FLUSH_AGE_NS / 1e9

    def _timer_failed(self, exc: BaseException) -> None:
        say_once(f"the timer of {self.path} failed: {type(exc).__name__}; it goes on")

    # --- writing; the lock is held -------------------------------------------------------------------------------------

    def _write(self, now: int) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]  # only the holder of the lock takes any
        self._size = 0
        if not lines:
            return
        lost = self._lost
        try:
            if self._fd is None:
                self._fd = self._open()
                lines.insert(0, self._first_line(self._why))
            data = b"".join([b"\n" if self._torn else b"", *lines, lost.line() if lost.records else b""])
            written = os.write(self._fd, data)
        except OSError as exc:
            self._put_back(lines, now)
            say_once(
                f"cannot write {self.path}: {exc.strerror or exc}; the application goes on, records wait or are dropped"
            )
            return
        took = clock() - now
        if took > SLOW_NS:
            self._cautious_until = now + took + CAUTIOUS_NS
        if written == len(data):
            self._torn = False
            if lost.records:
                self._lost = Lost()
        else:
            self._put_back(_not_written(lines, written - self._torn), now)
            say_once(f"{self.path} took only a part of a write: is the disk full? The application goes on")

    def _put_back(self, lines: list[bytes], now: int) -> None:
        """Try these again later. What the file ends in is unknown: the next write begins with a newline."""
        self._torn = self._fd is not None
        self._retry_at = now + RETRY_NS
        for line in reversed(lines):
            self._lines.appendleft(line)
            self._size += len(line)

    def _open(self) -> int:
        fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        self._torn = not _ends_in_newline(self.path)
        if sys.platform != "win32":
            # Says to whoever tidies up that this trace is alive; gone by itself with the process.
            with contextlib.suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return fd

    def _lose(self, line: bytes, why: str) -> None:
        self._lost.add(line, why)
        say_once(f"{self.path}: {why}; records are dropped and counted")

    # --- forks and the end ---------------------------------------------------------------------------------------------

    def before_fork(self) -> None:
        self._timer.stop(timeout=1.0)
        self.flush(clock())

    def after_fork(self, *, child: bool) -> None:
        if not child:
            if self._lines:
                self._timer.wake()
            return
        if self._fd is not None:
            os.close(self._fd)
        self._reset()
        self._why = "fork"

    def at_exit(self) -> None:
        self._timer.stop(timeout=1.0)
        if self._lock.acquire(timeout=1.0):
            try:
                self._write(clock())
            finally:
                self._lock.release()


def _not_written(lines: list[bytes], written: int) -> list[bytes]:
    """The lines of which not every byte was taken."""
    for index, line in enumerate(lines):
        written -= len(line)
        if written < 0:
            return lines[index:]
    return []


def _ends_in_newline(path: str) -> bool:
    """Whether a new record may follow at once; a process that was killed may have left half a line."""
    try:
        with open(path, "rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
    except OSError:  # not readable for us: an empty line too many does no harm
        return False
