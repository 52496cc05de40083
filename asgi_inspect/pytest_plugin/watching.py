"""The applications that are watched, and the one list in which all that passes them is gathered, in order.

Records go into a list, at once and on the thread on which they are made: whoever asks a moment later has them, and nothing
of ours runs beside the tests.
"""

import os
import threading
from collections.abc import Callable
from typing import Any, Final

from ..capture.place import name_of
from ..capture.process import process_line
from ..capture.server import server_of
from ..middleware import InspectMiddleware
from ..redaction.fingerprint import Fingerprints, in_words
from ..trace.codec import decode_record
from ..trace.records import Record
from ..types import Receive, Send

_MOST_BYTES: Final = 64 * 1024 * 1024  # of one test; what comes then is lost, and the linter knows that some is
_END: Final = b'{"record":"end"'


class Taken:
    """One record, as a line until somebody asks for it."""

    __slots__ = ("_record", "line", "tap", "thread")

    def __init__(self, tap: "Tap", line: bytes) -> None:
        self.tap = tap
        self.line = line
        self.thread = threading.get_ident()
        self._record: Record | None = None

    @property
    def record(self) -> Record | None:
        """None for what is no record of this version."""
        if self._record is None:
            self._record = decode_record(self.line)
        return self._record


class Records:
    """What passes now. Written by any thread, read by that of pytest."""

    def __init__(self) -> None:
        self._pid = 0
        self.make_room()

    def make_room(self) -> None:
        """A test begins, in this process: it may be a child that was forked for it."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._news = threading.Condition()
            self._taken: list[Taken] = []
        self._size = 0

    def add(self, taken: Taken) -> None:
        """One more record."""
        if (
            self._pid != os.getpid()
        ):  # a child that a test has forked: nobody reads there, and the lock may be held for ever
            return
        with self._news:
            if self._size > _MOST_BYTES:
                return
            self._taken.append(taken)
            self._size += len(taken.line)
            if taken.line.startswith(_END):
                self._news.notify_all()

    def take(self) -> list[Taken]:
        """What has passed since this was asked last."""
        with self._news:
            taken, self._taken = self._taken, []
            return taken

    def wait(self, until: Callable[[], bool], seconds: float) -> None:
        """Wait until something holds that may begin to hold with the end of a connection; no longer than so many seconds."""
        with self._news:
            self._news.wait_for(until, seconds)


class Tap:
    """Takes the lines of one application, as a sink: at once, so there is nothing to wait for, to stop or to finish."""

    def __init__(self, records: Records, *, served: bool) -> None:
        """served: whether a real server calls it, not a test client."""
        self.served = served
        self.process_line = b""
        """The `process` record that tells who calls it; empty until somebody has."""
        self._records = records

    def add(self, line: bytes, now: int) -> None:
        self._records.add(Taken(self, line))

    def flush(self, now: int) -> None:
        pass

    def settle(self) -> None:
        pass

    def before_fork(self) -> None:
        pass

    def forked(self) -> None:
        pass

    def at_exit(self) -> None:
        pass


class Watched(InspectMiddleware):
    """An application whose records a tap takes: those of all connections, whatever the variables say of other middlewares."""

    def __init__(self, app: Any, tap: Tap) -> None:
        super().__init__(app, sample=None, capture=None, only=None, slow_ms=None, lint=False)
        self._tap = tap

    def _open_sink(self, receive: Receive, send: Send) -> Tap:
        if not self._tap.process_line:
            prints = Fingerprints(self._key)
            told = {**self._options.told(), "redact": self._rules.redaction and self._rules.redaction.told()}
            self._tap.process_line = process_line(
                server_of(receive, send), name_of(self.app), told, "start", lambda argument: in_words(argument, prints)
            )
        return self._tap


class Taps:
    """The taps of all applications that are watched now: one for each, however many clients it has."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._taps: dict[tuple[int, bool], tuple[Any, Tap]] = {}

    def watched(self, app: Any, served: bool) -> Watched:
        """The application, watched."""
        key = (id(app), served)
        known = self._taps.get(key)
        if known is None:  # the application is held: its id may be given again
            known = self._taps[key] = (app, Tap(self._records, served=served))
        return Watched(app, known[1])

    def keep_only(self, taps: set[Tap]) -> None:
        """Let go of the applications of all others: a test is over, and whoever made them may wait for them to go."""
        self._taps = {key: known for key, known in self._taps.items() if known[1] in taps}
