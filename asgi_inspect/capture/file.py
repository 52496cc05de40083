"""Lines to a regular file: buffered in this process, written whole by one `os.write` to an `O_APPEND` descriptor.

A buffer is written when a connection ends, when it passes `FLUSH_SIZE`, or when its oldest line is `FLUSH_AGE_NS` old; for
what no further record would push, a timer thread looks every 20 ms and writes what it saw the last time. So a process that
is told to end loses nothing of a finished connection, one that is killed at most 50 ms, and a request costs one system call.

There is one write lock. The event loop takes it without waiting: if it is busy, the lines stay for the timer, which is woken.
After one write that took over 20 ms only the timer writes, until a second has passed without a slow one: the disk stalls, and
the loop must not. What cannot be written waits in the buffer, up to a ceiling; beyond it lines are counted and dropped, and a
`lost` record says so when writing works again.

A file that is removed, replaced or emptied while it is written is begun anew within a second, with a `process` record. What
went into a file that was removed, before that was seen, is counted as lost; where no new one can be made, the lines wait.
"""

import contextlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from .descriptor import above_standard, closes_with
from .lost import Lost
from .notice import reason_of, say_once, say_waiting
from .opening import exposed, open_trace
from .process import clock, register
from .thread import Stopping, Thread

if sys.platform != "win32":
    import fcntl

FLUSH_SIZE: Final = 64 * 1024
FLUSH_AGE_NS: Final = 25_000_000
CEILING: Final = 64 * 1024 * 1024
SLOW_NS: Final = 20_000_000
CAUTIOUS_NS: Final = 1_000_000_000
RETRY_NS: Final = 500_000_000
LOOK_NS: Final = 1_000_000_000  # how often it is looked whether the file is still there

TICK: Final = 0.020  # seconds: a line that nothing else pushes is written by the second tick after it
QUIET_TICKS: Final = 50  # without a line, then the timer rests

WAIT_SECONDS: Final = 1.0  # for whoever holds the lock, when the process ends
FORK_SECONDS: Final = 0.25


