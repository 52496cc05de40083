"""What one side of a connection carried, put together again: the body of a request or response, the messages of a WebSocket.

What server and application saw counts (layer 0). Where bytes are missing, whatever the reason, the rest is given, `whole` is
False, and the notes say why; nothing is made up in their place, and nothing raises.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from msgspec import UNSET

from ..values import Parts, Redacted, Truncated
from ..views.coding import Decoder, decoder_for
from ..views.marks import Marked, marked
from ..views.spans import plural, size_text
from .connection import Connection
from .facts import Side
from .messages import as_text, ends_body, header, headers_of, is_start, message_type, payload_of, size_of, status_of
from .messages import field as field_of
from .records import ReceiveRecord, SendRecord

_BODIES: Final = frozenset({"http.response.body", "websocket.http.response.body"})
_FILES: Final = frozenset({"http.response.pathsend", "http.response.zerocopysend"})
_EMPTY_STATUS: Final = frozenset({204, 205, 304})
HELD: Final = 16 << 20  # bytes of a body that are decoded to be shown
_LONGEST: Final = 300  # characters of a foreign name in a note
_MOST_REASONS: Final = 3
_NOTHING: Final = Marked(b"", 0)
_REASONS: Final = {  # of a body of which nothing was kept, where the word in the trace is short
    "boundary": "multipart without a boundary",
    "charset": "not in UTF-8",
    "gap": "behind a part that was not kept",
    "invalid": "not what its type says",
    "redactor off": "the redactor was too slow",
}
_OBVIOUS: Final = ("field", "code", "token", "bearer", "basic", "userinfo")  # a part of what is readable otherwise


class Piece(NamedTuple):
    """One message's part of a body: when it passed, how many bytes it had, and how many of the body's `data` came of it."""

    t_us: int
    size: int
    decoded: int


@dataclass(frozen=True, slots=True)
class WholeBody:
    """A body, as much of it as the trace holds.

    data: its bytes with the content coding undone. wire: the same as they passed. size: the true size of what passed, in
    bytes. cut: whether bytes of it are not in the trace, too long to keep or withheld. missing: how many of these have no
    mark in their place, which is where they are withheld and nothing is coded. withheld: how many were. coding: the content-encoding, or
    None. trouble: what of it could not be decoded. ended: whether its last message was seen. whole: whether `data` is all
    of it. notes: why it may not be, and whatever else a reader must know. file: the path that was sent in its place.
    """

    data: bytes = b""
    wire: bytes = b""
    size: int = 0
    cut: bool = False
    missing: int = 0
    withheld: int = 0
    coding: str | None = None
    trouble: str | None = None
    content_type: str | None = None
    pieces: list[Piece] = field(default_factory=list)
    ended: bool = False
    whole: bool = False
    notes: list[str] = field(default_factory=list)
    file: str | None = None

    @property
    def loss(self) -> str:
        """In a word, why bytes are missing."""
        return "redacted" if self.missing <= self.withheld else "truncated"


class SocketMessage(NamedTuple):
    """One message of a WebSocket. data: what was kept of it, a text in UTF-8, with marks where a part is withheld; size: its
    true size in bytes; missing: how many of them are neither there nor marked.
    """

    n: int
    t_us: int
    sender: Literal["client", "application"]
    kind: Literal["text", "bytes"]
    data: bytes
    size: int
    missing: int


Passed: TypeAlias = ReceiveRecord | SendRecord


def messages_of(connection: Connection) -> Iterator[tuple[Passed, Any]]:
    """The messages between server and application, in order; those of inner layers are left out."""
    for record in connection.events:
        if isinstance(record, ReceiveRecord | SendRecord) and record.layer == 0:
            message = connection.message_of(record)
            if message is not UNSET:
                yield record, message


def body_of(connection: Connection, side: Side, *, limit: int = HELD) -> WholeBody:
    """The body of the request or of the response; of a WebSocket, that of the response which refuses it.

    limit: how many bytes are decoded at most.
    """
    gathering = _Gathering(connection, side)
    for record, message in messages_of(connection):
        gathering.take(record, message)
    return gathering.body(limit)


def response_start(connection: Connection) -> tuple[SendRecord, Any] | None:
    """The message that began the response, with its record; None where there is none."""
    for record, message in messages_of(connection):
        if isinstance(record, SendRecord) and is_start(message):
            return record, message
    return None


def socket_messages(connection: Connection) -> Iterator[SocketMessage]:
    """The messages of a WebSocket in the order in which they passed, each by itself."""
    for record, message in messages_of(connection):
        received = isinstance(record, ReceiveRecord)
        if message_type(message) != ("websocket.receive" if received else "websocket.send"):
            continue
        payload = payload_of(message)
        kept = Kept()
        kept.add(payload)
        yield SocketMessage(
            n=record.n,
            t_us=record.t_us,
            sender="client" if received else "application",
            kind="text" if field_of(message, "bytes") is None else "bytes",
            data=b"".join(kept.chunks),
            size=size_of(payload),
            missing=kept.missing,
        )


class Kept:
    """What is there of values that should be byte strings: their bytes, and how many are missing, and why."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.size = 0
        self.marking = True
        self._there = 0
        self.not_kept = 0
        self.withheld = 0
        self.uncounted = False
        self.reasons: dict[str, None] = {}
        self.odd: str | None = None

    @property
    def cut(self) -> bool:
        """Whether bytes are not there."""
        return self.uncounted or self.not_kept + self.withheld > 0

    @property
    def missing(self) -> int:
        """How many bytes are neither there nor marked."""
        return self.size - self._there

    def add(self, value: Any) -> bytes:
        """Take in one more value; the bytes that are there of it."""
        chunk, there = self._octets(value)
        self._there += there
        self.size += max(there, size_of(value))
        if chunk:
            self.chunks.append(chunk)
        return chunk

    def _octets(self, value: Any) -> Marked:
        if isinstance(value, Truncated):
            head = _NOTHING if isinstance(value.head, Truncated) else self._octets(value.head)
            self.not_kept += max(0, size_of(value) - size_of(value.head))
            self.uncounted = self.uncounted or not isinstance(value.size, int)
            return head
        if isinstance(value, Redacted | Parts):
            self._note_withheld(value)
            if not self.marking:
                return self._without_marks(value)
        found = marked(value)
        if found is None and value is not None:
            self.odd = type(value).__name__[:_LONGEST]
        return found or _NOTHING

    def _note_withheld(self, value: Redacted | Parts) -> None:
        for part in value.parts if isinstance(value, Parts) else (value,):
            if isinstance(part, Redacted):
                self.withheld += size_of(part)
                self._note_reason(part.why)
                self.uncounted = self.uncounted or not isinstance(part.size, int)

    def _note_reason(self, why: Any) -> None:
        if type(why) is str and why and why not in _OBVIOUS and len(self.reasons) < _MOST_REASONS:
            self.reasons[_REASONS.get(why, why[:_LONGEST])] = None

    def _without_marks(self, value: Redacted | Parts) -> Marked:
        parts = value.parts if isinstance(value, Parts) else ()
        found = [marked(part) or _NOTHING for part in parts if not isinstance(part, Redacted | Parts)]
        return Marked(b"".join(one.data for one in found), sum(one.size for one in found))


