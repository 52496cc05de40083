"""The records that belong to no connection, each as one quiet line."""

from typing import Final, TypeAlias, assert_never

from ..trace.records import ExitRecord, LoopRecord, LostRecord, ProcessRecord, SkippedRecord
from ..views.spans import Line, Own, plural, size_text
from .errors import culprit, place
from .fields import data
from .heads import joined
from .names import Names
from .units import clock, day, duration

Remark: TypeAlias = ProcessRecord | LoopRecord | LostRecord | SkippedRecord | ExitRecord

REMARKS: Final = (ProcessRecord, LoopRecord, LostRecord, SkippedRecord, ExitRecord)


def remark(record: Remark, names: Names, *, utc: bool) -> Line:
    """The record in words."""
    return [(Own("── "), "quiet"), (clock(record.at, utc=utc), "time"), ("  ", ""), *_words(record, names, utc)]


def _words(record: Remark, names: Names, utc: bool) -> Line:
    match record:
        case ProcessRecord():
            return _process(record, utc)
        case LoopRecord():
            return _loop(record, names)
        case LostRecord():
            lost = f"{plural(record.records, 'record')} of {plural(record.conns, 'connection')} lost"
            return joined(
                [[(lost, "warning")], [(size_text(record.bytes), "warning")], data(record.why, "warning", 200)]
            )
        case SkippedRecord():
            skipped = f"{plural(record.conns, 'connection')} skipped"
            return joined([[(skipped, "remark")], data(record.why, "remark", 200)])
        case ExitRecord():
            return _exit(record, names)
        case _:
            assert_never(record)


def _process(record: ProcessRecord, utc: bool) -> Line:
    said = [f"process {record.pid}" if record.why == "start" else f"process {record.pid} ({record.why})"]
    said += [text for text in (record.app, record.server) if text]
    python = (
        f"Python {record.python}" if record.python[:1].isdigit() else record.python
    )  # it may name its implementation
    said += [python, f"asgi-inspect {record.asgi_inspect}", day(record.at, utc=utc)]
    return joined([data(text, "remark", 200) for text in said])


def _exit(record: ExitRecord, names: Names) -> Line:
    parts: list[Line] = [[(f"process {names.process(record.proc)} ended", "remark")]]
    if record.status is not None:
        how = f"status {record.status}" if record.status >= 0 else f"signal {-record.status}"
        parts.append([(how, "warning" if record.status else "remark")])
    if record.open:
        parts.append([(f"{plural(record.open, 'connection')} open", "warning")])
    return joined(parts)


def _loop(record: LoopRecord, names: Names) -> Line:
    parts: list[Line] = [[(f"the event loop stood still for {duration(record.blocked_us)}", "warning")]]
    frame = culprit(record.frames)
    if frame is not None:
        parts.append(data(place(frame), "warning", 500))
    if record.conn is not None:
        parts.append([(f"while serving {names.short(record.conn)}", "remark")])
    if record.waiting:
        parts.append([(f"{plural(len(record.waiting), 'connection')} waited", "remark")])
    return joined(parts)
