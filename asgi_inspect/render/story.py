"""One connection in full, on one page: what the Network panel has under Headers, Payload, Response and Timing.

Bodies are whole here, put together from their messages and decoded; the messages themselves, one by one, are the other
formats' business. Sections that have nothing to say are left out.
"""

import bisect
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any, Final

from msgspec import structs
from rich.console import RenderableType

from ..trace.body import WholeBody, body_of, messages_of, response_start, socket_messages
from ..trace.connection import Connection
from ..trace.messages import address, as_text, field, is_start, message_type
from ..trace.records import ExitRecord, ProcessRecord, ReceiveRecord, SendRecord
from ..views import Body, Room, events
from ..views.form import fields
from ..views.spans import Line, Own, Shown, indented, left_out, plural, size_text, take
from .block import Block, Row
from .dialogue import lifespan_steps, socket_rows, socket_steps
from .errors import traceback
from .fields import data, scope_lines, short_value
from .heads import cut_off, ending, inner_ending, is_unsupported_lifespan, joined, status_line, title
from .layers import depth_of, layer_name
from .messages import Shape, message_rows
from .options import ViewOptions
from .sections import (
    INDENT,
    Rows,
    headers_rows,
    kind_of,
    labelled,
    lines_rows,
    notes_rows,
    section,
    section_rows,
    shown_body,
    sizes,
    titled,
)
from .timing import Step, http_steps, last_steps, slow_sends, timing_rows
from .units import clock, day, duration, moment
from .view import OFFSET_WIDTH, arrow, offset

# What has a place of its own on the page.
_TOLD: Final = frozenset(
    {
        "http.request",
        "http.disconnect",
        "http.response.body",
        "http.response.pathsend",
        "http.response.zerocopysend",
        "http.response.trailers",
        "websocket.connect",
        "websocket.accept",
        "websocket.receive",
        "websocket.send",
        "websocket.close",
        "websocket.disconnect",
        "websocket.http.response.body",
        "lifespan.startup",
        "lifespan.startup.complete",
        "lifespan.startup.failed",
        "lifespan.shutdown",
        "lifespan.shutdown.complete",
        "lifespan.shutdown.failed",
    }
)
_KNOWN_TYPES: Final = ("http", "websocket", "lifespan")
_LONGEST: Final = 500  # characters of a value on one line
_MOST_GAPS: Final = 5
_MOST_NAMES: Final = 4
_MOST_LAYERS: Final = 100
_MOST_OTHERS: Final = 100


def story(
    connection: Connection, process: ProcessRecord | None, options: ViewOptions, *, gone: ExitRecord | None = None
) -> Iterable[RenderableType]:
    """One connection as a page.

    process: the record of its process, where it was met. gone: how that process ended, if it did so before the connection.
    """
    return _Story(connection, process, options, gone).blocks()


