"""When a connection's steps were taken, counted from the call of the application: a line a step.

"Answered" is not "returned": what an application does after its response is complete is background work to its client.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ..trace.body import WholeBody, messages_of
from ..trace.connection import Connection
from ..trace.messages import ends_body, ends_trailers, message_type
from ..trace.records import EndRecord, ExitRecord, PendingRecord, ReceiveRecord, SendRecord, SentRecord
from ..views.spans import Line, plural
from .block import Row
from .endings import ended_how
from .errors import culprit, place
from .fields import data
from .units import duration
from .view import OFFSET_WIDTH, offset

_BACKGROUND_US: Final = 1_000  # between the end of the response and that of the application
_WAITED_US: Final = 1_000
_MOST_PENDING: Final = 5
_ENDS: Final = {
    "returned": "application returned",
    "raised": "application raised",
    "cancelled": "application cancelled",
}


class Step(NamedTuple):
    """What happened, when, and what else there is to say."""

    label: str
    t_us: int | None
    remark: Line


def timing_rows(steps: list[Step]) -> Iterator[Row]:
    """The steps, their times below each other."""
    widest = max((len(step.label) for step in steps), default=0)
    for label, t_us, remark in steps:
        time = " " * OFFSET_WIDTH if t_us is None else offset(t_us)
        line: Line = [(label.ljust(widest), "quiet"), ("  ", ""), (time, "time")]
        yield Row([*line, ("  ", ""), *remark] if remark else line, hang=widest + OFFSET_WIDTH + 4)


def http_steps(connection: Connection, request: WholeBody, response: WholeBody, gone: ExitRecord | None) -> list[Step]:
    """The steps of a request and its response."""
    steps = [*_received(connection, request), *_answered(connection, response), *_client_left(connection)]
    steps.sort(key=lambda step: step.t_us or 0)
    return [*steps, *slow_sends(connection), *last_steps(connection, gone)]


def _received(connection: Connection, request: WholeBody) -> Iterator[Step]:
    if not request.size or not request.pieces:
        return
    waited = sum(
        record.wait_us
        for record, message in messages_of(connection)
        if isinstance(record, ReceiveRecord) and message_type(message) == "http.request"
    )
    remark = [f"in {plural(len(request.pieces), 'message')}"] if len(request.pieces) > 1 else []
    remark += [f"waited {duration(waited)} for it"] if waited >= _WAITED_US else []
    label = "request body received" if request.ended else "request body until"
    yield Step(label, request.pieces[-1].t_us, [(", ".join(remark), "quiet")] if remark else [])


def _answered(connection: Connection, response: WholeBody) -> Iterator[Step]:
    if connection.answered_us is not None:
        yield Step("answered at", connection.answered_us, [])
    full = [piece for piece in response.pieces if piece.size]
    if not full:
        return
    if len(full) == 1 and response.ended:
        yield Step("body sent", full[0].t_us, [])
        return
    yield Step("first body byte", full[0].t_us, [])
    label = "last body byte" if response.ended else "body until"
    yield Step(label, full[-1].t_us, [(f"in {plural(len(full), 'message')}", "quiet")])


def _client_left(connection: Connection) -> Iterator[Step]:
    if not connection.disconnected:
        return
    for record, message in messages_of(connection):
        if isinstance(record, ReceiveRecord) and message_type(message) == "http.disconnect":
            yield Step("client left", record.t_us, [("before the response was complete", "warning")])
            return


def slow_sends(connection: Connection) -> Iterator[Step]:
    """How long sends took that did not return at once."""
    took = [event.took_us for event in connection.events if isinstance(event, SentRecord) and not event.layer]
    if took:
        remark = f"{plural(len(took), 'send')} took {duration(sum(took))}"
        remark += f", the longest {duration(max(took))}" if len(took) > 1 else ""
        yield Step("slow sends", None, [(remark, "warning")])


def last_steps(connection: Connection, gone: ExitRecord | None) -> Iterator[Step]:
    """How it ended, or where it stood when the trace did."""
    end = connection.end
    if end is not None:
        yield Step(_ENDS[end.outcome], end.t_us, _background(connection, end))
        return
    yield from _pending(connection)
    if gone is None:
        yield Step("still open", connection.last_us, [("where the trace ends", "warning")])
    else:
        how = ended_how(gone.status or 0) if gone.status is not None else "is gone"
        yield Step("cut off", connection.last_us, [(f"its process {how}", "warning")])


def _background(connection: Connection, end: EndRecord) -> Line:
    """The time between the end of the response and that of the application."""
    complete = _completed_us(connection)
    if complete is None or end.t_us - complete < _BACKGROUND_US or connection.type != "http":
        return []
    return [(f"{duration(end.t_us - complete)} after the response was complete: background work", "quiet")]


def _completed_us(connection: Connection) -> int | None:
    """When the response's last message was handed over."""
    if not connection.complete:
        return None
    last = None
    for record, message in messages_of(connection):
        if isinstance(record, SendRecord) and (ends_body(message) or ends_trailers(message)):
            last = record
    if last is None:
        return None
    sent = (event for event in connection.events if isinstance(event, SentRecord) and event.of == last.n)
    return max([last.t_us, *(event.t_us for event in sent)])


def _pending(connection: Connection) -> Iterator[Step]:
    """The calls that had not returned when last looked at, of a connection without an end."""
    pending = [event for event in connection.events if isinstance(event, PendingRecord)]
    for event in pending[-_MOST_PENDING:]:
        what = f"in {event.call}()" if event.call is not None else "waiting"
        frame = culprit(event.frames)
        where: Line = [] if frame is None else [(" at ", "quiet"), *data(place(frame), "warning", 500)]
        yield Step("not returned", event.started_us, [(what, "warning"), *where])
