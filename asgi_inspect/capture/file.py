"""Lines to a regular file: buffered in this process, written whole by one `os.write` to an `O_APPEND` descriptor.

A buffer is written when a connection ends, when it passes `FLUSH_SIZE`, or when its oldest line is `FLUSH_AGE_NS` old; for
what no further record would push, a timer thread looks every 20 ms and writes what it saw the last time. So a process that
is told to end loses nothing of a finished connection, one that is killed at most 50 ms, and a request costs one system call.

There is one write lock. The event loop takes it without waiting: if it is busy, the lines stay for the timer, which is woken.
After one write that took over 20 ms only the timer writes, until a second has passed without a slow one: the disk stalls, and
the loop must not. What cannot be written waits in the buffer, up to a ceiling; beyond it lines are counted and dropped, and a
`lost` record says so when writing works again.

A file that is full makes room for a new one: see `rotation`. That takes its time, and so it is the timer's, too.
One that is removed, replaced or emptied while it is written is begun anew within a second, with a `process` record. What
went into a file that was removed, before that was seen, is counted as lost; where no new one can be made, the lines wait.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from .descriptor import closes_with, open_to_append
from .lost import Lost
from .notice import reason_of, say_once, say_waiting
from .opening import ends_in_newline, exposed, status_of
from .process import clock, register
from .rotation import Rotation, fitting, whole
from .thread import Stopping, Thread

FLUSH_SIZE: Final = 64 * 1024
FLUSH_AGE_NS: Final = 25_000_000
CEILING: Final = 64 * 1024 * 1024
SLOW_NS: Final = 20_000_000
CAUTIOUS_NS: Final = 1_000_000_000
RETRY_NS: Final = 500_000_000
LOOK_NS: Final = 1_000_000_000  # how often it is looked whether the file is still there
MEASURE_NS: Final = 10_000_000  # how often the size of a file far from full is asked for: others write to it, too
FAR: Final = 4 * 1024 * 1024  # bytes: more than all that write to it write between two such times

TICK: Final = 0.020  # seconds: a line that nothing else pushes is written by the second tick after it
QUIET_TICKS: Final = 50  # without a line, then the timer rests

ROTATION_SECONDS: Final = 0.2  # for another process that rotates the file; then it is written on
WAIT_SECONDS: Final = 1.0  # for whoever holds the lock, when the process ends
FORK_SECONDS: Final = 0.25


class FileSink:
    """One trace file, as this process writes it; see the module's docstring.

    path: absolute. Created with mode 0600 where it does not exist.
    first_line: called with why ("start", "fork", "rotation") whenever the file is begun; gives the `process` record.
    each_line: write each record at once (`flush="record"`), for hunting crashes.
    launched: the launcher made the file, and has told its user who else may read or replace it.
    max_bytes, keep_files: how large it may become, and how many files are kept then: see `Rotation`.
    """

    def __init__(
        self,
        path: str,
        first_line: Callable[[str], bytes],
        *,
        each_line: bool = False,
        launched: bool = False,
        max_bytes: int | None = None,
        keep_files: int = 1,
    ) -> None:
        self.path = path
        self.rotation = Rotation(path, max_bytes, keep_files)
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
        self._end = 0  # the size of the file when it was looked at or measured, and what we wrote since
        self._measured_at = 0
        self._measure_from = 0  # a size from which on it is measured after each write
        self._rotates = True  # False: it was tried, in vain, since the file was looked at
        self._full = False  # the file has to be rotated, which the loop leaves to the timer
        self._fresh = True  # nothing was written since it was opened
        self._unseen = self._unseen_bytes = 0  # records, and their bytes, that were written since it was looked at
        self._lines: deque[bytes] = deque()
        self._size = 0  # of the lines; several threads may add, so it is right only about, until the next write
        self._batch: list[bytes] = []  # lines that were taken from them, and are being written
        self._written = 0  # how many of the batch are
        self._writing = 0  # bytes of the others
        self._oldest = 0
        self._lost = Lost()
        self._lock = threading.Lock()
        self._cautious_until = self._retry_at = 0
        self._urgent = False  # the loop wanted to write and could not
        self._aged = False  # the lines were there at the last tick
        self._quiet = 0
        # From when, until when and up to which size the file needs no look: see `_write_calmly`.
        self._calm_from = self._calm_until = self._calm_end = 0
        failed = f"the timer of {self.path} failed"
        self._timer = Thread(
            "asgi-inspect timer", self._tick, lambda exc: say_once(f"{failed} ({reason_of(exc)}); it goes on")
        )

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
            self._size += len(line)
            if self._size >= FLUSH_SIZE or now - self._oldest >= FLUSH_AGE_NS or self.each_line:
                self.flush(now)
        if self._timer.idle:
            self._timer.wake()

    def flush(self, now: int) -> None:
        """Write what waits, if that can be done without waiting; otherwise the timer does it now."""
        # Asked of the span, too: the clock may have jumped back.
        cautious = self._full or 0 < self._cautious_until - now <= CAUTIOUS_NS + RETRY_NS
        if not cautious and self._lock.acquire(blocking=False):
            try:
                if not self._write_calmly(now):
                    self._write(rotates=self.each_line)
            finally:
                self._lock.release()
            self._quiet = 0  # else the timer, which sees no line, would rest, and be woken by each
            self._timer.postpone(TICK, now)
        elif not self._urgent:
            self._urgent = True
            self._timer.wake()

    def settle(self, seconds: float | None = None) -> None:
        """Write what waits, within limits: the server is about to stop, and may not say goodbye; so what is left is said."""
        wait = WAIT_SECONDS if seconds is None else seconds
        stalls = not self._lock.acquire(blocking=False) and not self._lock.acquire(timeout=wait)
        if not stalls:
            try:
                self._write()
            finally:
                self._lock.release()
        left = len(self._lines) + len(self._batch) - self._written + self._lost.records
        if left and seconds is None and (stalls or self._failing):  # else another thread has added them just now
            say_once(f"{self.path}: {left} records could not be written")

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

    # --- writing; the lock is held -------------------------------------------------------------------------------------

    def _write_calmly(self, now: int) -> bool:
        """Write what waits, where nothing is to be done beside: nearly always, and in few steps. False: it is not all written."""
        end = self._end + self._size
        if not self._calm_from <= now < self._calm_until or end >= self._calm_end or self._lost.records:
            return False
        lines = self._lines
        batch = self._batch = [lines.popleft() for _ in range(len(lines))]
        data = b"".join(batch)
        self._size, self._writing, self._aged = 0, len(data), False
        written = done = 0
        try:
            written = os.write(self._fd, data)  # type: ignore[arg-type] # it is open
            done = len(batch) if written == len(data) else whole(batch, written)
        except Exception:  # noqa: BLE001, S110 (it is tried again at once, and said)
            pass
        finally:
            if written < len(data):
                lines.extendleft(reversed(left := batch[done:]))
                self._size, self._calm_until, self._torn = sum(map(len, left)), 0, written > 0
            self._batch, self._writing = [], 0
        self._end += written
        self._unseen += done
        self._unseen_bytes += written
        if clock() - now > SLOW_NS:
            self._cautious_until = now + SLOW_NS + CAUTIOUS_NS
        return done == len(batch)

    def _write(self, *, rotates: bool = True) -> None:
        """rotates: whether there is time to rotate a file that is full; else that is left to the timer, if there is one."""
        self._aged = self._urgent = self._full = False
        lines = [self._lines.popleft() for _ in range(len(self._lines))]  # only the holder of the lock takes any
        size, self._size = self._size, 0
        if lines and self._write_batch(lines, size, rotates) and self._lost.records:
            lost = self._lost.take()
            self._write_batch(lost, sum(map(len, lost)), rotates)

    def _write_batch(self, lines: list[bytes], size: int, rotates: bool) -> bool:
        """Write these; False: not all of them, and the rest waits again."""
        self._batch, self._written, self._writing = lines, 0, size
        try:
            while self._written < len(lines):
                if not self._write_some(rotates):
                    return False
            return True
        finally:
            if self._written < len(lines):
                left = lines[self._written :]
                self._lines.extendleft(reversed(left))
                self._size += sum(map(len, left))
            self._batch, self._written, self._writing = [], 0, 0

    def _write_some(self, rotates: bool) -> bool:
        """Write what is left of the batch, or as much as there is room for; False: nothing more can be written now."""
        began = clock()
        try:
            fd = self._ready(began)
            crowded = self._end + self._writing > self.rotation.limit and self._rotates
            if crowded and self._is_full():
                if not rotates and self._leave_to_timer():
                    return False
                fd, began = self._rotate(fd, began), clock()  # to rotate may take long, and is no slow write
            if not self._begun:
                self._batch.insert(self._written, first := self._first_line(self._why))
                self._begun, self._writing = True, self._writing + len(first)
            lines = self._batch[self._written :]
            if crowded:  # as many as there is room for; no file has nothing but the `process` record
                lines = fitting(self._batch, self._written, 2 if self._fresh else 1, self.rotation.limit - self._end)
            data = b"".join([b"\n", *lines] if self._torn else lines)
            written = os.write(fd, data)
        except Exception as exc:  # noqa: BLE001 (whatever it is, the lines wait, and it is said)
            words = f"cannot write {self.path}: {reason_of(exc)}; the application goes on, records wait or are dropped"
            self._failed(began, words)
            return False
        self._end += written
        if written < len(data):
            self._written += whole(lines, written - self._torn)
            self._failed(began, f"{self.path} took only a part of a write: is the disk full? The application goes on")
            return False
        self._wrote(fd, lines, written, began)
        return True

    def _wrote(self, fd: int, lines: list[bytes], written: int, began: int) -> None:
        """Note that these first lines of the rest were written, unless it was into a file that is gone."""
        self._torn = self._failing = self._fresh = False
        if self.rotation.held is not None:
            self.rotation.release()
        took = clock() - began
        if took > SLOW_NS:
            self._cautious_until = began + took + CAUTIOUS_NS
        far = self._end < self._measure_from and 0 <= began - self._measured_at < MEASURE_NS
        if not far and self._is_gone(fd, began):
            return
        self._unseen += len(lines)
        self._unseen_bytes += written
        self._written += len(lines)
        self._writing -= written
        self._calm_from, self._calm_until = began, min(self._looked_at + LOOK_NS, self._measured_at + MEASURE_NS)
        self._calm_end = min(self._measure_from, self.rotation.limit)

    def _failed(self, now: int, words: str) -> None:
        """Let the timer try again later, and say so, once: a full disk takes a part first, and then refuses."""
        self.rotation.release()
        # What the file ends in is unknown: the next write begins with a newline.
        self._torn, self._calm_until = self._fd is not None, 0
        self._retry_at = now + RETRY_NS
        self._cautious_until = now + RETRY_NS + CAUTIOUS_NS
        if not self._failing:
            self._failing = True
            say_once(words)

    # --- a file that is full -------------------------------------------------------------------------------------------

    def _is_full(self) -> bool:
        """Whether the next line goes into a new file."""
        next_end = self._end + len(self._batch[self._written])
        return not self._fresh and self._end >= self.rotation.near and next_end > self.rotation.limit

    def _leave_to_timer(self) -> bool:
        self._timer.wake()
        self._full = self._urgent = not self._timer.idle
        return self._full

    def _rotate(self, fd: int, now: int) -> int:
        """Make room for a new file; the descriptor of the one that is to be written then, if only for now."""
        try:
            done = self.rotation.rotate(os.fstat(fd), 0.0 if self.each_line else ROTATION_SECONDS)
        except OSError as exc:
            self._rotates = done = False
            say_once(f"{self.path} cannot make room for a new file: {reason_of(exc)}; it grows beyond its limit")
        return self._look(fd, now) if done else fd

    def _is_gone(self, fd: int, now: int) -> bool:
        """Measure the file, which others write to as well; whether what was written last went into one that is removed."""
        try:
            end = os.lseek(fd, 0, os.SEEK_CUR)
        except OSError:  # it has no offset, and so no size either
            end = self._end
        near = self.rotation.near
        self._measured_at = now
        self._measure_from = end + (near - FAR - end) // 8
        if end < self._end:  # emptied
            self._looked_at = now - LOOK_NS
            return False
        self._end = end
        if end < near or not self._rotates:
            return False
        ours, found = os.fstat(fd), status_of(self.path)
        if found is not None and os.path.samestat(ours, found):
            return False
        self._looked_at = now - LOOK_NS
        return ours.st_nlink == 0

    # --- the file under the path ---------------------------------------------------------------------------------------

    def _ready(self, now: int) -> int:
        """The descriptor of the file that is found under the path now."""
        if self._fd is None:
            return self._open()
        if 0 <= now - self._looked_at < LOOK_NS:
            return self._fd
        return self._look(self._fd, now)

    def _look(self, fd: int, now: int) -> int:
        ours, found = os.fstat(fd), status_of(self.path)
        self._rotates = True
        if found is None or not os.path.samestat(ours, found):
            return self._open_anew(fd, ours)
        if found.st_size < self._end:  # emptied, by hand or by a rotation that copies
            self._begun, self._why, self._torn = False, "rotation", found.st_size > 0
        self._seen(now, found.st_size)
        return fd

    def _seen(self, now: int, size: int) -> None:
        self._looked_at, self._end, self._measure_from = now, size, 0
        self._unseen = self._unseen_bytes = 0

    def _open_anew(self, fd: int, ours: os.stat_result) -> int:
        close, unseen, size = self._close, self._unseen, self._unseen_bytes
        removed, rotated = ours.st_nlink == 0, ours.st_size >= self.rotation.near or self.rotation.has(ours)
        try:
            fd = self._open()
        except OSError as exc:
            if removed:  # nobody would ever read what is written there: the lines wait
                raise
            say_once(f"cannot begin {self.path} anew: {reason_of(exc)}; records go to the file that it was before")
            self._looked_at, self._rotates = clock(), False
            return fd
        close()
        if not rotated:
            say_once(f"{self.path} was removed or replaced; it is begun anew, and what was written before is not in it")
        if removed and unseen and not rotated:
            self._lost.count("the file was removed after they were written, or just before", records=unseen, size=size)
        self._begun, self._why = False, "rotation"
        return fd

    def _open(self) -> int:
        fd = self._fd = open_to_append(self.path)
        self._close = closes_with(self, fd)
        size = os.fstat(fd).st_size
        self._seen(clock(), size)
        self._fresh = self._rotates = True
        if not size and self.rotation.is_begun():
            self._why = "rotation"
        self._torn = size > 0 and not ends_in_newline(self.path, size)
        if not self._launched and (words := exposed(self.path)):
            say_once(f"{self.path}: {words}")
        return fd

    # --- forks and the end ---------------------------------------------------------------------------------------------

    def before_fork(self) -> None:
        """Let no thread of ours run. It starts again with the next record, so what waits is written now."""
        self._timer.stop(FORK_SECONDS)
        self.settle(0.0)

    def forked(self) -> None:
        """Begin anew in a child, with nothing of what was the parent's."""
        self._close()
        self.rotation.forked()
        self._reset("fork")

    def at_exit(self) -> None:
        """Write what is left, within limits: a disk that stalls must not keep the process from ending."""
        self._timer.stop(WAIT_SECONDS)
        self.settle()