class _Story:
    """A connection, and how it is to be told."""

    def __init__(
        self, connection: Connection, process: ProcessRecord | None, options: ViewOptions, gone: ExitRecord | None
    ) -> None:
        self._connection = connection
        self._process = process
        self._options = options
        self._gone = gone
        self._start = response_start(connection)
        self._hint = None if options.hint is None else options.hint.replace("{conn}", connection.conn[:_LONGEST])

    def blocks(self) -> Iterator[RenderableType]:
        """The page, section by section."""
        lines = [self._head(), self._verdict()]
        yield Block(lambda width: [Row(line) for line in lines])
        yield section(titled("General"), labelled(self._general()))
        match self._connection.type:
            case "http":
                yield from self._http()
            case "websocket":
                yield from self._websocket()
            case "lifespan":
                yield from self._timing([*lifespan_steps(self._connection), *self._last_steps()])
            case _:
                yield from self._unknown()
        yield from self._error()
        yield from self._layers()

    # --- what it was ---

    def _head(self) -> Line:
        return title(self._connection)

    def _verdict(self) -> Line:
        connection = self._connection
        if connection.end is not None:
            said_below = structs.replace(connection.end, route=None, endpoint=None)
            return ending(connection, said_below, message=True)
        if self._gone is not None:
            return cut_off(connection)
        status = [] if connection.status is None else [status_line(connection.status)]
        return joined([[("still open", "warning")], *status, [(duration(connection.last_us), "quiet")]])

    def _general(self) -> Iterator[tuple[str, Line]]:
        connection, scope = self._connection, self._connection.scope
        yield "id", data(connection.conn, "text", _LONGEST)
        if connection.at is not None:
            utc = self._options.utc
            yield "started", [(f"{day(connection.at, utc=utc)} {clock(connection.at, utc=utc)}", "text")]
        if self._process is not None:
            yield "process", _process(self._process)
        yield "client", _text(connection.client)
        yield "server", _text(address(field(scope, "server")))
        yield "scheme", _text(_unusual_scheme(scope))
        yield "root path", _text(as_text(field(scope, "root_path")))
        yield from self._outcome()
        yield from self._scope_extras(scope)
        if connection.end is not None and connection.end.scope_changes:
            yield (
                "changed",
                [(Own("by the application, in the scope: "), "quiet"), *self._names(connection.end.scope_changes)],
            )
        if gaps := connection.gaps:
            yield "lost", [(_gaps(gaps, connection.lost), "warning")]

    def _outcome(self) -> Iterator[tuple[str, Line]]:
        end, outermost = self._connection.end, self._connection.layers.get(0)
        if end is not None:
            yield "route", _text(end.route)
            yield "endpoint", _text(end.endpoint)
        if outermost is not None and outermost.parent is not None:
            yield "called by", _text(outermost.parent)
        if outermost is not None and outermost.sample is not None:
            yield "sampled at", _text(f"{outermost.sample:g}")

    def _scope_extras(self, scope: Any) -> Iterator[tuple[str, Line]]:
        for name in ("subprotocols", "extensions", "state"):
            value = field(scope, name)
            if value is None or (type(value) in (dict, list, tuple) and not value):
                continue
            flat = None if name == "extensions" else short_value(value, _LONGEST)
            yield (
                name,
                flat or (self._names(list(map(as_text, value))) if type(value) is dict else [(Own("…"), "mark")]),
            )

    def _names(self, names: list[str]) -> Line:
        """The first of many names, where not everything is asked for."""
        most = len(names) if self._options.max_lines is None else _MOST_NAMES
        said = data(", ".join(names[:most]), "text", _LONGEST)
        return [*said, (f" and {len(names) - most} more", "quiet")] if len(names) > most else said

    # --- HTTP ---

    def _http(self) -> Iterator[RenderableType]:
        request, response = body_of(self._connection, "request"), body_of(self._connection, "response")
        yield from self._asked()
        yield from self._body("Request body", request)
        yield from self._others()
        yield from self._answer(response)
        yield from self._timing(http_steps(self._connection, request, response, self._gone))

    def _asked(self) -> Iterator[RenderableType]:
        scope = self._connection.scope
        if scope is None:
            return
        yield section(titled("Request"), _line(_request_line(self._connection)), self._headers(field(scope, "headers")))
        query = self._connection.query
        if query and ("&" in query or "%" in query or "+" in query):
            yield section(titled("Query"), lambda width: lines_rows(fields(query, self._room(width)), self._hint))

    def _answer(self, response: WholeBody) -> Iterator[RenderableType]:
        if self._start is not None:
            message = self._start[1]
            yield section(
                titled("Response"),
                _line(status_line(field(message, "status"))),
                self._headers(field(message, "headers")),
            )
        yield from self._body("Response body", response)
        for _, message in messages_of(self._connection):
            if message_type(message) == "http.response.trailers":
                yield section(titled("Trailers"), self._headers(field(message, "headers")))

    def _headers(self, headers: Any) -> Rows:
        if headers is None:
            return _line([("no headers", "quiet")])
        return headers_rows(headers, self._options.max_lines, self._hint)

    # --- bodies ---

    def _body(self, name: str, body: WholeBody) -> Iterator[RenderableType]:
        if not body.size and not body.notes:
            return
        size: Line = [(Own(sizes(body)), "size")]
        if not self._options.show_body or not body.data:
            yield section(titled(name, size), notes_rows(body))
            return
        yield Block(lambda width: self._body_rows(name, size, body, width))

    def _body_rows(self, name: str, size: Line, body: WholeBody, width: int) -> Iterable[Row]:
        """What kind of body it is stands in the title, and only its view can tell."""
        shown = self._content(body, self._room(max(1, width - len(INDENT))))
        title = [*titled(name, size), (f"  {kind_of(shown, body.content_type)}", "size")]
        hint = None if self._hint is None else self._hint.replace("--raw", f"--body {name.partition(' ')[0].lower()}")
        return section_rows(title, (lambda _: lines_rows(shown, hint), notes_rows(body)), width)

    def _content(self, body: WholeBody, room: Room) -> Shown:
        if len(body.pieces) > 1 and events.is_event_stream(Body(body.data, len(body.data), body.content_type)):
            taken, left = take(_timed_events(body), room)
            return Shown("events", taken, left_out(left) if left else None)
        return shown_body(body, room)

    def _room(self, width: int) -> Room:
        return Room(self._options.max_lines, width)

    # --- WebSocket ---

    def _websocket(self) -> Iterator[RenderableType]:
        connection, options = self._connection, self._options
        yield from self._asked()
        for _, message in messages_of(connection):
            if message_type(message) == "websocket.accept":
                yield from self._accepted(message)
        yield from self._others()
        yield from self._answer(body_of(connection, "response"))
        count = sum(1 for _ in socket_messages(connection))
        if count:
            said: Line = [(_in_and_out(connection), "size")]
            yield section(
                titled("Messages", [(f"{count:,}", "size")], said),
                lambda width: socket_rows(connection, self._room(width), self._hint, show_body=options.show_body),
            )
        steps = [*socket_steps(connection), *slow_sends(connection), *self._last_steps()]
        yield from self._timing(steps)

    def _accepted(self, message: Any) -> Iterator[RenderableType]:
        subprotocol, headers = as_text(field(message, "subprotocol")), field(message, "headers")
        if subprotocol or headers:
            chosen = labelled([("subprotocol", _text(subprotocol))])
            yield section(titled("Accepted"), chosen, *([self._headers(headers)] if headers else []))

    # --- what else there may be ---

    def _unknown(self) -> Iterator[RenderableType]:
        scope = self._connection.scope
        if scope is not None:
            yield section(titled("Scope"), lambda width: map(Row, scope_lines(scope, self._room(width), self._hint)))
        yield from self._others()
        yield from self._timing([*self._last_steps()])

    def _others(self) -> Iterator[RenderableType]:
        """The messages that have no place of their own: early hints, pushes, and whatever nobody has heard of."""
        found = [
            (record, message) for record, message in messages_of(self._connection) if self._is_other(record, message)
        ]
        if not found:
            return
        parts = [self._message(record, message) for record, message in found[:_MOST_OTHERS]]
        missing = len(found) - len(parts)
        rest = [_line([(f"and {plural(missing, 'more message')}", "quiet")])] if missing else []
        yield section(titled("Other messages"), *parts, *rest)

    def _is_other(self, record: ReceiveRecord | SendRecord, message: Any) -> bool:
        if is_start(message):
            return self._start is None or self._start[0].n != record.n
        return message_type(message) not in _TOLD or self._connection.type not in _KNOWN_TYPES

    def _message(self, record: ReceiveRecord | SendRecord, message: Any) -> Rows:
        before: Line = [arrow(record), (" ", ""), (offset(record.t_us), "time"), ("  ", "")]
        shape = Shape(None, self._options.show_body, self._options.max_lines, self._hint)
        return lambda width: message_rows(before, message, [], shape, width)

    def _last_steps(self) -> Iterator[Step]:
        return last_steps(self._connection, self._gone)

    def _timing(self, steps: list[Step]) -> Iterator[RenderableType]:
        if steps:
            yield section(titled("Timing"), lambda width: timing_rows(steps))

    def _error(self) -> Iterator[RenderableType]:
        end, error = self._connection.end, self._connection.error
        if end is not None and error is not None and not is_unsupported_lifespan(self._connection, end):
            all_frames = self._options.library_frames
            yield section(titled("Exception"), lambda width: map(Row, traceback(error, all_frames=all_frames)))

    def _layers(self) -> Iterator[RenderableType]:
        inner = sorted(layer for layer in self._connection.layers if layer)
        if not inner:
            return
        lines = [self._layer(layer) for layer in inner[:_MOST_LAYERS]]
        missing = len(inner) - len(lines)
        rest = [_line([(f"and {plural(missing, 'more layer')}", "quiet")])] if missing else []
        yield section(titled("Layers"), *map(_line, lines), *rest)

    def _layer(self, layer: int) -> Line:
        record, end = self._connection.layers[layer], self._connection.ends.get(layer)
        entered = _between(self._connection.at, record.at)
        line = indented(
            [(Own("▸ "), "quiet"), *layer_name(layer, self._connection)], "  " * (depth_of(layer, self._connection) - 1)
        )
        if entered is not None:
            line.append((f"  from +{duration(entered)}", "time"))
        if end is None:
            return line
        line += [(f" to +{duration(end.t_us)}", "time"), ("  ", ""), *inner_ending(end)]
        return [*line, (f"  {end.route}"[:_LONGEST], "quiet")] if end.route is not None else line