class FileSink:
    """One trace file, as this process writes it; see the module's docstring.

    path: absolute. Created with mode 0600 where it does not exist.
    first_line: called with why ("start", "fork", "rotation") whenever the file is begun; gives the `process` record.
    each_line: write each record at once (`flush="record"`), for hunting crashes.
    launched: the launcher made the file, and has told its user who else may read or replace it.
    """

    def __init__(
        self, path: str, first_line: Callable[[str], bytes], *, each_line: bool = False, launched: bool = False
    ) -> None:
        self.path = path
        self.each_line = each_line
        self._launched = launched
        self._first_line = first_line
        self._reset("start")
        register(self)

    def _reset(self, why: str) -> None:
        self._why = why
        self._fd: int | None = None
        self._close: Callable[[], object] = lambda: None
        self._begun = False  # our `process` record was written, or waits at the front
        self._torn = False  # the file may not end in a newline
        self._failing = False
        self._looked_at = 0
        self._end = 0  # the size of the file when it was looked at, and what we wrote since
        self._unseen = (0, 0)  # records and bytes that were written since
        self._lines: deque[bytes] = deque()
        self._size = 0  # of the lines; several threads may add, so it is right only about, until the next write
        self._writing = 0  # bytes that were taken from them, and are being written
        self._taken = 0  # the same in lines
        self._oldest = 0
        self._lost = Lost()
        self._lock = threading.Lock()
        self._cautious_until = 0
        self._retry_at = 0
        self._urgent = False  # the loop wanted to write and could not
        self._aged = False  # the lines were there at the last tick
        self._quiet = 0
        self._timer = Thread("asgi-inspect timer", self._tick, self._timer_failed)

    # --- on the event loop ---------------------------------------------------------------------------------------------

    def add(self, line: bytes, now: int) -> None:
        """Take one whole line; `now` is `clock()`."""
        if self._size + self._writing > CEILING:
            self._lost.add(line, "the file could not be written fast enough")
        else:
            lines = self._lines
            if not lines:
                self._oldest = now
            lines.append(line)
            size = len(line)
            self._size += size
            if self._size >= FLUSH_SIZE or now - self._oldest >= FLUSH_AGE_NS or self.each_line:
                self.flush(now)
        if self._timer.idle:
            self._timer.wake()

    def flush(self, now: int) -> None:
        """Write what waits, if that can be done without waiting; otherwise the timer does it now."""
        # Asked of the span, too: the clock may have jumped back.
        cautious = 0 < self._cautious_until - now <= CAUTIOUS_NS + RETRY_NS
        if not cautious and self._lock.acquire(blocking=False):
            try:
                self._write()
            finally:
                self._lock.release()
        elif not self._urgent:
            self._urgent = True
            self._timer.wake()

    def settle(self) -> None:
        """Write what waits, waiting for it within limits: the server is about to stop, and may not say goodbye."""
        if self._lock.acquire(blocking=False) or self._lock.acquire(timeout=WAIT_SECONDS):
            try:
                self._write()
            finally:
                self._lock.release()

    # --- on the timer thread -------------------------------------------------------------------------------------------

    def _tick(self, stopping: Stopping) -> float | None:
        say_waiting()
        if not self._lines:
            self._aged = False
            self._quiet += 1
            return TICK if self._quiet < QUIET_TICKS else None
        self._quiet = 0
        if not 0 < self._retry_at - clock() <= RETRY_NS:
            if self._aged or self._urgent:
                with self._lock:
                    self._write()
            else:
                self._aged = True
        return TICK

    def _timer_failed(self, exc: BaseException) -> None:
        say_once(f"the timer of {self.path} failed ({reason_of(exc)}); it goes on")

    # --- writing; the lock is held -------------------------------------------------------------------------------------

    def _write(self) -> None:
        self._aged = self._urgent = False
        lines = [self._lines.popleft() for _ in range(len(self._lines))]  # only the holder of the lock takes any
        self._size, self._writing, self._taken = 0, self._size, len(lines)
        try:
            if lines and self._write_lines(lines) and (lost := self._lost.take()):
                self._write_lines([lost])
        finally:
            self._writing = self._taken = 0

    def _write_lines(self, lines: list[bytes]) -> bool:
        """Write these; False: not all of them, and the rest waits again."""
        began = clock()
        try:
            fd = self._ready(began)
            if not self._begun:
                lines.insert(0, self._first_line(self._why))
                self._begun = True
            data = b"".join([b"\n", *lines] if self._torn else lines)
            written = os.write(fd, data)
        except Exception as exc:  # noqa: BLE001 (whatever it is, the lines wait, and it is said)
            self._put_back(lines, began)
            self._say_failing(
                f"cannot write {self.path}: {reason_of(exc)}; the application goes on, records wait or are dropped"
            )
            return False
        self._end += written
        self._unseen = (self._unseen[0] + len(lines), self._unseen[1] + written)
        took = clock() - began
        if took > SLOW_NS:
            self._cautious_until = began + took + CAUTIOUS_NS
        if written < len(data):
            self._put_back(_not_written(lines, written - self._torn), began)
            self._say_failing(f"{self.path} took only a part of a write: is the disk full? The application goes on")
            return False
        self._torn = self._failing = False
        return True

    def _say_failing(self, text: str) -> None:
        """Say one sentence of one trouble: a full disk takes a part first, and then refuses."""
        if not self._failing:
            self._failing = True
            say_once(text)

    def _put_back(self, lines: list[bytes], now: int) -> None:
        """Let the timer try these again later. What the file ends in is unknown: the next write begins with a newline."""
        self._torn = self._fd is not None
        self._retry_at = now + RETRY_NS
        self._cautious_until = now + RETRY_NS + CAUTIOUS_NS
        self._lines.extendleft(reversed(lines))
        self._size += sum(map(len, lines))

    def _ready(self, now: int) -> int:
        """The descriptor of the file that is found under the path now."""
        if self._fd is None:
            return self._open()
        if 0 <= now - self._looked_at < LOOK_NS:
            return self._fd
        ours = os.fstat(self._fd)
        try:
            found = os.stat(self.path)
        except OSError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != (ours.st_dev, ours.st_ino):
            return self._open_anew(self._fd, removed=ours.st_nlink == 0)
        if found.st_size < self._end:  # emptied, by hand or by a rotation that copies
            self._begun, self._why, self._torn = False, "rotation", found.st_size > 0
        self._seen(now, found.st_size)
        return self._fd

    def _seen(self, now: int, size: int) -> None:
        self._looked_at, self._end, self._unseen = now, size, (0, 0)

    def _open_anew(self, fd: int, *, removed: bool) -> int:
        close, unseen = self._close, self._unseen
        try:
            fd = self._open()
        except OSError as exc:
            if removed:  # nobody would ever read what is written there: the lines wait
                raise
            say_once(f"cannot begin {self.path} anew: {reason_of(exc)}; records go to the file that it was before")
            self._looked_at = clock()
            return fd
        close()
        say_once(f"{self.path} was removed or replaced; it is begun anew, and what was written before is not in it")
        if removed and unseen[0]:
            self._lost.add_written(*unseen, "the file was removed after they were written, or just before")
        self._begun, self._why = False, "rotation"
        return fd

    def _open(self) -> int:
        # O_NONBLOCK means nothing to a regular file. Were it a FIFO by now, opening it would wait for ever.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
        fd = above_standard(open_trace(self.path, flags))
        self._fd = fd
        self._close = closes_with(self, fd)
        size = os.fstat(fd).st_size
        self._seen(clock(), size)
        self._torn = size > 0 and not _ends_in_newline(self.path, size)
        if not self._launched and (words := exposed(self.path)):
            say_once(f"{self.path}: {words}")
        if sys.platform != "win32":
            # Says to whoever tidies up that this trace is alive; gone by itself with the process.
            with contextlib.suppress(OSError):  # not every file system has locks
                fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return fd

    # --- forks and the end ---------------------------------------------------------------------------------------------

    def before_fork(self) -> None:
        """Let no thread of ours run. It starts again with the next record, so what waits is written now."""
        self._timer.stop(FORK_SECONDS)
        if self._lock.acquire(blocking=False):
            try:
                self._write()
            finally:
                self._lock.release()

    def forked(self) -> None:
        """Begin anew in a child, with nothing of what was the parent's."""
        self._close()
        self._reset("fork")

    def at_exit(self) -> None:
        """Write what is left, within limits: a disk that stalls must not keep the process from ending."""
        self._timer.stop(WAIT_SECONDS)
        self.settle()
        left = len(self._lines) + self._taken + self._lost.records
        if left:
            say_once(f"{self.path}: {left} records could not be written")


def _not_written(lines: list[bytes], written: int) -> list[bytes]:
    """The lines of which not every byte was taken."""
    for index, line in enumerate(lines):
        written -= len(line)
        if written < 0:
            return lines[index:]
    return []


def _ends_in_newline(path: str, size: int) -> bool:
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
