"""What happened beside the messages, in words: a wait, a call that was cancelled, took long, or is still open."""

from typing import Final

from ..trace.connection import Connection
from ..trace.messages import message_type
from ..trace.records import PendingRecord, ReceiveRecord, SendRecord, SentRecord
from ..views.spans import Line
from .errors import culprit, place, summary
from .fields import data
from .units import duration

_WORTH_SAYING_US: Final = 1_000  # a shorter wait is none
_LONG_US: Final = 100_000


def waited(record: ReceiveRecord | SendRecord) -> Line:
    """How long the application waited for the message, if it did."""
    if isinstance(record, SendRecord) or record.wait_us < _WORTH_SAYING_US:
        return []
    return [("  ", ""), (f"waited {duration(record.wait_us)}", "quiet")]


def without_message(record: ReceiveRecord | SendRecord) -> Line:
    """A receive that was cancelled (normal life) or raised."""
    if isinstance(record, SendRecord):
        return [("send() without a message", "warning")]
    if record.error is not None:
        return [("receive() raised ", "error"), *summary(record.error)]
    return [(f"receive() {record.outcome or 'without a message'}", "quiet")]


def departure(record: ReceiveRecord | SendRecord) -> Line:
    """That the client left, where that is what a message says (and no normal end)."""
    return [("  ", ""), ("the client left", "warning")] if message_type(record.message) == "http.disconnect" else []


def is_normal_end(record: ReceiveRecord | SendRecord, connection: Connection) -> bool:
    """Whether this is the disconnect that follows a complete response, which is how connections end, and no trouble."""
    return message_type(record.message) == "http.disconnect" and not connection.disconnected


def sent(record: SentRecord, kind: str | None) -> Line:
    """A send that took long, was cancelled, or raised; `kind` is the type of what was sent."""
    style = "warning" if record.took_us >= _LONG_US else "quiet"
    what = data(kind, "quiet", 100) if kind else [(f"send number {record.of}", "quiet")]
    line = [*what, (f" took {duration(record.took_us)}", style)]
    if record.error is not None:
        return [*line, (" and raised ", "error"), *summary(record.error)]
    return [*line, (f" and was {record.outcome}", "warning")] if record.outcome is not None else line


def pending(record: PendingRecord) -> Line:
    """A call that has not returned yet, and where it sits."""
    what = f"still in {record.call}()" if record.call is not None else "still waiting"
    line: Line = [(f"{what} since +{duration(record.started_us)}", "warning")]
    frame = culprit(record.frames)
    return line if frame is None else [*line, (" at ", "quiet"), *data(place(frame), "warning", 500)]
