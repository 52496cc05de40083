"""The Trace Event Format, which Perfetto and chrome://tracing open: a process a worker, a lane a connection.

In a lane lie the call of the application, within it each wait for `receive` and each `send` (of which only those that took
longer than a millisecond have a length), and every message as an instant. Slices of one lane must lie within each other or apart: one that would cross another gets a lane beside it.
Times are microseconds since 1970, so that traces of several machines lie side by side.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from ..trace import messages
from ..trace.body import messages_of
from ..trace.connection import Connection, proc_of
from ..trace.records import ProcessRecord, ReceiveRecord, SendRecord, SentRecord
from . import Call, Options, has_scope
from ._exchange import failure
from ._json import json_text

SUMMARY = "a timeline: ui.perfetto.dev and chrome://tracing open it"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LANES: Final = 8  # of one connection
_LARGEST_US: Final = 1 << 50
_SHORT: Final = 200


class Slice(NamedTuple):
    """Something that took its time, in microseconds since the connection began."""

    begin: int
    end: int
    name: str
    args: dict[str, Any]


def takes(connection: Connection) -> bool:
    """Every connection whose beginning is known, the lifespan too."""
    return has_scope(connection)


def export(calls: Iterable[Call], options: Options) -> Iterator[str]:
    """The events, those of one connection after the other."""
    yield '{"displayTimeUnit":"ms","traceEvents":['
    between = "\n"
    numbers = _Numbers()
    for call in calls:
        for event in _events(call, numbers):
            yield between + json_text(event)
            between = ",\n"
    yield "\n]}\n"


class _Numbers:
    """The pid and tid of each process and lane: those of the processes where they differ, and else others."""

    def __init__(self) -> None:
        self._pids: dict[str, int] = {}
        self._taken: set[int] = set()
        self._lanes: dict[int, int] = {}

    def pid(self, proc: str, process: ProcessRecord | None) -> tuple[int, bool]:
        """The number of a process, and whether it is new."""
        if proc in self._pids:
            return self._pids[proc], False
        pid = process.pid if process is not None and 0 < process.pid < 1 << 31 else 1
        while pid in self._taken:  # on another machine, or in another container
            pid += 1
        self._taken.add(pid)
        self._pids[proc] = pid
        return pid, True

    def lane(self, pid: int) -> int:
        """The next lane of a process."""
        self._lanes[pid] = self._lanes.get(pid, 0) + 1
        return self._lanes[pid]


def _events(call: Call, numbers: _Numbers) -> Iterator[dict[str, Any]]:
    connection, process = call
    pid, new = numbers.pid(proc_of(connection.conn), process)
    if new:
        yield _metadata("process_name", pid, 0, name=_process_name(connection, process))
    started = connection.started
    assert started is not None, "an event needs a time: see `takes`"
    start = (started - _EPOCH) // (_EPOCH.resolution)
    lanes: list[int] = []
    for at, slices in enumerate(_apart(list(_slices(connection)))):
        lanes.append(numbers.lane(pid))
        yield _metadata("thread_name", pid, lanes[-1], name=_lane_name(connection, at))
        yield _metadata("thread_sort_index", pid, lanes[-1], sort_index=lanes[-1])
        for piece in slices:
            yield {
                "ph": "X",
                "cat": connection.type or "unknown",
                "name": piece.name,
                "pid": pid,
                "tid": lanes[-1],
                "ts": start + piece.begin,
                "dur": piece.end - piece.begin,
                "args": piece.args,
            }
    for record, message in messages_of(connection):
        yield {
            "ph": "i",
            "s": "t",
            "cat": "message",
            "name": _kind(message),
            "pid": pid,
            "tid": lanes[0],
            "ts": start + _us(record.t_us),
            "args": _facts_of(message),
        }


def _slices(connection: Connection) -> Iterator[Slice]:
    """The application's call, then what it waited for. One that is open lasts as long as anything is known of it."""
    ended = connection.duration_us
    last = _us(connection.last_us if ended is None else ended)
    yield Slice(0, last, _name(connection), _facts(connection))
    sent = {event.of: event for event in connection.events if isinstance(event, SentRecord)}
    for event in connection.events:
        if event.layer != 0:
            continue
        if isinstance(event, ReceiveRecord):
            end = _us(event.t_us)
            yield Slice(max(0, end - _us(event.wait_us)), end, "receive", _outcome(event))
        elif isinstance(event, SendRecord):
            after = sent.get(event.n)
            begin = _us(event.t_us)
            yield Slice(begin, begin + (0 if after is None else _us(after.took_us)), "send", _outcome(after))


