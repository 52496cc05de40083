"""What the trace of a run tells of its processes, read as it grows: who writes, and which connections have no end yet.

Of most lines only the beginning is looked at, and of the others only the frame. What is remembered is bounded by what is
open: a process whose `exit` is written is forgotten. Where files were rotated away and removed before they could be read, what
was open until then may have ended in them: of clients' connections only those of later are known to be open.
"""

import contextlib
import os
from dataclasses import dataclass, field

from ..errors import DamagedRecordError
from ..trace.codec import decode_record
from ..trace.connection import proc_of
from ..trace.follow import Follower
from ..trace.missing import Missing
from ..trace.records import LostRecord, SkippedRecord
from .frames import Frame, frame_of

_TELLING = tuple(b'{"record":"%s"' % kind for kind in (b"process", b"scope", b"end", b"exit", b"lost", b"skipped"))
_GOES_ON = b'"why":"rotation"'
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
    unsure: bool = False
    """Whether there may be others that are open, as a part of the trace was missed."""

    def forget(self) -> None:
        """A part of the trace was missed; a shutdown is the last that a process tells, and so is not in it."""
        self.unsure = True
        self.open = {conn: line for conn, line in self.open.items() if conn in self.lifespans}


class Survey:
    """The processes of a run, as far as its trace was read."""

    def __init__(self, path: str | os.PathLike[str], begin: int) -> None:
        """begin: where the run begins in the file."""
        self.writers: dict[str, Writer] = {}
        """Those that have no `exit` record, by their `proc`."""
        self.traced = False
        """Whether anything was recorded at all."""
        self.missing = Missing()
        """What was lost, and what was left out."""
        self._missed = False  # a part of the trace
        self._follower = Follower(path, begin=begin, limit=_LONGEST, on_gap=self._miss)

    def read(self) -> None:
        """Take in what was written since the last time. Raises OSError where the file cannot be read."""
        for line in self._follower.lines():
            if line.startswith(_TELLING):
                self._take(line)

    @property
    def elsewhere(self) -> bool:
        """Whether somebody may still write to a file that was rotated away."""
        return self._follower.earlier > 0

    def close(self) -> None:
        """Close the files; what was learnt stays."""
        self._follower.close()

    def _miss(self) -> None:
        self._missed = True
        for writer in self.writers.values():
            writer.forget()

    def _take(self, line: bytes) -> None:
        frame = frame_of(line)
        if frame is None:
            return  # damage is the readers' to report; a lost end is no end
        if frame.conn is not None:
            self._take_connection(frame, frame.conn, line)
        elif frame.record in ("lost", "skipped"):
            self._take_missing(line)
        elif frame.record == "exit":
            self.writers.pop(frame.proc or "", None)
        elif frame.record == "process" and frame.proc is not None and frame.pid is not None:
            self.traced = True
            # Begun anew, a file names it again; who was not known by then may have begun where it was missed.
            unsure = self._missed and _GOES_ON in line
            self.writers.setdefault(frame.proc, Writer(frame.pid, line, unsure=unsure))

    def _take_missing(self, line: bytes) -> None:
        with contextlib.suppress(DamagedRecordError):
            record = decode_record(line)
            if isinstance(record, LostRecord | SkippedRecord):
                self.missing.add(record)

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
