"""The lines of one connection, held back until it is known whether they are to be written: `only="errors"`.

It stands before the sink of the trace, for one connection. As soon as that has failed, or has lasted too long, all that was
held goes on to the trace, and all that follows; one that ends well is forgotten and counted. What is held is bounded, in one
connection and in the process: beyond, all but the scope is let go, and should it have to be written after all, a `lost` record
says how much.
"""

import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from .lost import Lost
from .omissions import CEILING, Omissions, Skips
from .process import clock
from .verdict import Verdict

if TYPE_CHECKING:
    from .connection import Recorder

CONNECTION_CEILING: Final = 1024 * 1024  # bytes
_A_LINE: Final = 100  # bytes that a line weighs beside its own
_TOO_MUCH: Final = "more than can be held until it is known whether the connection failed"
_SCOPE: Final = b'{"record":"scope"'
_LOST: Final = b'{"record":"lost"'
_FOR_EVER: Final = 1 << 62


class Held:
    """The sink of one connection; see the module's docstring.

    skips: counts what is left out of the trace. type_: that of the scope. slow_ns: for how long a connection may last that is not written; None:
    for any time, as a lifespan may always.
    """

    __slots__ = ("_began", "_lines", "_lost", "_omissions", "_passing", "_size", "_skips", "_slow_ns", "_verdict", "_written", "real",
                 "recorder")  # fmt: skip

    def __init__(self, skips: Skips, omissions: Omissions, type_: str | None, slow_ns: int | None = None) -> None:
        self.real = skips.sink
        self._skips = skips
        self.recorder: Recorder | None = None
        """Of the connection, once that has begun."""
        self._omissions = omissions
        self._slow_ns = _FOR_EVER if slow_ns is None or type_ == "lifespan" else slow_ns
        self._began = clock()
        self._verdict = Verdict(type_)
        self._written: bool | None = None  # not known yet
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._lost: Lost | None = None
        self._passing = threading.Lock()
        omissions.wait(self, timed=self._slow_ns != _FOR_EVER)

    # --- as the sink of the connection ---------------------------------------------------------------------------------

    def add(self, line: bytes, now: int) -> None:
        """Take one whole line."""
        if line.startswith(_LOST):
            self.real.add(line, now)
            return
        if self._written is None:
            failed = self._judge(line, now)
            if failed is not None:
                self.decide(write=failed)
            elif self._hold(line):
                return
        if self._written:  # else it came behind the end of one that is not
            self._lines.append(line)
            self._pass_on(now)

    def flush(self, now: int) -> None:
        """The connection ended."""
        if self._written:
            self.real.flush(now)

    def settle(self) -> None:
        """The server is about to stop."""
        self._omissions.write(self.real)
        self.real.settle()

    # These are told to the sink of the trace itself.

    def before_fork(self) -> None: ...
    def forked(self) -> None: ...
    def at_exit(self) -> None: ...

    # --- the verdict ---------------------------------------------------------------------------------------------------

    def look(self, now: int) -> None:
        """Some time has passed; on a thread of ours."""
        ended_untold = self.recorder is not None and not self.recorder.open
        if self._written is None and (ended_untold or now - self._began > self._slow_ns):
            self.decide(write=True)
            self._pass_on(now)

    def give_up(self) -> None:
        """The process ends, and this connection is open: it has not failed."""
        self.decide(write=False)

    def decide(self, *, write: bool) -> None:
        """Say whether the connection is written, unless that was said before."""
        omissions = self._omissions
        with omissions.lock:
            if self._written is not None:
                return
            omissions.forget(self, self._size)
            if self._lost is not None:
                self._lines.extendleft(self._lost.take())
            self._written = write
            self.recorder = self._lost = None
        if not write:
            self._lines.clear()
            self._skips.add()

    def _judge(self, line: bytes, now: int) -> bool | None:
        try:
            failed = self._verdict.take(line)
        except Exception:  # noqa: BLE001 (no stack is left to read it with: in doubt it is written)
            return True
        return True if now - self._began > self._slow_ns else failed

    def _hold(self, line: bytes) -> bool:
        """Keep a line, or count it as lost; False: it was decided just now that it goes on."""
        weight = len(line) + _A_LINE
        omissions = self._omissions
        with omissions.lock:
            if self._written is not None:
                return False
            if self._is_too_much(weight):
                self._let_go()
            if self._is_too_much(weight):
                self._lose(line)
            else:
                self._lines.append(line)
                self._size += weight
                omissions.held += weight
        return True

    def _is_too_much(self, weight: int) -> bool:
        return self._size + weight > CONNECTION_CEILING or self._omissions.held + weight > CEILING

    def _let_go(self) -> None:
        """Keep the scopes alone."""
        lines, self._lines = self._lines, deque()
        self._omissions.held -= self._size
        self._size = 0
        for line in lines:
            if line.startswith(_SCOPE):
                self._lines.append(line)
                self._size += len(line) + _A_LINE
            else:
                self._lose(line)
        self._omissions.held += self._size

    def _lose(self, line: bytes) -> None:
        if self._lost is None:
            self._lost = Lost()
        self._lost.add(line, _TOO_MUCH)

    def _pass_on(self, now: int) -> None:
        """Hand all that is there to the trace, in order; whoever comes while another does leaves it to that one."""
        while self._lines and self._passing.acquire(blocking=False):
            try:
                while self._lines:
                    self.real.add(self._lines.popleft(), now)
            finally:
                self._passing.release()
