"""The processes of a run, watched while it lasts: one that has ended gets its `exit` record at once, with what was open.

A process that is killed cannot say so itself, and the server's supervisor does not tell us. Where the system has them,
descriptors of processes (`pidfd_open`) tell: of a zombie, too, and never of another process that got the same number.
"""

import contextlib
import errno
import os
import select
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from ..capture.process import timestamp
from ..errors import DamagedRecordError
from ..trace.codec import decode_record, encode_record
from ..trace.connection import Connection
from ..trace.missing import Missing
from ..trace.records import ExitRecord, ScopeRecord
from . import locks
from .place import Place
from .survey import Survey

_LOOK_EVERY = 0.05  # seconds: whoever goes should be seen before whoever takes its place
_LINGERS = 0.3  # seconds
_NAMED = 5  # connections that were cut off


class CutOff(NamedTuple):
    """A connection that was open when its process, which had this `pid`, went; only its scope is known."""

    pid: int
    connection: Connection


@dataclass(frozen=True)
class Closed:
    """How a run ended, as far as its trace tells."""

    traced: bool
    """Whether anything was recorded."""
    abrupt: bool
    """Whether a process went that had not been shut down."""
    cut_off: list[CutOff]
    """Of the clients' connections that were open when their process went, the last few."""
    cut_off_count: int
    """How many there were in all."""
    running: list[int]
    """The processes that are still there, and go on writing: workers whose server was killed."""
    missing: Missing = field(default_factory=Missing)
    """What was lost, and what was left out."""


class Watch:
    """A thread that looks at the trace of a run and at its processes; `close` is to be called when the server has ended."""

    def __init__(self, place: Place, server: int) -> None:
        """server: the process that we started ourselves, which has ended only when we say so, and how."""
        self._place = place
        self._server = server
        self._survey = Survey(place.path, place.begin)
        self._watched: dict[str, _Process] = {}
        self._abrupt = False
        self._cut_off: deque[tuple[int, bytes]] = deque(maxlen=_NAMED)
        self._cut_off_count = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="asgi-inspect watch", daemon=True)
        self._thread.start()

    def processes(self) -> list[bytes]:
        """The `process` records of those that are not known to have ended; may be asked from any thread."""
        return [writer.line for writer in list(self._survey.writers.values())]

    def close(self, status: int) -> Closed:
        """The server has ended with this status: write the `exit` records that are missing.

        Raises OSError where the file cannot be read or written any more.
        """
        self._closing.set()
        self._thread.join()
        try:
            self._look()
            self._wait_for_workers()
            self._survey.read()
            nobody_writes = not self._survey.elsewhere and locks.alone(self._place.fd)
            ended = [
                proc
                for proc, process in self._watched.items()
                if nobody_writes or process.pid == self._server or process.has_ended()
            ]
            self._survey.read()
            for proc in ended:
                self._write_exit(proc, status if self._watched[proc].pid == self._server else None)
            return Closed(
                traced=self._survey.traced,
                abrupt=self._abrupt,
                cut_off=_connections(self._cut_off),
                cut_off_count=self._cut_off_count,
                running=sorted(writer.pid for writer in self._survey.writers.values()),
                missing=self._survey.missing,
            )
        finally:
            self._survey.close()
            for process in self._watched.values():
                process.close()

    def _wait_for_workers(self) -> None:
        """What killed the server may have killed its workers too, a moment later: they do not go on."""
        workers = [process for process in self._watched.values() if process.pid != self._server]
        end = time.monotonic() + _LINGERS
        while time.monotonic() < end and not all(process.has_ended() for process in workers):
            time.sleep(_LOOK_EVERY / 10)

    def _run(self) -> None:
        while not self._closing.wait(_LOOK_EVERY):
            with contextlib.suppress(
                OSError
            ):  # the disk may be full: the next look tries again, and the last one says so
                self._look()

    def _look(self) -> None:
        self._place.follow()
        # Asked before the file is read: all that they wrote is there then.
        ended = [proc for proc, process in self._watched.items() if process.pid != self._server and process.has_ended()]
        self._survey.read()
        for proc in ended:
            self._write_exit(proc, None)
        for proc in self._survey.writers.keys() - self._watched.keys():
            self._begin(proc)

    def _begin(self, proc: str) -> None:
        pid = self._survey.writers[proc].pid
        for before in [known for known, process in self._watched.items() if process.pid == pid]:
            self._write_exit(before, None)  # it has become another program, or its number another process
        self._watched[proc] = _Process(pid)

    def _write_exit(self, proc: str, status: int | None) -> None:
        """The last record of a process, unless it has one."""
        writer = self._survey.writers.get(proc)
        if writer is not None:
            count = None if writer.unsure else len(writer.open)
            record = ExitRecord(proc=proc, at=timestamp(), status=status, open=count)
            _append(self._place.fd, encode_record(record) + b"\n")
            del self._survey.writers[proc]
            lines = [(writer.pid, line) for conn, line in writer.open.items() if conn not in writer.lifespans]
            self._abrupt = self._abrupt or bool(writer.open)
            self._cut_off.extend(lines)
            self._cut_off_count += len(lines)
        self._watched.pop(proc).close()


class _Process:
    """A process that may have ended by now."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor: int | None = None  # none where the system has them not, or the process is gone already
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self._descriptor = os.pidfd_open(pid)

    def has_ended(self) -> bool:
        if self._descriptor is not None:
            poll = select.poll()
            poll.register(self._descriptor, select.POLLIN)
            return bool(poll.poll(0))
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:  # it is there, as another user's
            return False
        return False

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


def _append(fd: int, line: bytes) -> None:
    size = os.fstat(fd).st_size
    torn = size and os.pread(fd, 1, size - 1) != b"\n"
    line = b"\n" + line if torn else line
    if os.write(fd, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _connections(lines: deque[tuple[int, bytes]]) -> list[CutOff]:
    found = []
    for pid, line in lines:
        with contextlib.suppress(DamagedRecordError):  # whole as JSON, but no scope that we could read
            record = decode_record(line)
            if isinstance(record, ScopeRecord):
                connection = Connection(record.conn)
                connection.feed(record)
                found.append(CutOff(pid, connection))
    return found
