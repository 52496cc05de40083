"""A glance at each record: the few fields that facts come from, decoded a block of lines at a time. What is not needed is
skipped by the decoder and never becomes an object; that is ten times as fast as reading whole records.

A glance is stricter than a record: of a scope or message it takes only what applications mean, so what it takes is a record.
Any other line makes the whole block fail; `read` then decides what each of them is.
"""

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
import orjson
from msgspec import UNSET, Raw, UnsetType

from . import messages
from .records import (
    VERSION,
    ErrorInfo,
    ExitRecord,
    Frame,
    LoopRecord,
    LostRecord,
    Outcome,
    ProcessRecord,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SkippedRecord,
)

NO_JSON: Final = Raw()


class ProcessGlance(ProcessRecord, frozen=True, kw_only=True, tag_field="record", tag="process"):
    """A `process` record that this version can read."""

    v: Annotated[int, msgspec.Meta(le=VERSION)]


class ScopeParts(msgspec.Struct, gc=False):
    """Of a scope."""

    type: str | None = None
    method: Any = None
    path: Any = None
    query_string: Any = None
    http_version: Any = None
    scheme: Any = None
    client: Any = None
    headers: Raw = NO_JSON
    as_pairs: UnsetType = msgspec.field(default=UNSET, name="$map")
    """A scope with such keys is none that can be glanced at."""


class MessageParts(msgspec.Struct, gc=False):
    """Of a message; the types are those that applications mean."""

    type: str | None = None
    status: int | None = None
    body: Any = None
    more_body: bool | None = None
    text: Any = None
    bytes: Any = None
    code: int | bool | None = None
    reason: str | None = None
    trailers: bool | None = None
    more_trailers: bool | None = None
    headers: Raw = NO_JSON
    as_pairs: UnsetType = msgspec.field(default=UNSET, name="$map")
    """Likewise."""


class ScopeGlance(msgspec.Struct, gc=False, tag_field="record", tag="scope"):
    """Of a `scope` record."""

    conn: str
    at: str
    scope: ScopeParts
    layer: int = 0
    name: str | None = None
    inside: int | None = None
    parent: str | None = None
    sample: float | None = None


class ReceiveGlance(msgspec.Struct, gc=False, tag_field="record", tag="receive"):
    """Of a `receive` record."""

    conn: str
    n: int
    t_us: int
    wait_us: int
    layer: int = 0
    message: MessageParts | UnsetType = UNSET
    same: int | None = None
    outcome: Outcome | None = None
    error: ErrorInfo | None = None


class SendGlance(msgspec.Struct, gc=False, tag_field="record", tag="send"):
    """Of a `send` record."""

    conn: str
    n: int
    t_us: int
    layer: int = 0
    message: MessageParts | UnsetType = UNSET
    same: int | None = None


class SentGlance(msgspec.Struct, gc=False, tag_field="record", tag="sent"):
    """Of a `sent` record."""

    conn: str
    n: int
    of: int
    t_us: int
    took_us: int
    layer: int = 0
    outcome: Outcome | None = None
    error: ErrorInfo | None = None


class PendingGlance(msgspec.Struct, gc=False, tag_field="record", tag="pending"):
    """Of a `pending` record."""

    conn: str
    n: int
    started_us: int
    layer: int = 0
    of: int | None = None
    call: Literal["receive", "send"] | None = None
    frames: list[Frame] = []


class EndGlance(msgspec.Struct, gc=False, tag_field="record", tag="end"):
    """Of an `end` record."""

    conn: str
    n: int
    t_us: int
    outcome: Outcome
    layer: int = 0
    error: ErrorInfo | None = None
    route: str | None = None
    endpoint: str | None = None
    scope_changes: list[str] = []


Glance: TypeAlias = (
    ProcessGlance
    | ScopeGlance
    | ReceiveGlance
    | SendGlance
    | SentGlance
    | PendingGlance
    | EndGlance
    | LoopRecord
    | LostRecord
    | SkippedRecord
    | ExitRecord
)

_DECODER: Final[msgspec.json.Decoder[Glance]] = msgspec.json.Decoder(Glance)
_FAILURES: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def glances_of(block: bytes) -> list[Glance] | None:
    """A glance at each record of a block of whole lines; None where one of them is no record that this version knows."""
    try:
        if not block.isascii():
            block.decode()  # in what it skips the decoder does not look at that
        return _DECODER.decode_lines(block)
    except _FAILURES:
        return None


def glance_of(line: bytes) -> Glance | None:
    """A glance at one record; None for what is none, or of a kind that this version does not know."""
    try:
        return _DECODER.decode(line)
    except _FAILURES:
        return None


def glance_at(record: Record | None) -> Glance | None:
    """A glance at a record whose scope or message is none that the decoder above takes."""
    if isinstance(record, ScopeRecord):
        return ScopeGlance(record.conn, record.at, _scope_parts(record.scope), layer=record.layer, sample=record.sample)
    if isinstance(record, ReceiveRecord | SendRecord):
        message = UNSET if record.message is UNSET else _message_parts(record.message)
        if isinstance(record, SendRecord):
            return SendGlance(record.conn, record.n, record.t_us, record.layer, message, record.same)
        return ReceiveGlance(record.conn, record.n, record.t_us, record.wait_us, record.layer, message, record.same)
    return None


def _scope_parts(scope: Any) -> ScopeParts:
    names = ("method", "path", "query_string", "http_version", "scheme", "client")
    carried, headers = _as_written(scope, names)
    return ScopeParts(type=messages.message_type(scope), headers=headers, **carried)


def _message_parts(message: Any) -> MessageParts:
    carried, headers = _as_written(message, ("body", "text", "bytes"))
    usual: dict[str, Any] = {
        name: value for name in ("status", "code") if type(value := messages.field(message, name)) is int
    }
    usual["reason"] = messages.reason_of(message)
    if messages.field(message, "code") is not None:
        usual.setdefault("code", False)  # one that is no code
    flags: dict[str, Any] = {
        name: bool(messages.field(message, name)) for name in ("more_body", "trailers", "more_trailers")
    }
    return MessageParts(type=messages.message_type(message), headers=headers, **usual, **flags, **carried)


def _as_written(holder: Any, names: tuple[str, ...]) -> tuple[dict[str, Any], Raw]:
    """Some fields of a scope or message, and its headers, as they stand in a trace."""
    from ..convert import encode  # needed for traces of broken applications alone

    carried = encode({name: messages.field(holder, name) for name in names})
    try:
        headers = Raw(orjson.dumps(encode({"headers": messages.field(holder, "headers")})["headers"]))
    except TypeError:  # too deep
        headers = NO_JSON
    return carried, headers
