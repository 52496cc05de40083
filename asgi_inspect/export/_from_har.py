"""An HTTP archive as a trace: each entry as the messages that an application would have exchanged for it.

An archive tells of a client; what a server or an application alone could know is left out: the client's address, the end of
an application that is not told, bodies that were not saved (they are `Truncated` to nothing, so that their size is known).
Bodies stand in it with their content coding undone; they are coded again, as the headers say that they are, so that their
size on the wire may differ. What our own exporter added (`_outcome` and the like) comes back.
"""

import base64
import binascii
import gzip
import math
import secrets
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, get_args
from urllib.parse import SplitResult, unquote_to_bytes, urlencode, urlsplit

from ..trace.records import (
    VERSION,
    EndRecord,
    ErrorInfo,
    Outcome,
    ProcessRecord,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
)
from ..values import Truncated
from ..version import __version__
from ..views.content import FORM, media_type
from ._har_file import Archive
from ._texts import charset_of

_LARGEST_MS: Final = 1e12
_VERSIONS: Final = {"http/1.0": "1.0", "http/1.1": "1.1", "h2": "2", "http/2": "2", "http/2.0": "2", "h2c": "2"}
_VERSIONS_3: Final = {"h3": "3", "http/3": "3", "http/3.0": "3"}
_TEXT_FRAME, _BINARY_FRAME = 1, 2
# What the server adds to the handshake, and the application does not send.
_OF_THE_HANDSHAKE: Final = frozenset(
    {b"connection", b"upgrade", b"sec-websocket-accept", b"sec-websocket-protocol", b"sec-websocket-extensions"}
)


def records(archive: Archive, name: str) -> Iterator[Record]:
    """The records of a trace. name: of the archive's file."""
    proc = secrets.token_hex(6)
    number = 0
    for entry in archive.entries():
        if not _went_to_a_server(entry):
            archive.faults += 1
            continue
        number += 1
        told = _Told(entry, f"{proc}.{number}")
        if number == 1:
            yield _process(proc, told.at, archive.creator, name)
        yield from told.records()


def _went_to_a_server(entry: dict[str, Any]) -> bool:
    """Whether it is a request at all: browsers also list what stood in a `data:` or `blob:` URL."""
    scheme = _str(_dict(entry.get("request")).get("url")).partition(":")[0].lower()
    return scheme in ("http", "https", "ws", "wss")


def _process(proc: str, at: str, creator: str | None, name: str) -> ProcessRecord:
    options = {"imported": name, **({"creator": creator} if creator else {})}
    return ProcessRecord(
        v=VERSION,
        proc=proc,
        at=at,
        pid=0,
        parent_pid=0,
        host="",
        argv=[],
        python="",
        asgi_inspect=__version__,
        why="import",
        options=options,
    )


