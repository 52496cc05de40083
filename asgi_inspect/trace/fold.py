"""The records of a trace, folded: its connections and processes, live and afterwards. Nothing raises, whatever they hold."""

from collections import deque
from typing import Final

from .connection import Connection, proc_of
from .records import (
    ConnectionRecord,
    ExitRecord,
    LoopRecord,
    LostRecord,
    ProcessRecord,
    Record,
    SkippedRecord,
)


class Fold:
    """All that is known of a trace so far."""

    def __init__(self, *, keep_events: bool = True, keep_ended: int | None = None) -> None:
        """keep_events: False for a view that runs for days: connections keep what they count, not their events.

        keep_ended: how many connections that have ended are remembered (None: all), and how many processes. Those that are
        open always are.
        """
        self.connections: Final[dict[str, Connection]] = {}
        """The connections by their id, in the order in which they first appeared."""
        self.processes: Final[dict[str, ProcessRecord]] = {}
        """The first `process` record of each process, by its `proc`."""
        self.exits: Final[dict[str, ExitRecord]] = {}
        """How each process ended, by its `proc`."""
        self.lost: Final[deque[LostRecord]] = deque(maxlen=keep_ended)
        """What the processes could not write; as many of the latest as connections are remembered."""
        self.skipped: Final[deque[SkippedRecord]] = deque(maxlen=keep_ended)
        """What they left out on purpose, likewise."""
        self._open: Final[dict[str, Connection]] = {}
        self._ended: Final[dict[str, None]] = {}
        self._keep_events = keep_events
        self._keep_ended = keep_ended

    @property
    def open(self) -> list[Connection]:
        """The connections of which neither their own end nor that of their process is known."""
        return list(self._open.values())

    def process_of(self, conn: str) -> ProcessRecord | None:
        """The process in which a connection ran; None where its record was not met."""
        return self.processes.get(proc_of(conn))

    def feed(self, record: Record) -> Connection | None:
        """Take in the next record; the connection that it belongs to, if it belongs to one."""
        match record:
            case ProcessRecord():
                self.processes.setdefault(record.proc, record)
            case ExitRecord():
                self._feed_exit(record)
            case LostRecord():
                self.lost.append(record)
            case SkippedRecord():
                self.skipped.append(record)
            case LoopRecord():
                return None if record.conn is None else self.connections.get(record.conn)
            case _:
                return self._feed_connection(record)
        return None

    def _feed_exit(self, record: ExitRecord) -> None:
        self.exits[record.proc] = record
        for conn in [conn for conn in self._open if proc_of(conn) == record.proc]:
            self.forget(conn)
        while self._keep_ended is not None and len(self.exits) > self._keep_ended:
            oldest = next(iter(self.exits))
            del self.exits[oldest]
            self.processes.pop(oldest, None)

    def _feed_connection(self, record: ConnectionRecord) -> Connection:
        connection = self.connections.get(record.conn)
        if connection is None:
            connection = Connection(record.conn, keep_events=self._keep_events)
            connection.pid = getattr(self.process_of(record.conn), "pid", None)
            self.connections[record.conn] = self._open[record.conn] = connection
            if proc_of(record.conn) in self.exits:
                self.forget(record.conn)
        connection.feed(record)
        if connection.end is not None:
            self.forget(record.conn)
        return connection

    def forget(self, conn: str) -> None:
        """Count a connection among those that have ended, of which only so many are remembered."""
        if self._open.pop(conn, None) is None or self._keep_ended is None:
            return
        self._ended[conn] = None
        while len(self._ended) > self._keep_ended:
            oldest = next(iter(self._ended))
            del self._ended[oldest], self.connections[oldest]
