"""A connection as a few dozen facts, folded from glances: what lists, statistics and filters need of each of many.

The facts are those of `Connection`, by the same names, and a test holds that both say the same of the same trace. Here the
order of the file is the order of events, and what was read in two parts can be put together again with `merge`.
"""

from collections.abc import Collection
from typing import Any, Final, Literal

import msgspec
import orjson
from msgspec import UNSET

from ..decode import decode
from . import messages
from .bodysearch import BodySearch
from .facts import Side, Want
from .glance import EndGlance, MessageParts, ReceiveGlance, ScopeGlance, SendGlance
from .records import ErrorInfo, Outcome
from .seen import data_of
from .tally import Closer

_STARTS: Final = frozenset({"http.response.start", "websocket.http.response.start"})
_TEXTS: Final = msgspec.json.Decoder(list[tuple[str, str]])
_WITH_BODY: Final = frozenset({"http.request", "http.response.body", "websocket.http.response.body"})
_WITH_DATA: Final = frozenset({"websocket.receive", "websocket.send"})
_REMEMBERED: Final = 256  # messages of inner layers, for those that pass on unchanged


class Summary(msgspec.Struct, gc=False):
    """The facts of one connection; see `Facts` for what each says. A Struct, as there are very many of them."""

    conn: str
    pid: int | None = None
    """The id of the process in which it ran, where a filter asks for it."""
    first_place: int = -1
    """Where the first of its records stands in the traces that are read, in bytes; negative where that is not known."""
    last_place: int = -1
    """Behind which place none of its records stands."""
    first_n: int = 0
    last_n: int = 0
    disordered: bool = False
    """Whether its events do not stand in their order: then what depends on the order is not known here."""
    has_scope: bool = False
    at: str | None = None
    sample: float | None = None
    method: str | None = None
    path: str | None = None
    query: str = ""
    http_version: str | None = None
    scheme: str | None = None
    status: int | None = None
    answered_us: int | None = None
    duration_us: int | None = None
    last_us: int = 0
    outcome: Outcome | Literal["open"] = "open"
    error: ErrorInfo | None = None
    route: str | None = None
    endpoint: str | None = None
    accepted: bool = False
    disconnected: bool = False
    close_code: int | None = None
    close_reason: str | None = None
    closed_by: Closer | None = None
    request_bytes: int = 0
    response_bytes: int = 0
    received: int = 0
    sent: int = 0
    message_types: Collection[str] = ()
    texts: frozenset[str] = frozenset()
    """Which of the texts that are looked for stand anywhere in its records."""
    _type: str = ""
    _first_type: str | None = None
    _client: Any = None
    _headers: dict[Side, bytes] | None = None
    _inner: dict[int, MessageParts] | None = None
    _apart: tuple[ReceiveGlance | SendGlance, ...] = ()
    """Messages that passed unchanged, and stand in an earlier part."""
    _bodies: BodySearch | None = None
    _started: bool = False
    _body_ended: bool = False
    _trailers_promised: bool = False
    _trailers_ended: bool = False

    # --- in ---

    def take_scope(self, glance: ScopeGlance) -> None:
        """The outermost scope."""
        if glance.layer or self.has_scope:
            return
        self.has_scope = True
        self.at, self.sample = glance.at, glance.sample
        scope = glance.scope
        self._type = scope.type if type(scope.type) is str else ""
        self._client = scope.client
        method, path, query, version = scope.method, scope.path, scope.query_string, scope.http_version
        self.method = method if method is None or type(method) is str else _text(method)
        self.path = path if path is None or type(path) is str else _text(path)
        if query is not None and query != "":
            self.query = query if type(query) is str else messages.as_text(_octets(query))
        self.http_version = version if version is None or type(version) is str else _text(version)
        self.scheme = scope.scheme if scope.scheme is None or type(scope.scheme) is str else _text(scope.scheme)

    def take_received(self, glance: ReceiveGlance) -> None:
        """What the application received."""
        if glance.t_us > self.last_us:  # noqa: PLR1730 - half the time of `max`, for each record of a trace
            self.last_us = glance.t_us
        message = self._message(glance) if glance.message is UNSET or glance.layer else glance.message
        if message is None:
            return
        kind = message.type or ""
        self.received += 1
        if kind == "http.request":
            body = message.body
            self.request_bytes += len(body) if type(body) is str and body.isascii() else size_of(body)
        elif kind == "http.disconnect":
            if not self.complete:
                self.disconnected = True
        elif kind == "websocket.receive":
            self.request_bytes += size_of(_data_of(message))
        elif kind == "websocket.disconnect":
            self._close("client", message, messages.NO_STATUS)
        else:
            self.request_bytes += _odd_size(message)
        if self._first_type is None:
            self._first_type = kind

    def take_sent(self, glance: SendGlance) -> None:
        """What the application sent."""
        if glance.t_us > self.last_us:  # noqa: PLR1730 - half the time of `max`, for each record of a trace
            self.last_us = glance.t_us
        message = self._message(glance) if glance.message is UNSET or glance.layer else glance.message
        if message is None:
            return
        kind = message.type or ""
        self.sent += 1
        if kind == "http.response.body" or kind == "websocket.http.response.body":  # noqa: PLR1714 - no hash is made
            body = message.body
            self.response_bytes += len(body) if type(body) is str and body.isascii() else size_of(body)
            if not message.more_body:
                self._body_ended = True
        elif kind == "http.response.start" or kind == "websocket.http.response.start":  # noqa: PLR1714
            self._start(message, glance.t_us)
        elif kind == "websocket.send":
            self.response_bytes += size_of(_data_of(message))
        elif kind == "websocket.accept":
            self.accepted = True
            if self.answered_us is None:
                self.answered_us = glance.t_us
        elif kind == "websocket.close":
            self._close("application", message, messages.NORMAL)
        elif kind == "http.response.pathsend" or (kind == "http.response.zerocopysend" and not message.more_body):
            self._body_ended = True
        elif kind == "http.response.trailers":
            if not message.more_trailers:
                self._trailers_ended = True
        else:
            self.response_bytes += _odd_size(message)
        if self._first_type is None:
            self._first_type = kind

    def take_end(self, glance: EndGlance) -> None:
        """The end of the outermost layer, or of an inner one."""
        if glance.t_us > self.last_us:  # noqa: PLR1730 - half the time of `max`, for each record of a trace
            self.last_us = glance.t_us
        if glance.layer or self.outcome != "open":
            return
        self.outcome = glance.outcome
        self.duration_us = glance.t_us
        self.error = glance.error
        self.route = glance.route
        self.endpoint = glance.endpoint

    def _message(self, glance: ReceiveGlance | SendGlance) -> MessageParts | None:
        """The message that counts: one of the outermost layer, looked up where it passed from within unchanged."""
        message = None if glance.message is UNSET else glance.message
        if not glance.layer:
            if message is None and glance.same is not None:
                message = None if self._inner is None else self._inner.get(glance.same)
                if message is None and len(self._apart) < _REMEMBERED:
                    self._apart = (*self._apart, glance)
            return message
        if self._inner is None:
            self._inner = {}
        if message is None and glance.same is not None:
            message = self._inner.pop(glance.same, None)
            if message is not None:
                self._inner[glance.same] = message
        elif message is not None:
            self._inner[glance.n] = message
        if len(self._inner) > _REMEMBERED:
            del self._inner[next(iter(self._inner))]
        return None

    def _start(self, message: MessageParts, t_us: int) -> None:
        if not self._started:
            self._started = True
            self.status = message.status if type(message.status) is int else None
            self._trailers_promised = bool(message.trailers)
        if self.answered_us is None:
            self.answered_us = t_us

    def _close(self, by: Closer, message: MessageParts, default: int) -> None:
        if self.closed_by is not None:
            return
        self.closed_by = by
        code = default if message.code is None else message.code
        self.close_code = code if type(code) is int else None
        self.close_reason = message.reason if type(message.reason) is str and message.reason else None

    def keep_scope(self, glance: ScopeGlance, want: Want) -> None:
        """Keep what is asked for beyond the plain facts."""
        if not glance.layer:
            self._keep_headers("request", bytes(glance.scope.headers), want)

    def keep_message(self, glance: ReceiveGlance | SendGlance, want: Want) -> None:
        """The same for a message; called after it was taken in."""
        message = None if glance.message is UNSET else glance.message
        if message is None and glance.same is not None and self._inner is not None:
            message = self._inner.get(glance.same)
        if message is None or glance.layer:
            return
        kind = message.type or ""
        if want.message_types and kind:
            self._keep_type(kind)
        if (kind in _STARTS or kind == "websocket.accept") and type(glance) is SendGlance:
            self._keep_headers("response", bytes(message.headers), want)
        if want.bodies:
            self._search(message, "request" if type(glance) is ReceiveGlance else "response", want.bodies)

    def _keep_type(self, kind: str) -> None:
        if not isinstance(self.message_types, set):
            self.message_types = set(self.message_types)
        self.message_types.add(kind)

    def _keep_headers(self, side: Side, raw: bytes, want: Want) -> None:
        if self._headers is None:
            self._headers = {}
        if side not in self._headers:
            self._headers[side] = raw
            if want.bodies:
                coding = next((v for name, v in self.headers(side) if name.lower() == "content-encoding"), None)
                if coding is not None:
                    self._body_search(want.bodies).begin(side, coding)

    def _search(self, message: MessageParts, side: Side, texts: tuple[str, ...]) -> None:
        if message.type in _WITH_DATA:
            data = _data_of(message)
            if data is not None:
                self._body_search(texts).feed_message(data_of(_value(data)))
        elif message.body is not None and message.type in _WITH_BODY:
            body = message.body
            data = body.encode() if type(body) is str else data_of(_octets(body))
            self._body_search(texts).feed(side, data, last=not message.more_body)

    def _body_search(self, texts: tuple[str, ...]) -> BodySearch:
        if self._bodies is None:
            self._bodies = BodySearch(texts)
        return self._bodies

    def merge(self, later: "Summary") -> None:
        """Add what was read of the same connection further on in the trace."""
        for glance in later._apart:
            if isinstance(glance, SendGlance):
                self.take_sent(glance)
            else:
                self.take_received(glance)
        self._inner = {**(self._inner or {}), **(later._inner or {})} or None
        if not self.has_scope and later.has_scope:
            for name in ("has_scope", "at", "method", "path", "query", "http_version", "scheme", "_type", "_client"):
                setattr(self, name, getattr(later, name))
            self.sample = later.sample
        if not self._started:
            self._started, self.status, self._trailers_promised = later._started, later.status, later._trailers_promised
        if self.answered_us is None:
            self.answered_us = later.answered_us
        self.disconnected = self.disconnected or (later.disconnected and not self.complete)
        for name in ("accepted", "_body_ended", "_trailers_ended"):
            setattr(self, name, getattr(self, name) or getattr(later, name))
        if self.closed_by is None:
            self.closed_by, self.close_code, self.close_reason = later.closed_by, later.close_code, later.close_reason
        if self.outcome == "open" and later.outcome != "open":
            for name in ("outcome", "duration_us", "error", "route", "endpoint"):
                setattr(self, name, getattr(later, name))
        self.disordered = self.disordered or later.disordered or 0 < later.first_n <= self.last_n
        self.first_n, self.last_n = self.first_n or later.first_n, max(self.last_n, later.last_n)
        self.last_us = max(self.last_us, later.last_us)
        self.first_place = min(self.first_place, later.first_place)
        self.last_place = max(self.last_place, later.last_place)
        for name in ("request_bytes", "response_bytes", "received", "sent"):
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.message_types = {*self.message_types, *later.message_types}
        self.texts |= later.texts
        if self._bodies is None:
            self._bodies = later._bodies
        elif later._bodies is not None:
            self._bodies.found.update(later._bodies.found)
        if self._first_type is None:
            self._first_type = later._first_type
        self._headers = {**(later._headers or {}), **(self._headers or {})} or None

    # --- out: what is not kept as it is said ---

    @property
    def type(self) -> str:
        """`http`, `websocket`, `lifespan` or any other; where the scope was lost, what the messages speak of; else empty."""
        return self._type or (self._first_type or "").partition(".")[0]

    @property
    def client(self) -> str | None:
        """The address of the client, `host:port`."""
        return messages.address(_value(self._client))

    @property
    def host(self) -> str | None:
        """The Host header; None where headers are not kept."""
        return self._header("request", "host")

    @property
    def content_type(self) -> str | None:
        """That of the response; None where headers are not kept."""
        return self._header("response", "content-type")

    @property
    def complete(self) -> bool:
        """Whether the application sent its response whole."""
        return self._trailers_ended if self._trailers_promised else self._body_ended

    @property
    def error_types(self) -> Collection[str]:
        """The type of the exception that left the application, its bases, and those of a group's members."""
        return () if self.error is None else error_types(self.error)

    def headers(self, side: Side) -> list[tuple[str, str]]:
        """The headers of this side as text; empty where they are not kept."""
        raw = None if self._headers is None else self._headers.get(side)
        if raw is None:
            return []
        try:
            return _TEXTS.decode(raw)  # as almost all are
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass
        try:
            tree = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return []
        holder = decode({"headers": tree})
        return [(messages.as_text(name), messages.as_text(value)) for name, value in messages.headers_of(holder)]

    def _header(self, side: Side, wanted: str) -> str | None:
        return next((value for name, value in self.headers(side) if name.lower() == wanted), None)

    def holds(self, text: str, where: Literal["body", "anywhere"]) -> bool:
        """Whether a text that was looked for stands in a body, or anywhere."""
        if where == "anywhere":
            return text in self.texts
        return self._bodies is not None and text in self._bodies.found


def size_of(value: Any) -> int:
    """The true size in bytes of a body, text or byte string as it stands in the trace."""
    if type(value) is str:
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    if value is None:
        return 0
    return messages.size_of(_octets(value))


def error_types(error: Any) -> list[str]:
    """Types and bases of an exception, and of the members of a group, outermost first."""
    found: dict[str, None] = {}
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        found |= dict.fromkeys([one.type, *one.bases])
        waiting += one.exceptions
    return list(found)


def _data_of(message: MessageParts) -> Any:
    return message.text if message.bytes is None else message.bytes


def _odd_size(message: MessageParts) -> int:
    """The size of what a message carries that goes the wrong way."""
    if message.type in _WITH_BODY:
        return size_of(message.body)
    return size_of(_data_of(message)) if message.type in _WITH_DATA else 0


def _text(value: Any) -> str:
    return messages.as_text(_value(value))


def _value(value: Any) -> Any:
    return decode({"text": value})["text"]


def _octets(value: Any) -> Any:
    return decode({"body": value})["body"]