class _Told:
    """One entry on its way to records."""

    def __init__(self, entry: dict[str, Any], conn: str) -> None:
        self._entry = entry
        self._conn = conn
        self._request, self._response = _dict(entry.get("request")), _dict(entry.get("response"))
        self._url = _split(_str(self._request.get("url")))
        self._status = _status(self._response.get("status"))
        self._n = 0
        self._started = _moment(entry.get("startedDateTime"))
        timings = _dict(entry.get("timings"))
        before = sum(_us(timings.get(name)) for name in ("blocked", "dns", "connect"))
        self._asked = before + _us(timings.get("send"))
        self._begun = self._asked + _us(timings.get("wait"))
        self._over = max(self._begun + _us(timings.get("receive")), self._begun)

    @property
    def at(self) -> str:
        """When it began."""
        return self._started.isoformat(timespec="microseconds").replace("+00:00", "Z")

    @property
    def _is_websocket(self) -> bool:
        return self._url.scheme in ("ws", "wss") or isinstance(self._entry.get("_webSocketMessages"), list)

    def records(self) -> Iterator[Record]:
        """All that is known of it, as records in order."""
        headers = self._request_headers()
        yield ScopeRecord(conn=self._conn, at=self.at, scope=self._scope(headers))
        yield from self._websocket() if self._is_websocket else self._http(headers)
        yield from self._end()

    # --- the scope ---

    def _scope(self, headers: list[list[bytes]]) -> dict[str, Any]:
        raw_path, query = _octets(self._url.path) or b"/", _octets(self._url.query)
        version = _str(self._request.get("httpVersion")).lower()
        version = _VERSIONS.get(version) or _VERSIONS_3.get(version) or ""
        scope: dict[str, Any] = {
            "type": "websocket" if self._is_websocket else "http",
            **({"http_version": version} if version else {}),
            **({"scheme": self._url.scheme} if self._url.scheme else {}),
            **({} if self._is_websocket else {"method": _str(self._request.get("method")) or "GET"}),
            "path": unquote_to_bytes(raw_path).decode("utf-8", "replace"),
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            **self._places(),
        }
        if self._is_websocket:
            offered = _value(headers, b"sec-websocket-protocol") or b""
            scope["subprotocols"] = [name.strip() for name in offered.decode("latin-1").split(",") if name.strip()]
        return scope

    def _places(self) -> dict[str, Any]:
        """The server's address, and the client's port, which some write as the name of the TCP connection."""
        found: dict[str, Any] = {}
        host, port = _str(self._entry.get("serverIPAddress")), self._port()
        if host:
            found["server"] = [host.strip("[]"), port]
        name = _str(self._entry.get("connection"))
        if name.isascii() and name.isdigit() and len(name) <= 5:
            found["client"] = [None, int(name)]
        return found

    def _port(self) -> int | None:
        try:
            port = self._url.port
        except ValueError:
            port = None
        return port or {"http": 80, "ws": 80, "https": 443, "wss": 443}.get(self._url.scheme)

    def _request_headers(self) -> list[list[bytes]]:
        """The headers; of HTTP/2 the `:authority`, or else the URL, as Host."""
        found = _headers(self._request.get("headers"))
        host = _value(found, b":authority") or _octets(self._url.netloc.rpartition("@")[2])
        found = [pair for pair in found if not pair[0].startswith(b":")]
        return found if not host or _value(found, b"host") is not None else [[b"host", host], *found]

    # --- what passed ---

    def _http(self, headers: list[list[bytes]]) -> Iterator[Record]:
        message = {"type": "http.request", "body": self._posted(headers), "more_body": False}
        yield self._received(message, self._asked, waited=self._asked)
        if self._status:
            yield from self._responded("http.response")

    def _responded(self, kind: str) -> Iterator[Record]:
        found, trailers = _headers(self._response.get("headers")), _headers(self._response.get("_trailers"))
        start = {"type": f"{kind}.start", "status": self._status, "headers": found}
        yield self._sent({**start, "trailers": True} if trailers else start, self._begun)
        more = self._entry.get("_complete") is False
        yield self._sent({"type": f"{kind}.body", "body": self._answered(found), "more_body": more}, self._over)
        if trailers:
            yield self._sent({"type": f"{kind}.trailers", "headers": trailers}, self._over)

    def _posted(self, headers: list[list[bytes]]) -> Any:
        posted = _dict(self._request.get("postData"))
        content_type = _str(posted.get("mimeType")) or None
        size = _size(self._request.get("bodySize"))
        if "text" in posted and (posted["text"] or not posted.get("params")):
            body = _body(posted, content_type, posted.get("_encoding"))
        elif media_type(content_type) == FORM:
            pairs = [_dict(pair) for pair in _list(posted.get("params"))]
            body = urlencode([(_str(pair.get("name")), _str(pair.get("value"))) for pair in pairs]).encode()
        else:
            return Truncated(size, b"") if size else b""
        body = _coded(body, headers)
        return Truncated(max(size, len(body)), body) if posted.get("_truncated") is True else body

    def _answered(self, headers: list[list[bytes]]) -> Any:
        content = _dict(self._response.get("content"))
        wire, size = _size(self._response.get("bodySize")), _size(content.get("size"))
        if not content.get("text"):
            return Truncated(wire or size, b"") if size else b""
        body = _coded(_body(content, _str(content.get("mimeType")), content.get("encoding")), headers)
        return Truncated(max(wire, len(body)), body) if content.get("_truncated") is True else body

    def _websocket(self) -> Iterator[Record]:
        yield self._received({"type": "websocket.connect"}, 0, waited=0)
        close = _dict(self._entry.get("_webSocketClose"))
        if self._status == 101:
            found = _headers(self._response.get("headers"))
            chosen = _value(found, b"sec-websocket-protocol")
            yield self._sent(
                {
                    "type": "websocket.accept",
                    "subprotocol": None if chosen is None else chosen.decode("latin-1"),
                    "headers": [pair for pair in found if pair[0] not in _OF_THE_HANDSHAKE],
                },
                self._begun,
            )
            yield from self._talk()
        elif self._status and not close:
            yield from self._responded("websocket.http.response")
            return
        if close:
            yield self._closed(close)

    def _talk(self) -> Iterator[Record]:
        began, last = self._started.timestamp(), self._begun
        for frame in map(_dict, _list(self._entry.get("_webSocketMessages"))):
            opcode, words = frame.get("opcode"), _str(frame.get("data"))
            if opcode not in (_TEXT_FRAME, _BINARY_FRAME):
                continue  # Chrome notes errors in this list, too
            last = max(last, _us((_number(frame.get("time")) - began) * 1000))
            data: Any = words if opcode == _TEXT_FRAME else _unbase64(words)
            if size := _size(frame.get("_size")):
                data = Truncated(size, data)
            content = {"text" if opcode == _TEXT_FRAME else "bytes": data}
            if frame.get("type") == "send":
                yield self._received({"type": "websocket.receive", **content}, last, waited=0)
            else:
                yield self._sent({"type": "websocket.send", **content}, last)
        self._over = max(self._over, last)

    def _closed(self, close: dict[str, Any]) -> Record:
        code = close.get("code")
        message = {"code": code if type(code) is int else 1005, "reason": _str(close.get("reason"))}
        at = self._begun if self._status != 101 else self._over
        if close.get("type") == "send":
            return self._received({"type": "websocket.disconnect", **message}, self._over, waited=0)
        return self._sent({"type": "websocket.close", **message}, at)

    def _end(self) -> Iterator[Record]:
        """How the application ended, if that was told, or if it has answered."""
        told = self._entry.get("_outcome")
        outcome: Outcome | None = next((each for each in get_args(Outcome) if each == told), None)
        if outcome is None and (told == "open" or not self._status):
            return
        ended = _us(self._entry.get("_applicationTime")) if "_applicationTime" in self._entry else self._over
        yield EndRecord(
            conn=self._conn,
            n=self._next(),
            t_us=ended,
            outcome=outcome or "returned",
            error=_error(_str(self._response.get("_error"))) if outcome == "raised" else None,
            route=_str(self._entry.get("_route")) or None,
            endpoint=_str(self._entry.get("_endpoint")) or None,
        )

    def _received(self, message: dict[str, Any], t_us: int, *, waited: int) -> ReceiveRecord:
        return ReceiveRecord(conn=self._conn, n=self._next(), t_us=t_us, wait_us=waited, message=message)

    def _sent(self, message: dict[str, Any], t_us: int) -> SendRecord:
        return SendRecord(conn=self._conn, n=self._next(), t_us=t_us, message=message)

    def _next(self) -> int:
        self._n += 1
        return self._n


