"""The end of a run, written into its trace: what was still open, and an `exit` record for each process that left none.

A process that is killed cannot say so itself. All of the file is read for this, but of each line only its frame.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..capture.process import timestamp
from ..errors import DamagedRecordError
from ..trace.codec import decode_record, encode_record
from ..trace.connection import Connection, proc_of
from ..trace.records import ExitRecord, ScopeRecord
from . import locks
from .frames import frame_of
from .place import Place


@dataclass
class Survey:
    """What a trace tells about its processes."""

    records: int = 0
    pids: dict[str, int] = field(default_factory=dict)
    """The processes that wrote, by their `proc`."""
    exited: set[str] = field(default_factory=set)
    open: dict[str, bytes] = field(default_factory=dict)
    """The connections without an end, by their id: the line of each one's outermost scope."""

    def feed(self, line: bytes) -> None:
        frame = frame_of(line)
        if frame is None:
            return  # damage is the readers' to report; a lost end is no end
        self.records += 1
        if frame.record == "process" and frame.proc is not None and frame.pid is not None:
            self.pids[frame.proc] = frame.pid
        elif frame.record == "exit" and frame.proc is not None:
            self.exited.add(frame.proc)
        elif frame.conn is not None and frame.layer == 0:
            if frame.record == "scope":
                self.open[frame.conn] = line
            elif frame.record == "end":
                self.open.pop(frame.conn, None)

    def open_in(self, proc: str) -> int:
        return sum(proc_of(conn) == proc for conn in self.open)


@dataclass(frozen=True)
class Closed:
    """How a run ended, as far as its trace tells."""

    records: int
    cut_off: list[Connection]
    """What was open when its process went; only the scopes are known of these."""
    running: list[int]
    """The processes that are still there, and go on writing: workers whose server was killed."""


def close_trace(place: Place, *, pid: int, status: int) -> Closed:
    """Write the missing `exit` records. `pid` and `status` are those of the server, which has ended.

    Raises OSError where the file cannot be read or written any more.
    """
    survey = Survey()
    with open(place.path, "rb") as file:
        file.seek(place.begin)
        for line in file:
            survey.feed(line)
    running = {} if locks.alone(place.fd) else {proc: p for proc, p in survey.pids.items() if _alive(p)}
    gone = [proc for proc in survey.pids if proc not in running]
    missing = [proc for proc in gone if proc not in survey.exited]
    _append(place.fd, [_exit(survey, proc, status if survey.pids[proc] == pid else None) for proc in missing])
    return Closed(
        records=survey.records,
        cut_off=list(_connections(line for conn, line in survey.open.items() if proc_of(conn) in gone)),
        running=sorted(running.values()),
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _exit(survey: Survey, proc: str, status: int | None) -> bytes:
    return encode_record(ExitRecord(proc=proc, at=timestamp(), status=status, open=survey.open_in(proc)))


def _append(fd: int, lines: list[bytes]) -> None:
    if not lines:
        return
    size = os.fstat(fd).st_size
    torn = size and os.pread(fd, 1, size - 1) != b"\n"
    os.write(fd, (b"\n" if torn else b"") + b"".join(line + b"\n" for line in lines))


def _connections(lines: Iterable[bytes]) -> Iterator[Connection]:
    for line in lines:
        try:
            record = decode_record(line)
        except DamagedRecordError:  # whole as JSON, but no scope that we could read
            continue
        if isinstance(record, ScopeRecord):
            connection = Connection(record.conn)
            connection.feed(record)
            yield connection
