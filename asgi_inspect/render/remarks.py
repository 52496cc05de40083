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


class Processes:
    """What later lines about processes depend on: who came first, and who is there at the same time."""

    def __init__(self) -> None:
        self.first: ProcessRecord | None = None
        """The one that was met first in its run, of which the later ones say only how they differ."""
        self.workers = False
        """Whether there were ever several at once."""
        self.cut_off = 0
        """How many connections the last one to go has left without an end."""
        self.of_clients = 0
        """How many of these were no lifespan."""
        self._there: set[str] = set()

    def come(self, record: ProcessRecord) -> None:
        """Another one is there. Where nobody was, and its parent is another one too, a run begins anew."""
        if self.first is None or (not self._there and record.parent_pid != self.first.parent_pid):
            self.first = record
        self._there.add(record.proc)
        self.workers = self.workers or len(self._there) > 1

    def go(self, proc: str, *, cut_off: int, of_clients: int) -> None:
        """One has ended."""
        self._there.discard(proc)
        self.cut_off, self.of_clients = cut_off, of_clients


def remark(record: Remark, names: Names, processes: Processes, *, utc: bool) -> Line:
    """The record in words."""
    words = _words(record, names, processes, utc)
    return [(Own("── "), "quiet"), (clock(record.at, utc=utc), "time"), ("  ", ""), *words]


def _words(record: Remark, names: Names, processes: Processes, utc: bool) -> Line:
    match record:
        case ProcessRecord():
            return _process(record, processes, utc)
        case LoopRecord():
            return _loop(record, names)
        case LostRecord():
            lost = f"{plural(record.records, 'record')} of {plural(record.conns, 'connection')} lost"
            return joined(
                [[(lost, "warning")], [(size_text(record.bytes), "warning")], data(record.why, "warning", 200)]
            )
        case SkippedRecord():
            left_out = f"{plural(record.conns, 'connection')} left out"
            return joined([[(left_out, "remark")], data(record.why, "remark", 200)])
        case ExitRecord():
            return _exit(record, names, processes)
        case _:
            assert_never(record)


def _process(record: ProcessRecord, processes: Processes, utc: bool) -> Line:
    why = "" if record.why == "start" else f" ({record.why})"
    circumstances = _circumstances(record, utc)
    first = processes.first
    if first is None or first.proc == record.proc:
        said = [f"process {record.pid}{why}", *circumstances]
    else:
        kind = "worker" if processes.workers else "process"
        known = _circumstances(first, utc)
        said = [f"new {kind} {record.pid}{why}", *(text for text in circumstances if text not in known)]
    return joined([data(text, "remark", 200) for text in said])


def _circumstances(record: ProcessRecord, utc: bool) -> list[str]:
    """The application, the server, the versions, the day."""
    said = [text for text in (record.app, record.server) if text]
    python = (
        f"Python {record.python}" if record.python[:1].isdigit() else record.python
    )  # it may name its implementation
    return [*said, python, f"asgi-inspect {record.asgi_inspect}", day(record.at, utc=utc)]


def _exit(record: ExitRecord, names: Names, processes: Processes) -> Line:
    kind = "worker" if processes.workers else "process"
    how = ended_how(record.status or 0)
    if record.status is None and processes.cut_off:
        how = "is gone"
    line: Line = [
        (f"{kind} {names.process(record.proc)} ", "remark"),
        (how, "warning" if record.status or processes.cut_off else "remark"),
    ]
    count = processes.of_clients
    return [*line, (f", {plural(count, 'connection')} open", "warning")] if count else line


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