def _line(line: Line) -> Rows:
    return lambda width: [Row(line)]


def _text(text: str | None) -> Line:
    return data(text, "text", _LONGEST) if text else []


def _process(process: ProcessRecord) -> Line:
    said = [text for text in (process.server, process.app) if text]
    return joined(
        [
            [((f"{process.pid} on {process.host}" if process.host else str(process.pid))[:_LONGEST], "text")],
            *(data(text, "quiet", 200) for text in said),
        ]
    )


def _unusual_scheme(scope: Any) -> str:
    scheme = as_text(field(scope, "scheme"))
    return "" if scheme in ("http", "ws") else scheme


def _request_line(connection: Connection) -> Line:
    """As it was sent: the path as it stood on the wire, where that is known."""
    raw = as_text(field(connection.scope, "raw_path")) or connection.path or ""
    line: Line = [*data(connection.method or "GET", "method", 100), (" ", ""), *data(raw, "path")]
    line += [("?", "quiet"), *data(connection.query, "query")] if connection.query else []
    return [*line, (f" HTTP/{connection.http_version}"[:_LONGEST], "quiet")] if connection.http_version else line


def _gaps(gaps: list[range], lost: int) -> str:
    said = ", ".join(str(gap.start) if len(gap) == 1 else f"{gap.start} to {gap.stop - 1}" for gap in gaps[:_MOST_GAPS])
    return f"{plural(lost, 'record')} of this connection not in the trace: {said}" + (
        " ..." if len(gaps) > _MOST_GAPS else ""
    )


def _in_and_out(connection: Connection) -> str:
    return f"{size_text(connection.request_bytes)} in, {size_text(connection.response_bytes)} out"


def _between(begin: str | None, end: str) -> int | None:
    """From one time stamp to another, in microseconds."""
    first, second = moment(begin or ""), moment(end)
    return None if first is None or second is None else round((second - first).total_seconds() * 1_000_000)


def _timed_events(body: WholeBody) -> Iterator[Line]:
    """The events, each behind the time at which its last byte was sent."""
    ends = list(accumulate(piece.decoded for piece in body.pieces))
    blanks = " " * (OFFSET_WIDTH + 2)
    for event in events.split(body.data):
        at = min(bisect.bisect_right(ends, event.end), len(ends) - 1)
        for number, line in enumerate(event.lines):
            before = (blanks, "") if number else (offset(body.pieces[at].t_us) + "  ", "time")
            yield [before, *line]
