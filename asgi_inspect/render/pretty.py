"""The long format: each connection as a conversation, with its gutter on every line."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, assert_never

from msgspec import UNSET
from rich.console import RenderableType

from ..lint.finding import Finding
from ..trace.connection import Connection
from ..trace.records import (
    ConnectionRecord,
    EndRecord,
    ExitRecord,
    PendingRecord,
    ReceiveRecord,
    ScopeRecord,
    SendRecord,
    SentRecord,
)
from ..views import Room
from ..views.spans import Line, Own, indented
from . import events
from .block import Block, Row
from .errors import traceback
from .fields import data, scope_lines
from .findings import live_block
from .heads import cut_off, ending, head, inner_ending, is_unsupported_lifespan
from .layers import changed_keys, depth_of, layer_name
from .messages import Shape, message_rows
from .view import OFFSET_WIDTH, Talk, View, arrow, offset

_LONGEST_CONN: Final = 100
_BLANK: Final = Block(lambda width: [Row([])])


class PrettyView(View):
    """Head line, scope, messages with their fields and bodies, end line."""

    _begun = False

    def show(self, record: ConnectionRecord, connection: Connection, talk: Talk) -> Iterable[RenderableType]:
        match record:
            case ScopeRecord():
                return self._inner_scope(record, connection) if record.layer else self._scope(record, connection)
            case ReceiveRecord() | SendRecord():
                return [self._message(record, connection, talk)]
            case SentRecord():
                words = [(offset(record.t_us), "time"), ("  ", ""), *events.sent(record, talk.types.get(record.of))]
                return [self._line(record, connection, [("  ", ""), *words])]
            case PendingRecord():
                return [self._line(record, connection, [(" " * (OFFSET_WIDTH + 4), ""), *events.pending(record)])]
            case EndRecord():
                return [self._inner_end(record, connection) if record.layer else self._end(record, connection)]
            case _:
                assert_never(record)

    def _block(
        self, record: ConnectionRecord, connection: Connection, rows_at: Callable[[int], Iterable[Row]]
    ) -> Block:
        """The rows behind the connection's gutter, further in for an inner layer."""
        depth = depth_of(record.layer, connection)
        gutter = self.names.gutter(record.conn)
        return Block(rows_at if not depth else lambda width: _moved_in(rows_at, depth, width), gutter)

    def _line(self, record: ConnectionRecord, connection: Connection, line: Line) -> Block:
        return self._block(record, connection, lambda width: [Row(line, hang=4)])

    def _shape(self, conn: str, content_type: str | None = None) -> Shape:
        options = self.options
        hint = None if options.hint is None else options.hint.replace("{conn}", conn[:_LONGEST_CONN])
        return Shape(content_type, options.show_body, options.max_lines, hint)

    # --- the scope ---

    def _scope(self, record: ScopeRecord, connection: Connection) -> list[RenderableType]:
        parent = None if record.parent is None else self.names.short(record.parent)
        first = Row(head(connection, record, utc=self.options.utc, parent=parent), "┌", 4)
        block = self._scope_block(first, record, connection, record.scope)
        if not self._begun:
            self._begun = True
            return [block]
        return [_BLANK, block]

    def _inner_scope(self, record: ScopeRecord, connection: Connection) -> list[RenderableType]:
        outer = connection.layers.get(record.inside or 0)
        changes = changed_keys(record.scope, None if outer is None else outer.scope)
        first = Row([(Own("▸ "), "quiet"), *layer_name(record.layer, connection)])
        return [self._scope_block(first, record, connection, changes)]

    def _scope_block(self, first: Row, record: ScopeRecord, connection: Connection, scope: object) -> Block:
        if not self.options.show_scope or scope == {}:
            return self._block(record, connection, lambda width: [first])
        shape = self._shape(record.conn)
        return self._block(record, connection, lambda width: _scope_rows(first, scope, shape, width))

    # --- messages ---

    def _message(self, record: ReceiveRecord | SendRecord, connection: Connection, talk: Talk) -> Block:
        before = self._before(record, connection)
        if record.message is UNSET:
            if record.same is None:
                return self._line(
                    record, connection, [*before, *events.without_message(record), *events.waited(record)]
                )
            kind = talk.types.get(record.n) or f"message {record.same}"
            return self._line(record, connection, [*before, *data(kind, "type", 200), ("  unchanged", "quiet")])
        if events.is_normal_end(record, connection):
            words: Line = [("http.disconnect", "quiet"), ("  after the complete response", "quiet")]
            return self._line(record, connection, [*before, *words, *events.waited(record)])
        content_type = talk.request_type if isinstance(record, ReceiveRecord) else talk.response_type
        message, shape = record.message, self._shape(record.conn, content_type)
        after = [*events.departure(record), *events.waited(record)]
        return self._block(record, connection, lambda width: message_rows(before, message, after, shape, width))

    def _before(self, record: ReceiveRecord | SendRecord, connection: Connection) -> Line:
        line = [arrow(record), (" ", ""), (offset(record.t_us), "time"), ("  ", "")]
        if record.layer:
            line += [*layer_name(record.layer, connection), ("  ", "")]
        return line

    def finding(self, finding: Finding, *, again: bool) -> Block:
        return live_block(finding, self.names.gutter(finding.conn), again=again)

    # --- the end ---

    def cut_off(self, connection: Connection, record: ExitRecord) -> Block:
        last = Row(cut_off(connection), "└", 4)
        return Block(lambda width: [last], self.names.gutter(connection.conn))

    def _end(self, record: EndRecord, connection: Connection) -> Block:
        last = Row(ending(connection, record, message=False), "└", 4)
        error = None if is_unsupported_lifespan(connection, record) else record.error
        if error is None:
            return self._block(record, connection, lambda width: [last])
        all_frames = self.options.library_frames
        return self._block(record, connection, lambda width: [*map(Row, traceback(error, all_frames=all_frames)), last])

    def _inner_end(self, record: EndRecord, connection: Connection) -> Block:
        name = layer_name(record.layer, connection)
        return self._line(record, connection, [(Own("◂ "), "quiet"), *name, (" ", ""), *inner_ending(record)])


def _scope_rows(first: Row, scope: object, shape: Shape, width: int) -> Iterator[Row]:
    yield first
    yield from map(Row, scope_lines(scope, Room(shape.max_lines, width), shape.hint))


def _moved_in(rows_at: Callable[[int], Iterable[Row]], depth: int, width: int) -> Iterator[Row]:
    blanks = "  " * depth
    for row in rows_at(max(1, width - len(blanks))):
        hang = None if row.hang is None else row.hang + len(blanks)
        yield row._replace(line=indented(row.line, blanks), hang=hang)
