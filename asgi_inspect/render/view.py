"""What both formats share: the fold of the records, the names, and what must be remembered of a connection to show the next."""

import abc
from collections.abc import Iterable
from typing import Final

from msgspec import UNSET
from rich.console import RenderableType

from ..lint.finding import Finding
from ..trace.connection import Connection, proc_of
from ..trace.fold import Fold
from ..trace.messages import as_text, header, is_start, message_type
from ..trace.records import (
    ConnectionRecord,
    EndRecord,
    ExitRecord,
    ProcessRecord,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
)
from ..views.spans import Line, Own, Span, plural
from .block import Block, Row
from .heads import title
from .names import Names
from .options import ViewOptions
from .remarks import REMARKS, Processes, Remark, remark
from .units import duration

_ENDED_KEPT: Final = 1000  # connections; records may come a little after the end
_TYPES_KEPT: Final = 64  # messages of one connection, for those that pass a layer unchanged
_LISTED_OPEN: Final = 20
_TALKS_KEPT: Final = 20_000
OFFSET_WIDTH: Final = 8  # `+12.4 ms`


class Talk:
    """What is remembered of a connection: the content types of its bodies, and the types of its latest messages."""

    __slots__ = ("request_type", "response_type", "types")

    def __init__(self) -> None:
        self.request_type: str | None = None
        self.response_type: str | None = None
        self.types: dict[int, str] = {}

    def hear(self, record: ConnectionRecord) -> None:
        """Note what later records need."""
        if isinstance(record, ScopeRecord):
            if not record.layer:
                self.request_type = _content_type(record.scope)
        elif isinstance(record, ReceiveRecord | SendRecord):
            self._hear_message(record)

    def _hear_message(self, record: ReceiveRecord | SendRecord) -> None:
        if record.message is UNSET:
            kind = self.types.get(record.same or 0, "")
        else:
            kind = message_type(record.message)
            if is_start(record.message):
                self.response_type = _content_type(record.message)
        self.types[record.n] = kind
        if len(self.types) > _TYPES_KEPT:
            del self.types[next(iter(self.types))]


def _content_type(holder: object) -> str | None:
    found = header(holder, b"content-type")
    return None if found is None else as_text(found)


class View(abc.ABC):
    """Records in, renderables out, in the order of the trace; what it remembers is bounded by what is open."""

    def __init__(self, options: ViewOptions) -> None:
        self.options = options
        self.names = Names()
        self._fold = Fold(keep_events=False, keep_ended=_ENDED_KEPT)
        self._talks: dict[str, Talk] = {}
        self._processes = Processes()
        self._doubtful: set[str] = set()

    def feed(self, record: Record) -> Iterable[RenderableType]:
        """What to print for the next record."""
        if isinstance(record, ExitRecord):
            return self._exit(record)
        connection = self._fold.feed(record)
        if isinstance(record, ProcessRecord):
            if not self.names.know(record):
                return []
            self._processes.come(record)
            return [self._remark(record)]
        if isinstance(record, REMARKS):
            return [self._remark(record)]
        assert connection is not None  # the fold has one for each record that names its connection
        self._doubtful.discard(record.conn)
        talk = self._talks.setdefault(record.conn, Talk())
        talk.hear(record)
        if len(self._talks) > _TALKS_KEPT:  # of processes that were killed, no end is ever seen
            del self._talks[next(iter(self._talks))]
        if isinstance(record, EndRecord) and not record.layer:
            self._talks.pop(record.conn, None)
        return self.show(record, connection, talk)

    def jump(self) -> None:
        """Records are left out from here on: whatever is open now may have ended among them."""
        for conn in self._doubtful:
            self._fold.forget(conn)
        self._doubtful = {connection.conn for connection in self._fold.open}

    def finish(self) -> Iterable[RenderableType]:
        """What to print at the end of the trace: the connections whose end was not seen."""
        unfinished = self._open
        if not unfinished:
            return []
        first: Line = [(Own("── "), "quiet"), (f"{plural(len(unfinished), 'connection')} still open", "warning")]
        lines = [first, *map(self._open_line, unfinished[:_LISTED_OPEN])]
        return [Block(lambda width: map(Row, lines))]

    @property
    def _open(self) -> list[Connection]:
        return [connection for connection in self._fold.open if connection.conn not in self._doubtful]

    def _exit(self, record: ExitRecord) -> list[RenderableType]:
        """A process has ended, and with it what was open there."""
        open_there = [connection for connection in self._open if proc_of(connection.conn) == record.proc]
        self._fold.feed(record)
        for connection in open_there:
            self._talks.pop(connection.conn, None)
        listed = open_there[:_LISTED_OPEN]
        count = max(record.open or 0, len(open_there))
        more = count - len(listed)
        rest: Line = [(f"   and {more} more", "warning")]
        self._processes.go(record.proc, cut_off=count, of_clients=count - sum(c.type == "lifespan" for c in open_there))
        return [
            self._remark(record),
            *(self.cut_off(connection, record) for connection in listed),
            *([Block(lambda width: [Row(rest)])] if listed and more else []),
        ]

    @abc.abstractmethod
    def cut_off(self, connection: Connection, record: ExitRecord) -> RenderableType:
        """What to print for a connection that was open when its process ended."""

    @abc.abstractmethod
    def finding(self, finding: Finding, *, again: bool) -> RenderableType:
        """What to print below a record for a rule that it breaks. again: the same was told before, of another connection."""

    @abc.abstractmethod
    def show(self, record: ConnectionRecord, connection: Connection, talk: Talk) -> Iterable[RenderableType]:
        """What to print for a record of a connection, which the fold has taken in already."""

    def _remark(self, record: Remark) -> Block:
        line = remark(record, self.names, self._processes, utc=self.options.utc)
        return Block(lambda width: [Row(line, hang=3)])

    def _open_line(self, connection: Connection) -> Line:
        conn = connection.conn
        return [("   ", ""), (self.names.short(conn), self.names.style(conn)), (" ", ""), *title(connection)]


def arrow(record: ReceiveRecord | SendRecord) -> Span:
    """Which way the message went: to the application, or from it."""
    return (Own("→"), "receive") if isinstance(record, ReceiveRecord) else (Own("←"), "send")


def offset(t_us: int) -> str:
    """`+1.92 ms`, padded so that what follows stands below each other."""
    return f"+{duration(t_us)}".rjust(OFFSET_WIDTH)
