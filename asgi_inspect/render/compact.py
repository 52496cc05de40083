"""The short format: one line a record, for busy servers and for grep. On a screen it is clipped, into a pipe it goes whole."""

from collections.abc import Iterable
from typing import Any, Final, assert_never

from msgspec import UNSET
from rich.console import RenderableType

from ..lint.finding import Finding
from ..trace.connection import Connection
from ..trace.messages import close_of, message_type, payload_of
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
from ..values import Redacted, Truncated
from ..views import Body, Room
from ..views import text as text_view
from ..views.layout import integer_text
from ..views.marks import mark
from ..views.spans import Line, Own
from . import events
from .block import Block, Row
from .errors import culprit, place
from .fields import body_of, body_size, data
from .findings import live_line
from .heads import cut_off, ending, inner_ending, status_line, title
from .layers import depth_of, layer_name
from .units import clock
from .view import Talk, View, arrow, offset

_PREVIEW: Final = 200  # characters of a body
_NO_CLOCK: Final = " " * 12


class CompactView(View):
    """Time, connection, direction, offset, and the message in a few words."""

    def show(self, record: ConnectionRecord, connection: Connection, talk: Talk) -> Iterable[RenderableType]:
        line = [*self._before(record, connection), *self._words(record, connection, talk)]
        return [Block(lambda width: [Row(line)], one_line=True)]

    def cut_off(self, connection: Connection, record: ExitRecord) -> Block:
        before = self._gutter(clock(record.at, utc=self.options.utc), connection.conn)
        line = [*before, (Own("└"), "quiet"), (" ", ""), *cut_off(connection)]
        return Block(lambda width: [Row(line)], one_line=True)

    def finding(self, finding: Finding, *, again: bool) -> Block:
        return live_line(finding, self._gutter(_NO_CLOCK, finding.conn))

    def _before(self, record: ConnectionRecord, connection: Connection) -> Line:
        t_us = 0 if isinstance(record, ScopeRecord | PendingRecord) else record.t_us
        time = _NO_CLOCK if connection.at is None else clock(connection.at, utc=self.options.utc, plus_us=t_us)
        return self._gutter(time, record.conn)

    def _gutter(self, time: str, conn: str) -> Line:
        gutter = self.names.gutter(conn)
        return [(time, "time"), (" ", ""), (gutter.label, gutter.style), (" ", "")]

    def _words(self, record: ConnectionRecord, connection: Connection, talk: Talk) -> Line:
        if record.layer:
            return [
                (Own("·"), "quiet"),
                ("  " * depth_of(record.layer, connection), ""),
                *self._inner(record, connection, talk),
            ]
        return self._outer(record, connection, talk)

    def _inner(self, record: ConnectionRecord, connection: Connection, talk: Talk) -> Line:
        name = layer_name(record.layer, connection)
        if isinstance(record, ScopeRecord):
            return [(Own("▸ "), "quiet"), *name]
        if isinstance(record, EndRecord):
            return [(Own("◂ "), "quiet"), *name, (" ", ""), *inner_ending(record)]
        return [*name, (" ", ""), *self._outer(record, connection, talk)]

    def _outer(self, record: ConnectionRecord, connection: Connection, talk: Talk) -> Line:
        match record:
            case ScopeRecord():
                return [(Own("┌"), "quiet"), (" ", ""), *title(connection), *_from(connection)]
            case ReceiveRecord() | SendRecord():
                return self._message(record, connection, talk)
            case SentRecord():
                return [("  ", ""), *events.sent(record, talk.types.get(record.of))]
            case PendingRecord():
                return [("  ", ""), *events.pending(record)]
            case EndRecord():
                return [(Own("└"), "quiet"), (" ", ""), *ending(connection, record, message=True), *_raised_at(record)]
            case _:
                assert_never(record)

    def _message(self, record: ReceiveRecord | SendRecord, connection: Connection, talk: Talk) -> Line:
        line = [arrow(record), (" ", ""), (offset(record.t_us), "time"), (" ", "")]
        if record.message is UNSET and record.same is None:
            return [*line, *events.without_message(record)]
        kind = talk.types.get(record.n) or "message"
        style = "quiet" if events.is_normal_end(record, connection) else "type"
        content_type = talk.request_type if isinstance(record, ReceiveRecord) else talk.response_type
        return [*line, *data(kind, style, 100), *self._gist(record.message, content_type)]

    def _gist(self, message: Any, content_type: str | None) -> Line:
        """The few words that tell this message from others of its type."""
        line: Line = []
        if message_type(message).endswith("response.start"):
            line += [(" ", ""), *status_line(message.get("status"))]
            line += [(f" {content_type[:100]}", "quiet")] if content_type else []
        close = close_of(message)
        if close is not None:
            code = "" if close.code is None else f" {integer_text(close.code)[:20]}"
            line += [(code, "quiet"), *data(f" {close.reason}" if close.reason else "", "quiet", _PREVIEW)]
        payload = payload_of(message)
        body = body_of(payload, content_type)
        if body is None:
            return [*line, *_withheld(payload)]
        line.append((f" {body_size(body)}", "size"))
        if type(message) is dict and message.get("more_body"):
            line.append((" more", "quiet"))
        return [*line, *_preview(body)] if self.options.show_body else line


def _from(connection: Connection) -> Line:
    said = [f"HTTP/{connection.http_version}"] if connection.http_version else []
    said += [connection.client] if connection.client else []
    return [(f" {text[:_PREVIEW]}", "quiet") for text in said]


def _withheld(payload: Any) -> Line:
    """A body of which nothing is there: how large it was, and why."""
    head = payload.head if type(payload) is Truncated else payload
    if type(head) is not Redacted:
        return []
    return [("  ", ""), *data(mark(head, why=True), "mark", _PREVIEW)]


def _preview(body: Body) -> Line:
    """The beginning of a text; of what is binary, nothing."""
    head = Body(body.data[: _PREVIEW * 4], body.size, body.content_type)
    shown = text_view.view(head, Room(None, _PREVIEW))
    if shown is None:
        return []
    text = "\n".join(piece for line in shown.lines for piece, _ in line)
    line: Line = [("  ", ""), (text[:_PREVIEW], "text")] if text else []
    return [*line, (Own("…"), "mark")] if line and (len(text) > _PREVIEW or body.size > len(head.data)) else line


def _raised_at(record: EndRecord) -> Line:
    frame = culprit(record.error.frames) if record.error is not None else None
    return [] if frame is None else [(" at ", "quiet"), *data(place(frame), "quiet", 500)]
