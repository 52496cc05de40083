"""What passed while one test ran: the records, the connections that they make, and what is still open when it is over.

A connection belongs to the test in which it was opened; one that outlives that (the lifespan of an application that a session
has, a WebSocket of a module's fixture) is carried on, so that the next test is judged with what went before in it.
"""

import threading
from collections.abc import Iterator, Sequence
from typing import Final, overload

from ..trace.connection import Connection
from ..trace.fold import Fold
from ..trace.records import ScopeRecord
from .watching import Records, Taken, Tap

_PATIENCE: Final = 1.0  # seconds for the end of a call that has answered already
_CARRIED_BYTES: Final = 1024 * 1024  # of one connection; a longer one is not judged any more


class Portion:
    """The records of one test."""

    def __init__(self, records: Records, name: str = "before the first test", before: "Portion | None" = None) -> None:
        """name: when that is, in words. before: what was there until now; its open connections go on in this one."""
        self._records = records
        self._name = name
        records.make_room()
        self._fold = Fold()
        self._threads: dict[str, int] = {}
        """Of each connection that was opened here, the thread in which its application was called."""
        self._patience_lost: set[str] = set()
        self.carried: list[Taken] = [] if before is None else before.open()
        """The records of those that were open already."""
        self.taken: list[Taken] = []
        """The records that passed here."""
        for taken in self.carried:
            self._feed(taken)
        self._openers = (
            {} if before is None else {conn: before.opener(conn) or before._name for conn in self._fold.connections}
        )

    def look(self) -> None:
        """Take in what has passed by now."""
        for taken in self._records.take():
            self.taken.append(taken)
            self._feed(taken)
            if isinstance(taken.record, ScopeRecord) and not taken.record.layer:
                self._threads[taken.record.conn] = taken.thread

    def settle(self) -> None:
        """Look, and wait for what must pass in a moment: a server's answer is with its client before the call is over."""
        self.look()
        if self._ending():
            self._records.wait(self._has_settled, _PATIENCE)
            self._patience_lost.update(self._ending())  # it does something else behind its answer

    def _has_settled(self) -> bool:
        self.look()
        return not self._ending()

    def _ending(self) -> list[str]:
        """The connections that are as good as over, on a thread that goes on while this one waits."""
        here = threading.get_ident()
        others = {thread.ident for thread in threading.enumerate()} - {here}
        return [
            connection.conn
            for connection in self._fold.open
            if self._threads.get(connection.conn) in others
            and connection.conn not in self._patience_lost
            and (connection.complete or connection.disconnected or connection.closed_by is not None)
        ]

    def _feed(self, taken: Taken) -> None:
        if taken.record is not None:
            self._fold.feed(taken.record)

    @property
    def opened(self) -> list[Connection]:
        """The connections that were opened here, oldest first."""
        return [self._fold.connections[conn] for conn in self._threads]

    def opener(self, conn: str) -> str | None:
        """When a connection was opened that was carried on, in words; None for one that was opened here."""
        return self._openers.get(conn)

    def is_late(self, conn: str) -> bool:
        """Whether it is a request of another test that comes to its end only now."""
        return conn in self._openers and self._fold.connections[conn].type == "http"

    def open(self) -> list[Taken]:
        """The records of the connections that are open, in order."""
        open_now = {connection.conn for connection in self._fold.open}
        sizes = dict.fromkeys(open_now, 0)
        kept = [(taken, conn) for taken in (*self.carried, *self.taken) if (conn := conn_of(taken)) in open_now]
        for taken, conn in kept:
            sizes[conn] += len(taken.line)
        return [taken for taken, conn in kept if sizes[conn] <= _CARRIED_BYTES]

    def taps(self) -> set[Tap]:
        """The taps of the connections that are open."""
        return {taken.tap for taken in self.open()}


def conn_of(taken: Taken) -> str:
    """The connection that a record belongs to; empty where it belongs to none."""
    conn = getattr(taken.record, "conn", None)
    return conn if isinstance(conn, str) else ""


class AsgiTrace(Sequence[Connection]):
    """The connections that a test has opened so far, oldest first; each look at it tells what has passed by then.

    A connection whose answer is with its client has ended when it is found here, unless its application does more behind that.
    """

    def __init__(self, portion: Portion) -> None:
        self._portion = portion

    def _connections(self) -> list[Connection]:
        self._portion.settle()
        return self._portion.opened

    def __len__(self) -> int:
        return len(self._connections())

    @overload
    def __getitem__(self, index: int) -> Connection: ...
    @overload
    def __getitem__(self, index: slice) -> list[Connection]: ...
    def __getitem__(self, index: int | slice) -> Connection | list[Connection]:
        return self._connections()[index]

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._connections())

    def __repr__(self) -> str:
        from .text import words_for  # it imports what shows records, and few tests fail on this line

        return f"<{', '.join(map(words_for, self)) or 'no connections'}>"
