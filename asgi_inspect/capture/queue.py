"""Lines to whoever may be slow: a terminal, a pipe, a callable of the user. A thread hands them on, one by one, in order.

The queue is bounded in bytes. What does not fit is dropped and counted, and a `lost` record says so in its place. The thread
may stand still for ever in a terminal that was stopped with Ctrl-S: nobody waits for it, and at the end of the process
it has two seconds to finish.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from .lost import Lost
from .notice import say_once, say_waiting
from .process import register
from .thread import Stopping, Thread

CEILING: Final = 16 * 1024 * 1024
EXIT_SECONDS: Final = 2.0
FORK_SECONDS: Final = 1.0


class QueueSink:
    """A bounded queue of lines with one consumer.

    consume: is called on the thread with each line and with `stopping`, which a consumer that waits has to ask.
    name: what the consumer is called when something has to be said of it.
    """

    def __init__(
        self, consume: Callable[[bytes, Stopping], None], name: str, first_line: Callable[[str], bytes]
    ) -> None:
        self._consume = consume
        self._name = name
        self._first_line = first_line
        self._why = "start"
        self._reset()
        register(self)

    def _reset(self) -> None:
        self._lines: deque[bytes] = deque()
        self._added = self._taken = 0  # bytes; each is written by one side only, so neither needs a lock
        self._begun = False
        self._lost = Lost()
        self._thread = Thread("asgi-inspect queue", self._step, self._failed)

    def add(self, line: bytes, now: int) -> None:
        if self._added - self._taken + len(line) > CEILING:
            self._lost.add(line, f"{self._name} could not keep up")
            return
        if self._lost.records:
            lost, self._lost = self._lost, Lost()
            self._put(lost.line())
        if not self._begun:
            self._begun = True
            self._put(self._first_line(self._why))
        self._put(line)
        if self._thread.idle:
            self._thread.wake()

    def _put(self, line: bytes) -> None:
        self._lines.append(line)
        self._added += len(line)

    def flush(self, now: int) -> None:
        """Nothing to do: the thread takes each line as soon as it can."""

    def _step(self, stopping: Stopping) -> float | None:
        while self._lines and not stopping():
            line = self._lines[0]
            try:
                self._consume(line, stopping)
            except BaseException as exc:  # noqa: BLE001 (a consumer of the user's may raise what it likes)
                say_once(f"{self._name} raised {type(exc).__name__}; the application goes on, and so do the records")
            self._lines.popleft()
            self._taken += len(line)
        say_waiting()
        return None

    def _failed(self, exc: BaseException) -> None:
        say_once(f"the thread of {self._name} failed: {type(exc).__name__}; it goes on")

    def before_fork(self) -> None:
        self._thread.stop(timeout=FORK_SECONDS)

    def after_fork(self, *, child: bool) -> None:
        if child:
            self._reset()
            self._why = "fork"
        elif self._lines:
            self._thread.wake()

    def at_exit(self) -> None:
        deadline = time.monotonic() + EXIT_SECONDS
        if self._lines:
            self._thread.wake()
        while self._lines and time.monotonic() < deadline:
            time.sleep(0.005)
        if self._lost.records:
            say_once(f"{self._name}: {self._lost.records} records were dropped")
        self._thread.stop(timeout=0.1)