# --- values that may be anything -------------------------------------------------------------------------------------------


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _str(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float:
    return float(value) if type(value) in (int, float) and abs(value) < _LARGEST_MS and math.isfinite(value) else 0.0


def _size(value: Any) -> int:
    return value if type(value) is int and 0 < value < 1 << 62 else 0


def _us(milliseconds: Any) -> int:
    return round(max(0.0, _number(milliseconds)) * 1000)


def _status(value: Any) -> int:
    return value if type(value) is int and 100 <= value < 1000 else 0


def _moment(value: Any) -> datetime:
    """The beginning of an entry, in UTC; the epoch where it is none."""
    try:
        found = datetime.fromisoformat(_str(value))
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _octets(words: str, encoding: str = "utf-8") -> bytes:
    try:
        return words.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return words.encode("utf-8", "surrogatepass")


def _headers(found: Any) -> list[list[bytes]]:
    """The headers, names in lower case as ASGI has them."""
    pairs = []
    for header in map(_dict, _list(found)):
        encoding = "iso-8859-1" if header.get("_encoding") == "iso-8859-1" else "utf-8"
        name, value = _octets(_str(header.get("name")), encoding), _octets(_str(header.get("value")), encoding)
        if name:
            pairs.append([name.lower(), value])
    return pairs


def _value(headers: list[list[bytes]], name: bytes) -> bytes | None:
    return next((value for found, value in headers if found == name), None)


def _body(holder: dict[str, Any], content_type: str | None, encoding: Any) -> bytes:
    words = _str(holder.get("text"))
    return _unbase64(words) if encoding == "base64" else _octets(words, charset_of(content_type))


def _unbase64(words: str) -> bytes:
    try:
        return base64.b64decode(_octets(words))
    except (binascii.Error, ValueError):
        return _octets(words)


def _coded(body: bytes, headers: list[list[bytes]]) -> bytes:
    """The body with the coding that its headers name."""
    match (_value(headers, b"content-encoding") or b"").strip().lower():
        case b"gzip" | b"x-gzip":
            return gzip.compress(body, mtime=0)
        case b"deflate":
            return zlib.compress(body)
        case b"br":
            import brotli  # type: ignore[import-untyped]  # it has no annotations

            coded: bytes = brotli.compress(body)
            return coded
        case b"zstd":
            import zstandard

            return zstandard.compress(body)
    return body


def _error(words: str) -> ErrorInfo | None:
    kind, colon, message = words.partition(": ")
    return ErrorInfo(type=kind, message=message if colon else None) if kind else None
