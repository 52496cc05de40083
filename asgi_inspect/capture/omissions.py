"""What this process leaves out on purpose, counted by trace and reason; and what it holds back until it knows that.

The counts are written as `skipped` records: by a thread, at most one a second for each reason, so that a process that is killed
takes less than a second's count with it; and before a server stops. The same thread looks after connections of which nothing is
heard for long. What is held is counted here, so that there is one bound for the process.
"""

import random
import threading
import weakref
from itertools import count
from typing import Final, Protocol

import msgspec

from ..trace.records import SkippedRecord
from .notice import name_of_type, say_once
from .process import Sink, clock, current_process, register, timestamp
from .thread import Stopping, Thread

CEILING: Final = 32 * 1024 * 1024  # bytes that are held
EVERY_NS: Final = 1_000_000_000
TICK: Final = 0.1  # seconds
FORK_SECONDS: Final = 0.25


class Undecided(Protocol):
    """A connection of which it is not known yet whether it is written."""

    def look(self, now: int) -> None:
        """Some time has passed."""

    def give_up(self) -> None:
        """The process ends, and it is not known yet."""


class Skips:
    """How many connections were left out of one trace for one reason.

    sink: that of the trace.
    """

    def __init__(self, sink: Sink, why: str, omissions: "Omissions") -> None:
        self.sink = sink
        self.why = why
        self.listed = False
        """Whether somebody is going to look here."""
        self.pending = 0
        """What is not written yet, as far as somebody has looked."""
        self.written_at = clock() - EVERY_NS
        self._omissions = omissions
        # Each who counts takes a number, in one step that no other thread can divide; each who looks takes one as well.
        self.next = count().__next__
        """One more, where somebody is going to look."""
        self._looks = 0
        self._known = 0

    def add(self) -> None:
        """One more."""
        self.next()
        if not self.listed:
            self._omissions.enlist(self)

    def look(self) -> None:
        """See how many have come; under the lock."""
        known = self.next() - self._looks
        self._looks += 1
        self.pending += known - self._known
        self._known = known


class Omissions:
    """Of one process; a forked child begins anew."""

    def __init__(self) -> None:
        self._random = random.Random()  # noqa: S311 (no secret; and the application's own numbers stay what they are)
        self.chance = self._random.random
        self._skips: weakref.WeakValueDictionary[tuple[int, str], Skips] = weakref.WeakValueDictionary()
        self._reset()
        register(self, first=True)  # what is counted here is written before the sinks write for the last time

    def _reset(self) -> None:
        self._random.seed()  # a forked child would draw the same numbers as its parent
        # Held for a few instructions only, never while something is written. Reentrant, because garbage may be collected
        # between them, and with it a coroutine end that is a connection of ours.
        self.lock = threading.RLock()
        self.held = 0
        """Bytes of all connections that wait; changed under the lock."""
        self._waiting: dict[Undecided, bool] = {}  # and whether it is to be looked after all the time
        self._listed: set[Skips] = set()
        self._thread = Thread("asgi-inspect skipped", self._step, self._failed)

    # --- on the event loop ---------------------------------------------------------------------------------------------

    def skips(self, sink: Sink, why: str) -> Skips:
        """Where the connections are counted that are left out of the trace that `sink` writes."""
        with self.lock:
            found = self._skips.get((id(sink), why))
            if found is None:
                found = self._skips[id(sink), why] = Skips(sink, why, self)
            return found

    def enlist(self, skips: Skips) -> None:
        """Look there now, and as long as something comes."""
        with self.lock:
            skips.listed = True
            self._listed.add(skips)
        if self._thread.idle:
            self._thread.wake()

    def wait(self, one: Undecided, *, timed: bool) -> None:
        """Look after a connection from now on; `timed`: often enough for its age to be noticed."""
        with self.lock:
            self._waiting[one] = timed
        if timed and self._thread.idle:
            self._thread.wake()

    def forget(self, one: Undecided, size: int) -> None:
        """It is known now, and what was held of it does not wait any more. The lock is held."""
        self._waiting.pop(one, None)
        self.held -= size

    def write(self, sink: Sink | None = None) -> None:
        """Write now what was counted; of one trace, or of all."""
        with self.lock:
            found = [skips for skips in self._listed if sink is None or skips.sink is sink]
        for skips in found:
            self._write(skips)

    # --- on the thread -------------------------------------------------------------------------------------------------

    def _step(self, stopping: Stopping) -> float | None:
        now = clock()
        with self.lock:
            due = [skips for skips in self._listed if not 0 <= now - skips.written_at < EVERY_NS]
            waiting = [one for one, timed in self._waiting.items() if timed or due]
        for one in waiting:
            one.look(now)
        for skips in due:
            self._write(skips)
        with self.lock:
            return TICK if self._listed or any(self._waiting.values()) else None

    def _write(self, skips: Skips) -> None:
        now = clock()
        with self.lock:
            skips.look()
            conns, skips.pending, skips.written_at = skips.pending, 0, now
            if not conns:  # nothing for long: who comes next says so
                self._listed.discard(skips)
                skips.listed = False
                skips.look()  # somebody may have come just before
                conns, skips.pending = skips.pending, 0
        if conns:
            record = SkippedRecord(proc=current_process().proc, at=timestamp(), conns=conns, why=skips.why)
            skips.sink.add(msgspec.json.encode(record) + b"\n", now)

    def _failed(self, exc: BaseException) -> None:
        say_once(f"the thread that counts what is left out failed ({name_of_type(exc)}); it goes on")

    # --- forks and the end ---------------------------------------------------------------------------------------------

    def before_fork(self) -> None:
        """Let no thread of ours run; it starts again with what is left out next."""
        self._thread.stop(FORK_SECONDS)
        self.write()

    def forked(self) -> None:
        """Begin anew in a child: what was counted and held is the parent's."""
        self._reset()
        for skips in list(self._skips.values()):
            skips.look()
            skips.pending, skips.listed = 0, False

    def at_exit(self) -> None:
        """Write all that is counted, and those that are not known yet among it."""
        self._thread.stop(FORK_SECONDS)
        with self.lock:
            waiting = list(self._waiting)
        for one in waiting:
            one.give_up()
        self.write()

    # What belongs to a sink, for those who know sinks only.

    def add(self, line: bytes, now: int) -> None: ...
    def flush(self, now: int) -> None: ...
    def settle(self) -> None: ...


class _Here:
    """Of this interpreter, made when it is first asked for."""

    omissions: Omissions | None = None


def omissions() -> Omissions:
    """What this process leaves out."""
    found = _Here.omissions
    if found is None:
        made = Omissions()
        found = _Here.omissions = _Here.omissions or made  # two threads may both have made one; they agree on it
    return found