class _Chunk(NamedTuple):
    """What is there of one message's part of a body; cut: whether some of the body is missing up to its end."""

    t_us: int
    size: int
    data: bytes
    cut: bool


class _Gathering:
    """A body while its messages come."""

    def __init__(self, connection: Connection, side: Side) -> None:
        self._connection = connection
        self._side = side
        self._kept = Kept()
        self._chunks: list[_Chunk] = []
        self._start: Any = connection.scope if side == "request" else None
        self._since = 0
        self._kept.marking = _content_encoding(self._start) is None
        self._end: int | None = None
        self._files: list[str] = []

    def take(self, record: Passed, message: Any) -> None:
        """One more message between server and application."""
        kind = message_type(message)
        if self._side == "request":
            if isinstance(record, ReceiveRecord) and kind == "http.request":
                self._chunk(record, message, ends=not field_of(message, "more_body"))
        elif isinstance(record, SendRecord):
            if is_start(message) and self._start is None:
                self._start, self._since = message, record.n
                self._kept.marking = _content_encoding(message) is None
            elif kind in _BODIES:
                self._chunk(record, message, ends=ends_body(message))
            elif kind in _FILES:
                self._sent_file(record, message)

    def _chunk(self, record: Passed, message: Any, ends: bool) -> None:
        before = self._kept.size
        chunk = self._kept.add(payload_of(message))
        self._chunks.append(_Chunk(record.t_us, self._kept.size - before, chunk, self._kept.cut))
        self._note_end(record, ends)

    def _sent_file(self, record: Passed, message: Any) -> None:
        """The server reads a file by itself; its bytes pass neither application nor trace."""
        path = field_of(message, "path")
        self._files.append("a file" if path is None else as_text(path)[:_LONGEST])
        count = field_of(message, "count")
        if isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 1 << 62:
            self._kept.size += count
        self._note_end(record, ends_body(message))

    def _note_end(self, record: Passed, ends: bool) -> None:
        if ends and self._end is None:
            self._end = record.n

    def body(self, limit: int) -> WholeBody:
        """All that came of it."""
        coding = _content_encoding(self._start)
        decoder = decoder_for(coding, limit=limit)
        data, pieces = self._decoded(decoder)
        lost, notes = self._lost(), self._notes()
        hole = self._kept.cut or lost > 0 or bool(self._files)
        if decoder is not None and self._end is not None and not hole:
            data += decoder.finish()
        trouble = None if decoder is None else decoder.trouble
        content_type = header(self._start, b"content-type")
        return WholeBody(
            data=data,
            wire=b"".join(self._kept.chunks),
            size=self._kept.size,
            cut=self._kept.cut,
            missing=self._kept.missing,
            withheld=self._kept.withheld,
            coding=coding,
            trouble=trouble,
            content_type=None if content_type is None else as_text(content_type),
            pieces=pieces,
            ended=self._end is not None,
            whole=self._is_at_its_end and not hole and trouble is None and self._kept.odd is None,
            notes=notes,
            file=self._files[0] if self._files else None,
        )

    def _decoded(self, decoder: Decoder | None) -> tuple[bytes, list[Piece]]:
        """The bytes, and what each message added; what is coded cannot be read on after a hole."""
        parts, pieces, cut_before = [], [], False
        for t_us, size, data, cut in self._chunks:
            part = data if decoder is None else b"" if cut_before else decoder.feed(data)
            parts.append(part)
            pieces.append(Piece(t_us, size, len(part)))
            cut_before = cut
        return b"".join(parts), pieces

    def _lost(self) -> int:
        """How many records are missing between the body's first and its last."""
        until = self._end if self._end is not None else 1 << 62
        return sum(max(0, min(gap.stop, until) - max(gap.start, self._since)) for gap in self._connection.gaps)

    def _notes(self) -> list[str]:
        kept, notes = self._kept, []
        if kept.not_kept:
            notes.append(f"{size_text(kept.not_kept)} not kept")
        if kept.withheld:
            reasons = f" ({', '.join(kept.reasons)})" if kept.reasons else ""
            notes.append(f"{size_text(kept.withheld)} redacted{reasons}")
        if kept.uncounted:
            notes.append("some of it not kept, nobody knows how much")
        if kept.odd is not None:
            notes.append(f"a body that is no byte string but {kept.odd}")
        if lost := self._lost():
            notes.append(f"{plural(lost, 'record')} lost, which may have held some of it")
        notes += [f"sent by the server from {path}, so its bytes are not in the trace" for path in self._files[:3]]
        if self._side == "response" and self._start is not None and (reason := self._sent_without()) is not None:
            notes.append(reason)
        if not self._is_at_its_end:
            notes.append(self._unended())
        return notes

    @property
    def _is_at_its_end(self) -> bool:
        """Whether nothing more is to come: also where there is none, as in most GETs, and nobody asked."""
        if self._end is not None:
            return True
        if self._side == "request":
            return not self._chunks and not _announced(self._start)
        return self._start is None

    def _sent_without(self) -> str | None:
        """Why the client gets none of it."""
        if not self._kept.size and not self._files:
            return None
        if self._connection.method == "HEAD":
            return "the client gets none of it: the method is HEAD"
        status = status_of(self._start)
        return f"the client gets none of it: the status is {status}" if status in _EMPTY_STATUS else None

    def _unended(self) -> str:
        if self._side == "request":
            return "not all of it was received" if self._chunks else "the application did not receive it"
        return "its end was not sent"


def _announced(scope: Any) -> bool:
    """Whether the headers of a request say that a body comes."""
    length = as_text(header(scope, b"content-length"))
    return length not in ("", "0") or header(scope, b"transfer-encoding") is not None


def _content_encoding(holder: Any) -> str | None:
    """The codings of all headers of that name, as one list."""
    values = [
        as_text(value)
        for name, value in headers_of(holder)
        if isinstance(name, bytes) and name.lower() == b"content-encoding"
    ]
    return ", ".join(values) or None
