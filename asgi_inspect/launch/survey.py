"""What the trace of a run tells of its processes, read as it grows: who writes, and which connections have no end yet.

Of most lines only the beginning is looked at, and of the others only the frame. What is remembered is bounded by what is
open: a process whose `exit` is written is forgotten.
"""

import os
from dataclasses import dataclass, field

from ..trace.connection import proc_of
from ..trace.follow import Follower
from .frames import Frame, frame_of

_TELLING = tuple(b'{"record":"%s"' % kind for kind in (b"process", b"scope", b"end", b"exit"))
_LONGEST = 16 << 20  # bytes: a longer line is a message, or a scope that nobody could want to see


@dataclass
class Writer:
    """A process that writes to the trace."""

    pid: int
    line: bytes
    """Its `process` record."""
    open: dict[str, bytes] = field(default_factory=dict)
    """Its connections without an end, by their id: the line of each one's outermost scope."""
    lifespans: set[str] = field(default_factory=set)
    """Which of these are no client's: where such a one is left, the process ended without a shutdown."""


class Survey:
    """The processes of a run, as far as its trace was read."""

    def __init__(self, path: str | os.PathLike[str], begin: int) -> None:
        """begin: where the run begins in the file."""
        self.writers: dict[str, Writer] = {}
        """Those that have no `exit` record, by their `proc`."""
        self.traced = False
        """Whether anything was recorded at all."""
        self._follower = Follower(path, begin=begin, limit=_LONGEST)

    def read(self) -> None:
        """Take in what was written since the last time. Raises OSError where the file cannot be read."""
        for line in self._follower.lines():
            if line.startswith(_TELLING):
                self._take(line)

    def close(self) -> None:
        """Close the file; what was learnt stays."""
        self._follower.close()

    def _take(self, line: bytes) -> None:
        frame = frame_of(line)
        if frame is None:
            return  # damage is the readers' to report; a lost end is no end
        if frame.conn is not None:
            self._take_connection(frame, frame.conn, line)
        elif frame.record == "exit":
            self.writers.pop(frame.proc or "", None)
        elif frame.record == "process" and frame.proc is not None and frame.pid is not None:
            self.traced = True
            self.writers.setdefault(frame.proc, Writer(frame.pid, line))  # begun anew, a file names it again

    def _take_connection(self, frame: Frame, conn: str, line: bytes) -> None:
        writer = self.writers.get(proc_of(conn))
        if writer is None or frame.layer != 0:
            return
        if frame.record == "scope":
            writer.open[conn] = line
            if frame.scope is not None and frame.scope.type == "lifespan":
                writer.lifespans.add(conn)
        elif frame.record == "end":
            writer.open.pop(conn, None)
            writer.lifespans.discard(conn)
