"""The records of a trace: one frozen Struct each, from which its codec, its validation and its schema come.

A trace is one JSON object a line; `record`, always the first key, says which of these it is. The order of the fields here
is their order in the file. A field that has its default is left out. Times: `at` is UTC, ISO 8601 with microseconds;
names that end in `_us` are whole microseconds, and `t_us` counts from the connection's outermost `scope` record.
"""

from typing import Any, Literal, TypeAlias, get_args

import msgspec
from msgspec import UNSET

VERSION = 1

Outcome: TypeAlias = Literal["returned", "raised", "cancelled"]


class Frame(msgspec.Struct, frozen=True):
    """One frame of a traceback or of an await chain."""

    file: str
    line: int
    function: str


class ErrorInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An exception, bounded: what was left out for size stands in `cut`."""

    type: str
    bases: list[str] = []
    message: str | None = None
    frames: list[Frame] = []
    notes: list[str] = []
    cause: "ErrorInfo | None" = None
    context: "ErrorInfo | None" = None
    exceptions: "list[ErrorInfo]" = []
    cut: list[str] = []


class ProcessRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="record", tag="process"):
    """The first record of a process in each file."""

    v: int
    proc: str
    at: str
    pid: int
    parent_pid: int
    host: str
    argv: list[str]
    python: str
    asgi_inspect: str
    server: str | None = None
    app: str | None = None
    why: str = "start"
    options: dict[str, Any] = {}


class ScopeRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="record", tag="scope"):
    """The application, or an inner layer of it, was called."""

    conn: str
    layer: int = 0
    at: str
    scope: Any
    name: str | None = None
    inside: int | None = None
    parent: str | None = None
    sample: float | None = None
    mapping: str | None = None
    shared: list[str] = []


class ReceiveRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="record", tag="receive"):
    """An awaited `receive()` ended: with a message, or raising, or cancelled."""

    conn: str
    n: int
    layer: int = 0
    t_us: int
    wait_us: int
    message: Any = UNSET
    same: int | None = None
    outcome: Outcome | None = None
    error: ErrorInfo | None = None
    once: list[str] = []
    mapping: str | None = None
    state: list[str] | None = None


class SendRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="record", tag="send"):
    """The application called `send(message)`; written before the message is forwarded."""

    conn: str
    n: int
    layer: int = 0
    t_us: int
    message: Any = UNSET
    same: int | None = None
    once: list[str] = []
    mapping: str | None = None
    state: list[str] | None = None


class SentRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="record", tag="sent"):
    """The `send` numbered `of` took longer than 1 ms, raised or was cancelled."""

    conn: str
    n: int
    layer: int = 0
    of: int
    t_us: int
    took_us: int
    outcome: Outcome | None = None
    error: ErrorInfo | None = None


class PendingRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="record", tag="pending"):
    """A receive or send has not returned for a while."""

    conn: str
    n: int
    layer: int = 0
    of: int | None = None
    call: Literal["receive", "send"] | None = None
    started_us: int
    frames: list[Frame] = []


class EndRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="record", tag="end"):
    """The application, or an inner layer of it, returned, raised or was cancelled."""

    conn: str
    n: int
    layer: int = 0
    t_us: int
    outcome: Outcome
    error: ErrorInfo | None = None
    route: str | None = None
    endpoint: str | None = None
    scope_changes: list[str] = []
    returned: str | None = None


class LoopRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="record", tag="loop"):
    """The event loop did not turn."""

    proc: str
    at: str
    blocked_us: int
    frames: list[Frame] = []
    conn: str | None = None
    waiting: list[Any] = []


class LostRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="record", tag="lost"):
    """Records could not be written: how many, of how many connections, how many bytes, and why."""

    proc: str
    at: str
    records: int
    conns: int
    bytes: int
    why: str


class SkippedRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="record", tag="skipped"):
    """Connections were left out on purpose."""

    proc: str
    at: str
    conns: int
    why: str


class ExitRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="record", tag="exit"):
    """A process ended in good order, or its parent saw it go; `status` is negative for a signal, `open` counts connections."""

    proc: str
    at: str
    status: int | None = None
    open: int | None = None


Record: TypeAlias = (
    ProcessRecord
    | ScopeRecord
    | ReceiveRecord
    | SendRecord
    | SentRecord
    | PendingRecord
    | EndRecord
    | LoopRecord
    | LostRecord
    | SkippedRecord
    | ExitRecord
)

ConnectionRecord: TypeAlias = ScopeRecord | ReceiveRecord | SendRecord | SentRecord | PendingRecord | EndRecord

RECORDS: tuple[type[Record], ...] = get_args(Record)
