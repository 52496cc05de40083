"""What filters ask of a connection's messages, gathered while they pass, so that none of them need be kept.

Types, headers and bodies are those of the outermost layer, which server and application saw; texts are looked for in all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from msgspec import UNSET

from ..values import Foreign, Parts, Redacted, Truncated
from . import messages
from .bodysearch import BodySearch
from .facts import Side, Want
from .records import ConnectionRecord, EndRecord, ErrorInfo, ReceiveRecord, ScopeRecord, SendRecord

Headers: TypeAlias = list[tuple[str, str]]
Message: TypeAlias = ReceiveRecord | SendRecord
_MOST_TYPES: Final = 1000  # real connections have a handful
_LATEST: Final = 4


def headers_of(holder: Any) -> Headers:
    """The headers of a message or scope as text."""
    return [(messages.as_text(name), messages.as_text(value)) for name, value in messages.headers_of(holder)]


def header_of(headers: Headers, wanted: str) -> str | None:
    """The value of the first header of that name (given in lower case); None where there is none."""
    return next((value for name, value in headers if name.lower() == wanted), None)


def begins_response(message: Any) -> bool:
    """Whether this message bears the headers of the response, or of the WebSocket's acceptance."""
    return messages.is_start(message) or messages.message_type(message) == "websocket.accept"


def data_of(value: Any) -> bytes:
    """The bytes that were kept of what a message carries, of a str in UTF-8; none of what is neither."""
    if isinstance(value, Truncated):
        value = value.head
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, Parts):
        return b"".join(data_of(part) for part in value.parts if isinstance(part, str | bytes))
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""


@dataclass(frozen=True)
class Asked:
    """What is asked of the messages of a connection: see `Want`."""

    message_types: bool = False
    headers: bool = False
    bodies: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


class TextSearch:
    """Looks for texts in all that a value holds: keys and values, byte strings where they are UTF-8."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.found: Final[set[str]] = set()
        self._missing = set(texts)

    def take(self, value: Any) -> None:
        """Look through one value."""
        waiting = [value]
        while waiting and self._missing:
            inner = waiting.pop()
            if isinstance(inner, str):
                self._look(inner)
            elif isinstance(inner, bytes | bytearray | memoryview):
                self._look(_utf8(bytes(inner)))
            else:
                waiting += _parts_of(inner)

    def _look(self, text: str) -> None:
        hits = [wanted for wanted in self._missing if wanted in text]
        self.found.update(hits)
        self._missing.difference_update(hits)


def _utf8(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:  # in the trace it is base64
        return ""


def _parts_of(value: Any) -> list[Any]:
    """What stands inside a value, if anything does."""
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, Truncated):
        return [value.head]
    if isinstance(value, Parts):
        return list(value.parts)
    if isinstance(value, Foreign):
        return [value.content]
    if isinstance(value, Redacted):
        return [value.fingerprint, value.why]
    if isinstance(value, ErrorInfo):
        frames = [text for frame in value.frames for text in (frame.file, frame.function)]
        return [value.type, *value.bases, value.message, *frames, *value.notes, value.cause, value.context,
                *value.exceptions]  # fmt: skip
    return []


class Seen:
    """All that one filter asks of the records of one connection; feed it them in order."""

    def __init__(self, want: Want, message_of: Callable[[Message], Any] | None = None) -> None:
        """message_of: the message of a record, looked up where it passed unchanged; by default among the latest ones."""
        self.types: Final[set[str]] = set()
        self.headers: Final[dict[Side, Headers]] = {}
        self._want = want
        self._message_of = message_of or Latest().message_of
        self._begun: set[Side] = set()
        self._bodies = BodySearch(want.bodies)
        self._texts = TextSearch(want.texts)

    @property
    def bodies(self) -> set[str]:
        """The texts that were found in bodies."""
        return self._bodies.found

    @property
    def texts(self) -> set[str]:
        """The texts that were found anywhere."""
        return self._texts.found

    def feed(self, record: ConnectionRecord) -> None:
        """Take in the next record."""
        if isinstance(record, ReceiveRecord | SendRecord):
            self._feed_message(record, self._message_of(record))
        elif isinstance(record, ScopeRecord):
            self._texts.take((record.scope, record.name, record.mapping, record.shared))
            if record.layer == 0:
                self._begin("request", record.scope)
        elif isinstance(record, EndRecord):
            self._texts.take((record.error, record.route, record.endpoint, record.scope_changes, record.returned))

    def _feed_message(self, record: Message, message: Any) -> None:
        error = record.error if isinstance(record, ReceiveRecord) else None
        self._texts.take((message, error, record.once, record.mapping, record.state))
        if record.layer != 0 or message is UNSET:
            return
        kind = messages.message_type(message)
        if self._want.message_types and kind and len(self.types) < _MOST_TYPES:
            self.types.add(kind)
        side: Side = "request" if isinstance(record, ReceiveRecord) else "response"
        if side == "response" and begins_response(message):
            self._begin(side, message)
        if self._want.bodies:
            self._search(kind, side, message)

    def _begin(self, side: Side, holder: Any) -> None:
        if side in self._begun or not (self._want.headers or self._want.bodies):
            return
        self._begun.add(side)
        headers = headers_of(holder)
        if self._want.headers:
            self.headers[side] = headers
        self._bodies.begin(side, header_of(headers, "content-encoding"))

    def _search(self, kind: str, side: Side, message: Any) -> None:
        data = data_of(messages.payload_of(message))
        if kind in ("websocket.receive", "websocket.send"):
            self._bodies.feed_message(data)
        else:
            self._bodies.feed(side, data, last=not messages.field(message, "more_body"))


class Latest:
    """The latest messages of inner layers: what passes on unchanged does so at once."""

    def __init__(self) -> None:
        self._messages: dict[int, Any] = {}

    def message_of(self, record: Message) -> Any:
        """The message of a record; `UNSET` where there is none, or it is too long ago."""
        if record.message is UNSET:
            held = self._messages.pop if record.layer == 0 else self._messages.get  # nobody is outside of 0
            return UNSET if record.same is None else held(record.same, UNSET)
        if record.layer != 0:
            self._messages[record.n] = record.message
            if len(self._messages) > _LATEST:
                del self._messages[next(iter(self._messages))]
        return record.message
