"""Show traces while they grow: what is written from now on, and what was written before.

A connection that a filter means is shown from its first record on, as soon as that can be told; in a list, when it ends.
"""

import os
import stat
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Final, Protocol

import msgspec
from msgspec import UNSET

from ..trace.choosing import ALL, Choice, Chooser
from ..trace.connection import Connection, proc_of
from ..trace.facts import Want
from ..trace.filter import Filter
from ..trace.follow import Follower
from ..trace.read import Line, OnDamage, Parser, read_lines
from ..trace.records import (
    ConnectionRecord,
    EndRecord,
    ExitRecord,
    ProcessRecord,
    ReceiveRecord,
    ScopeRecord,
    SendRecord,
)
from ..trace.seen import Latest
from ..trace.source import open_source
from ._pager import Outlet
from ._rows import Rows
from ._screen import Screen

_LOOK_EVERY: Final = 0.1  # seconds
_MOST_OPEN: Final = 20_000  # connections; of processes that were killed, no end is ever seen
_ENDED_KEPT: Final = 1000  # records may come a little after the end


class Target(Protocol):
    """Where the chosen lines go."""

    def take(self, line: Line) -> None:
        """The next one."""
        ...

    def finish(self) -> None:
        """Nothing more comes."""
        ...


def follow_all(names: list[str], filter: Filter, target: Target, outlet: Outlet, on_damage: OnDamage) -> None:
    """Show traces that grow, until nobody reads any more; one that cannot grow, until its end."""
    chooser = Chooser(Choice(only=[filter]) if filter else ALL)
    for line in _lines(names, outlet.left, on_damage):
        for chosen in chooser.feed(line):
            target.take(chosen)
        if outlet.closed:
            return
    for chosen in chooser.finish():
        target.take(chosen)
    target.finish()


def _lines(names: list[str], ended: Callable[[], bool], on_damage: OnDamage) -> Iterator[Line]:
    """The records of all files as they are written; where none of them can grow, until their ends."""
    growing = []
    for name in names:
        if _may_grow(name):
            growing.append((name, Parser(name, on_damage=on_damage)))
        else:
            yield from read_lines(name, on_damage=on_damage)
    with ExitStack() as stack:
        followers = [(stack.enter_context(Follower(name)), parser) for name, parser in growing]
        while followers:
            last = ended()
            for follower, parser in followers:
                for raw in follower.lines():
                    yield from parser.line(raw)
            if last:
                return
            time.sleep(_LOOK_EVERY)


def _may_grow(name: str) -> bool:
    """Whether a file is to be followed: standard input ends by itself, and what is compressed is written at once."""
    if name == "-":
        return False
    if not stat.S_ISREG(os.stat(name).st_mode):  # a pipe is opened once only
        return True
    with open_source(name) as opened:
        return opened.file is opened.raw


class Records:
    """Shows the lines as they are, or as a view has them."""

    def __init__(self, outlet: Outlet, screen: Screen | None) -> None:
        self._outlet = outlet
        self._screen = screen

    @property
    def rendered(self) -> bool:
        """Whether a view shows them, which needs to know of what they are; or they are wanted as they stand."""
        return self._screen is not None

    def take(self, line: Line) -> None:
        if self._screen is None:
            self._outlet.write_record(line.raw)
        elif line.record is not None:
            self._screen.feed(line.record)

    def finish(self) -> None:
        if self._screen is not None:
            self._screen.finish()


class Connections:
    """The connections that are open, folded from their records; each is given on when it ends, or its process has."""

    def __init__(self, want: Want, ended: Callable[[Connection], None]) -> None:
        self.processes: Final[dict[str, ProcessRecord]] = {}
        self._want = want
        self._give = ended
        self._open: OrderedDict[str, Connection] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()

    def feed(self, line: Line) -> Connection | None:
        """Take in a record; its connection, unless that has ended before."""
        record = line.record
        if isinstance(record, ProcessRecord):
            self.processes[record.proc] = record
        elif isinstance(record, ExitRecord):
            for conn in [conn for conn in self._open if proc_of(conn) == record.proc]:
                self._end(conn)
        elif isinstance(record, ConnectionRecord) and record.conn not in self._ended:
            return self._feed(record)
        return None

    def finish(self) -> None:
        """Give on those that are still open."""
        for conn in list(self._open):
            self._end(conn)

    def _feed(self, record: ConnectionRecord) -> Connection:
        connection = self._open.get(record.conn)
        if connection is None:
            connection = self._open[record.conn] = Connection(record.conn, keep_events=False, want=self._want)
            process = self.processes.get(proc_of(record.conn))
            connection.pid = None if process is None else process.pid
            if len(self._open) > _MOST_OPEN:
                self._end(next(iter(self._open)))
        connection.feed(record)
        if isinstance(record, EndRecord) and not record.layer:
            self._end(record.conn)
        return connection

    def _end(self, conn: str) -> None:
        self._give(self._open.pop(conn))
        self._ended[conn] = None
        if len(self._ended) > _ENDED_KEPT:
            self._ended.popitem(last=False)


class Lists:
    """Shows a line for each connection, when it ends."""

    def __init__(self, make_rows: Callable[[dict[str, ProcessRecord]], Rows], want: Want) -> None:
        self._connections = Connections(want, self._take)
        self._rows = make_rows(self._connections.processes)

    def _take(self, connection: Connection) -> None:
        self._rows.take(connection)

    def take(self, line: Line) -> None:
        self._connections.feed(line)

    def finish(self) -> None:
        self._connections.finish()
        self._rows.finish()


class Messages:
    """Shows single messages, in a view behind the scope of their connection."""

    def __init__(self, filter: Filter, records: Records) -> None:
        self._filter = filter
        self._records = records
        self._latest: OrderedDict[str, Latest] = OrderedDict()
        self._scopes: dict[str, Line] = {}
        self._connections = Connections(filter.want, self._forget)

    def take(self, line: Line) -> None:
        connection = self._connections.feed(line)
        record = line.record
        if isinstance(record, ScopeRecord) and not record.layer:
            self._scopes[record.conn] = line
        if connection is None or not isinstance(record, ReceiveRecord | SendRecord):
            return
        message = self._latest.setdefault(record.conn, Latest()).message_of(record)
        if record.layer or message is UNSET or not self._filter.decide_message(connection, record, message):
            return
        scope = self._scopes.pop(record.conn, None)
        if scope is not None and self._records.rendered:
            self._records.take(scope)
        whole = msgspec.structs.replace(record, message=message, same=None)
        self._records.take(line._replace(record=whole))

    def _forget(self, connection: Connection) -> None:
        self._latest.pop(connection.conn, None)
        self._scopes.pop(connection.conn, None)

    def finish(self) -> None:
        """What is open stays so."""
