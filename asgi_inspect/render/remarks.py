"""The records that belong to no connection, each as one quiet line."""

from typing import Final, TypeAlias, assert_never

from ..trace.records import ExitRecord, LoopRecord, LostRecord, ProcessRecord, SkippedRecord
from ..views.spans import Line, Own, plural, size_text
from .endings import ended_how
from .errors import culprit, place
from .fields import data
from .heads import joined
from .names import Names
from .units import clock, day, duration

Remark: TypeAlias = ProcessRecord | LoopRecord | LostRecord | SkippedRecord | ExitRecord

REMARKS: Final = (ProcessRecord, LoopRecord, LostRecord, SkippedRecord, ExitRecord)


def remark(record: Remark, names: Names, first: ProcessRecord | None, *, utc: bool) -> Line:
    """The record in words. `first`: the process that was met first, of which the later ones say only how they differ."""
    return [(Own("── "), "quiet"), (clock(record.at, utc=utc), "time"), ("  ", ""), *_words(record, names, first, utc)]


def _words(record: Remark, names: Names, first: ProcessRecord | None, utc: bool) -> Line:
    match record:
        case ProcessRecord():
            return _process(record, first, utc)
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


def _process(record: ProcessRecord, first: ProcessRecord | None, utc: bool) -> Line:
    why = "" if record.why == "start" else f" ({record.why})"
    circumstances = _circumstances(record, utc)
    if first is None or first.proc == record.proc:
        said = [f"process {record.pid}{why}", *circumstances]
    else:
        known = _circumstances(first, utc)
        said = [f"new worker {record.pid}{why}", *(text for text in circumstances if text not in known)]
    return joined([data(text, "remark", 200) for text in said])


def _circumstances(record: ProcessRecord, utc: bool) -> list[str]:
    """The application, the server, the versions, the day."""
    said = [text for text in (record.app, record.server) if text]
    python = (
        f"Python {record.python}" if record.python[:1].isdigit() else record.python
    )  # it may name its implementation
    return [*said, python, f"asgi-inspect {record.asgi_inspect}", day(record.at, utc=utc)]


def _exit(record: ExitRecord, names: Names) -> Line:
    kind = "worker" if names.several else "process"
    how = "is gone" if record.status is None else ended_how(record.status)
    line: Line = [
        (f"{kind} {names.process(record.proc)} ", "remark"),
        (how, "warning" if record.status else "remark"),
    ]
    return [*line, (f", {plural(record.open, 'connection')} open", "warning")] if record.open else line


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