def _outcome(event: ReceiveRecord | SentRecord | None) -> dict[str, Any]:
    if event is None or event.outcome is None:
        return {}
    return {"outcome": event.outcome, **({} if event.error is None else {"error": failure(event.error)})}


def _apart(slices: list[Slice]) -> list[list[Slice]]:
    """The slices in as few lanes as it takes, each lane in order, none across another; the longest comes first."""
    lanes: list[_Lane] = [_Lane()]
    for piece in sorted(slices, key=lambda piece: (piece.begin, -piece.end)):
        if not any(lane.take(piece) for lane in lanes) and len(lanes) < _LANES:
            lanes.append(_Lane())
            lanes[-1].take(piece)
    return [lane.slices for lane in lanes]


class _Lane:
    def __init__(self) -> None:
        self.slices: list[Slice] = []
        self._ends: list[int] = []

    def take(self, piece: Slice) -> bool:
        """Put in a slice that begins no earlier than those before it; False where it would cross one of them."""
        while self._ends and self._ends[-1] <= piece.begin:
            self._ends.pop()
        if self._ends and piece.end > self._ends[-1]:
            return False
        self.slices.append(piece)
        self._ends.append(piece.end)
        return True


def _name(connection: Connection) -> str:
    words = [connection.method or connection.type, connection.path or ""]
    state = {"open": " (open)", "raised": " (raised)", "cancelled": " (cancelled)"}.get(connection.outcome, "")
    return " ".join(word for word in words if word)[:_SHORT] + state


def _lane_name(connection: Connection, lane: int) -> str:
    number = connection.conn.rpartition(".")[2]
    return f"#{number} {_name(connection)}" + (f", beside it {lane}" if lane else "")


def _process_name(connection: Connection, process: ProcessRecord | None) -> str:
    if process is None:
        return f"process {proc_of(connection.conn)}"
    return " ".join(word for word in (process.server or "process", str(process.pid), process.host, process.app) if word)


def _facts(connection: Connection) -> dict[str, Any]:
    """What a person wants to know who clicks on the call."""
    facts: dict[str, Any] = {
        "conn": connection.conn,
        "query": connection.query or None,
        "client": connection.client,
        "http_version": connection.http_version,
        "status": connection.status,
        "outcome": connection.outcome,
        "error": failure(connection.error) or None,
        "answered_us": connection.answered_us,
        "request_bytes": connection.request_bytes,
        "response_bytes": connection.response_bytes,
        "close_code": connection.close_code,
        "closed_by": connection.closed_by,
        "route": None if connection.end is None else connection.end.route,
        "endpoint": None if connection.end is None else connection.end.endpoint,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _kind(message: Any) -> str:
    return messages.message_type(message)[:_SHORT] or "a message without a type"


def _facts_of(message: Any) -> dict[str, Any]:
    """Of a message, what is short."""
    facts: dict[str, Any] = {}
    if messages.payload_of(message) is not None:
        facts["bytes"] = messages.payload_size(message)
    status, close = messages.status_of(message), messages.close_of(message)
    if status is not None:
        facts["status"] = status
    if close is not None:
        facts |= {"code": close.code, "reason": close.reason}
    if messages.field(message, "more_body") is True:
        facts["more_body"] = True
    return facts


def _metadata(name: str, pid: int, tid: int, /, **args: Any) -> dict[str, Any]:
    return {"ph": "M", "name": name, "pid": pid, "tid": tid, "ts": 0, "args": args}


def _us(us: int) -> int:
    return max(0, min(us, _LARGEST_US))
