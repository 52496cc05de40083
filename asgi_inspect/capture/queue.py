"""Lines to whoever may be slow: a terminal, a pipe, a callable of the user. A thread hands them on, one by one, in order.

The queue is bounded in bytes. What does not fit is dropped and counted, and a `lost` record says so in its place; what the
consumer could not take is counted too, and said as soon as it takes something again. The thread may stand still for ever in a
terminal that was stopped with Ctrl-S: nobody waits for it, and at the end of the process it has two seconds to finish.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from .lost import Lost
from .notice import reason_of, say_once, say_waiting
from .process import clock, register
from .thread import Stopping, Thread

CEILING: Final = 8 * 1024 * 1024  # bytes that wait, and as many again that the thread has taken
_MUCH: Final = 1024 * 1024  # bytes
EXIT_SECONDS: Final = 2.0  # in all: a consumer that was waited for in vain gets no more at the very end
SETTLE_SECONDS: Final = 1.0
FORK_SECONDS: Final = 0.25


class Consumer(Protocol):
    """Who gets the lines, on the queue's thread."""

    def __call__(self, line: bytes, stopping: Stopping, /) -> bool:
        """Take one line; one that waits has to ask `stopping`, and answers False if it did not finish: it is given again.

        What it raises means that the line is lost.
        """

    def forked(self) -> None:
        """Forget, in a forked child, what belongs to the parent."""


class QueueSink:
    """A bounded queue of lines with one consumer.

    name: what the consumer is called when something has to be said of it.
    first_line: called with why ("start", "fork") before the first line; gives the `process` record.
    """

    def __init__(
        self, consume: Consumer, name: str, first_line: Callable[[str], bytes], *, at_ends: bool = False
    ) -> None:
        """at_ends: the thread is woken when a connection has ended, or much waits, not for each line."""
        self._at_ends = at_ends
        self._consume = consume
        self._name = name
        self._first_line = first_line
        self._reset("start")
        register(self)

    def _reset(self, why: str) -> None:
        self._why = why
        self._begun = False
        self._lines: deque[bytes] = deque()
        self._size = 0  # of the lines; several threads may add, so it is right only about, until they are taken
        self._taken: deque[bytes] = deque()  # by the thread
        self._dropped = Lost()
        self._unwritten = Lost()
        self._telling: tuple[str, bytes] | None = (
            None  # the `lost` record for one of its reasons, while it is handed on
        )
        self._patience = EXIT_SECONDS
        self._thread = Thread("asgi-inspect queue", self._step, self._failed)

    @property
    def behind(self) -> bool:
        """Whether the thread is so far behind that lines will soon be dropped."""
        return self._size > CEILING // 2

    # --- on the event loop ---------------------------------------------------------------------------------------------

    def add(self, line: bytes, now: int) -> None:
        """Take one whole line."""
        if self._size > CEILING:
            self._dropped.add(line, f"{self._name} could not keep up")
        else:
            self._lines.append(line)
            size = len(line)
            self._size += size
        if self._thread.idle and (not self._at_ends or self._size > _MUCH):
            self._thread.wake()

    def flush(self, now: int) -> None:
        """Wake the thread, unless it takes each line as soon as it can."""
        if self._at_ends and self._thread.idle:
            self._thread.wake()

    def settle(self) -> None:
        """Let the thread finish, within limits: the server is about to stop, and may not say goodbye."""
        self._finish(min(SETTLE_SECONDS, self._patience))

    # --- on the thread -------------------------------------------------------------------------------------------------

    def _step(self, stopping: Stopping) -> float | None:
        while not stopping() and (self._taken or self._take()):
            if not self._give(self._taken[0], stopping):
                break
            self._taken.popleft()
        say_waiting()
        return None

    def _take(self) -> bool:
        """Take what waits; whether there was anything."""
        if self._lines and not self._begun:
            self._begun = True
            self._taken.append(self._first_line(self._why))
        for _ in range(len(self._lines)):
            self._taken.append(self._lines.popleft())
        self._size = 0
        self._taken.extend(self._dropped.take())
        return bool(self._taken)

    def _give(self, line: bytes, stopping: Stopping) -> bool:
        """Hand one line on, and before it the count of those that could not be; False: not yet."""
        try:
            while (told := self._telling or self._unwritten.first()) is not None:
                self._telling = told
                if not self._consume(told[1], stopping):
                    return False
                self._unwritten.forget(told[0])
                self._telling = None
            return self._consume(line, stopping)
        except BaseException as exc:  # noqa: BLE001 (nothing above this frame could answer it; it is said and counted)
            reason = reason_of(exc)
            self._telling = None
            self._unwritten.add(line, f"{self._name} could not be written: {reason}")
            say_once(f"cannot write to {self._name}: {reason}; the application goes on, records are dropped")
            return True

    def _failed(self, exc: BaseException) -> None:
        say_once(f"the thread of {self._name} failed ({reason_of(exc)}); it goes on")

    # --- forks and the end ---------------------------------------------------------------------------------------------

    def before_fork(self) -> None:
        """Let no thread of ours run, unless it stands still where it cannot be reached."""
        self._thread.stop(FORK_SECONDS)

    def forked(self) -> None:
        """Begin anew in a child, with nothing of what was the parent's."""
        self._consume.forked()
        self._reset("fork")

    def at_exit(self) -> None:
        """Let the thread finish, within limits; what is left then is said."""
        self._finish(self._patience)
        left = len(self._lines) + len(self._taken) + self._dropped.records + self._unwritten.records
        if left:
            say_once(f"{left} records did not reach {self._name}")

    def _finish(self, seconds: float) -> None:
        if self._lines or self._taken:
            self._thread.wake()
        began = clock()
        if self._thread.finish(seconds):
            self._patience = EXIT_SECONDS
        else:
            self._patience = max(0.0, self._patience - (clock() - began) / 1e9)
