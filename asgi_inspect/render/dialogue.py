"""The messages of a WebSocket one after the other, and the steps of a lifespan."""

from collections.abc import Iterator
from typing import Final

from ..trace.body import SocketMessage, messages_of, socket_messages
from ..trace.connection import Connection
from ..trace.messages import as_text, close_of, field, message_type
from ..trace.records import ReceiveRecord
from ..views import Body, Room, show
from ..views.spans import Line, Own, columns_of, indented, plural, size_text
from .block import Row
from .fields import data, more
from .sections import kind_of
from .timing import Step
from .units import duration
from .view import OFFSET_WIDTH, offset

_SHARE: Final = 5  # of the room, for one message among many
_ROOMS: Final = 4  # for all of them
_LEAST_LINES: Final = 4
_CONTENT_AT: Final = 2 + OFFSET_WIDTH + 2
_LONGEST_REASON: Final = 500


def socket_rows(connection: Connection, room: Room, hint: str | None, *, show_body: bool) -> Iterator[Row]:
    """Each message with its direction, time, size and content."""
    of_one = Room(None if room.lines is None else max(_LEAST_LINES, room.lines // _SHARE), room.width - _CONTENT_AT)
    left = None if room.lines is None else room.lines * _ROOMS
    messages = socket_messages(connection)
    for message in messages:
        rows = list(_message_rows(message, of_one, hint, show_body))
        yield from rows
        if left is not None:
            left -= len(rows)
            if left <= 0 and (missing := sum(1 for _ in messages)):
                yield Row(more(plural(missing, "more message"), hint))
                return


def _message_rows(message: SocketMessage, room: Room, hint: str | None, show_body: bool) -> Iterator[Row]:
    line: Line = [(Own("→"), "receive") if message.sender == "client" else (Own("←"), "send"), (" ", "")]
    line += [(offset(message.t_us), "time"), ("  ", "")]
    if not show_body or not message.data:
        yield Row([*line, (_described(message, ""), "size")])
        return
    shown = show(Body(message.data, message.size, stands_for=message.size - message.missing), room)
    first = [(_described(message, "" if shown.kind == "text" else kind_of(shown, None)), "size")]
    whole = shown.rest is None and not message.missing
    if whole and len(shown.lines) == 1 and columns_of(shown.lines[0]) + columns_of(first) + 2 <= room.width:
        yield Row([*line, *first, ("  ", ""), *shown.lines[0]])
        return
    yield Row([*line, *first])
    for shown_line in shown.lines:
        yield Row(indented(shown_line, " " * _CONTENT_AT))
    said = [shown.rest] if shown.rest else []
    said += [f"{size_text(message.missing)} not kept"] if message.missing else []
    if said:
        yield Row(indented(more(" and ".join(said), None if shown.kind == "binary" else hint), " " * _CONTENT_AT))


def _described(message: SocketMessage, kind: str) -> str:
    said = f"{message.kind} {size_text(message.size)}"
    if message.size > 0 and not message.data:
        said += ", not kept"
    return f"{said} {kind}" if kind and kind != "binary" else said


def socket_steps(connection: Connection) -> Iterator[Step]:
    """When it was accepted, when the first and the last message passed, who closed it and how."""
    if connection.answered_us is not None:
        yield Step("accepted at" if connection.accepted else "answered at", connection.answered_us, [])
    times = [message.t_us for message in socket_messages(connection)]
    if times:
        yield Step("first message", times[0], [])
    if len(times) > 1:
        yield Step("last message", times[-1], [(f"of {len(times):,}", "quiet")])
    for record, message in messages_of(connection):
        close = close_of(message)
        if close is not None:
            who = "client" if isinstance(record, ReceiveRecord) else "application"
            code = "" if close.code is None else str(close.code)[:20]
            reason = data(f"{close.reason}", "text", _LONGEST_REASON) if close.reason else []
            yield Step(f"{who} closed", record.t_us, [(code, "text"), (" " if reason else "", ""), *reason])


def lifespan_steps(connection: Connection) -> Iterator[Step]:
    """Startup and shutdown: when they were asked for, how long they took, what was said where they failed."""
    asked: dict[str, int] = {}
    for record, message in messages_of(connection):
        kind = message_type(message)
        phase, _, result = kind.removeprefix("lifespan.").partition(".")
        if not kind.startswith("lifespan.") or phase not in ("startup", "shutdown"):
            continue
        if not result:
            asked[phase] = record.t_us
            yield Step(f"{phase} asked", record.t_us, [])
            continue
        took = record.t_us - asked.get(phase, record.t_us)
        remark: Line = [(f"took {duration(took)}", "quiet" if result == "complete" else "error")]
        why = as_text(field(message, "message")).strip()
        if why:
            remark += [(": ", "quiet"), *data(why.rpartition("\n")[2], "error", _LONGEST_REASON)]
        yield Step(f"{phase} {result}"[:40], record.t_us, remark)
