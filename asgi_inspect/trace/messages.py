"""What an ASGI message or scope says: small total functions, for the fold and for every view.

A trace holds what really passed, illegal traffic included: a message that is no dict, a status that is no int, a body that
is an object. So any value goes in, a sensible default comes out, and nothing raises.
"""

from typing import Any, Final, NamedTuple

from ..values import Foreign, Parts, Redacted, Truncated

NO_STATUS: Final = 1005  # the close code that stands for "the peer sent none" (RFC 6455, 7.1.5)
NORMAL: Final = 1000

_STARTS: Final = frozenset({"http.response.start", "websocket.http.response.start"})
_WITH_MORE_BODY: Final = frozenset({"http.response.body", "http.response.zerocopysend", "websocket.http.response.body"})
_WITH_BODY: Final = frozenset({"http.request", "http.response.body", "websocket.http.response.body"})
_WITH_DATA: Final = frozenset({"websocket.receive", "websocket.send"})


class Close(NamedTuple):
    """How a WebSocket was closed: None where the message holds no code or reason that makes sense."""

    code: int | None
    reason: str | None


def field(message: Any, name: str) -> Any:
    """The value of one key of a message or scope; None where there is no such key, or the message is no mapping."""
    return message.get(name) if isinstance(message, dict) else None


def message_type(message: Any) -> str:
    """The `type` of a message or scope; empty where it has none."""
    found = field(message, "type")
    return found if isinstance(found, str) else ""


def is_start(message: Any) -> bool:
    """Whether this message begins the response: `http.response.start`, or that of a refused WebSocket."""
    return message_type(message) in _STARTS


def status_of(message: Any) -> int | None:
    """The status of a response start; None for any other message, and where it is no int."""
    status = field(message, "status") if is_start(message) else None
    return status if _is_int(status) else None


def ends_body(message: Any) -> bool:
    """Whether this message is the last of the response's body (trailers may still follow)."""
    kind = message_type(message)
    return kind == "http.response.pathsend" or (kind in _WITH_MORE_BODY and not field(message, "more_body"))


def ends_trailers(message: Any) -> bool:
    """Whether this message is the last of the response's trailers."""
    return message_type(message) == "http.response.trailers" and not field(message, "more_trailers")


def payload_of(message: Any) -> Any:
    """What a message carries: the body of a request or response, the text or bytes of a WebSocket message; else None."""
    kind = message_type(message)
    if kind in _WITH_BODY:
        return field(message, "body")
    if kind in _WITH_DATA:  # hypercorn sends both keys, one of them None
        octets = field(message, "bytes")
        return field(message, "text") if octets is None else octets
    return None


def payload_size(message: Any) -> int:
    """The true size in bytes of what a message carries."""
    return size_of(payload_of(message))


def size_of(value: Any) -> int:
    """The true size of a value in bytes, of a str in UTF-8; 0 for what has no size, or an unknown one."""
    if isinstance(value, bytes | bytearray):
        return len(value)
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, memoryview):
        return value.nbytes
    if isinstance(value, Truncated | Redacted):
        return max(0, value.size) if isinstance(value.size, int) else 0
    if isinstance(value, Parts):
        return sum(map(size_of, value.parts))
    return 0


def close_of(message: Any) -> Close | None:
    """The code and reason of a `websocket.close` or `websocket.disconnect`; None for any other message.

    A code that was left out is the one that the specification gives it: 1000 for a close, 1005 for a disconnect.
    """
    kind = message_type(message)
    if kind not in ("websocket.close", "websocket.disconnect"):
        return None
    code = field(message, "code")
    if code is None:
        code = NORMAL if kind == "websocket.close" else NO_STATUS
    return Close(code if _is_int(code) else None, reason_of(message))


def reason_of(message: Any) -> str | None:
    """The `reason` of a message in words, also where parts of it are not there; None for none."""
    reason = field(message, "reason")
    return (as_text(reason) if isinstance(reason, str | Parts | Redacted | Truncated) else "") or None


def headers_of(holder: Any) -> list[tuple[Any, Any]]:
    """The headers of a message or scope, in order; what is no pair is left out."""
    headers = field(holder, "headers")
    if not isinstance(headers, list | tuple):
        return []
    return [(pair[0], pair[1]) for pair in headers if isinstance(pair, list | tuple) and len(pair) == 2]


def header(holder: Any, name: bytes) -> Any:
    """The value of the first header of that name (given in lower case); None where there is none.

    It is bytes in legal traffic, and may be `Truncated`, `Redacted` or `Parts`.
    """
    for found, value in headers_of(holder):
        if isinstance(found, bytes) and found.lower() == name:
            return value
    return None


def as_text(value: Any) -> str:
    """A path, a query or the like in words for people: one line of text, undecodable bytes as escapes, "" for None.

    Control characters stay: a view makes its text safe when it shows it.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, Truncated):
        return as_text(value.head) + "…"
    if isinstance(value, Redacted):
        return "<redacted>"
    if isinstance(value, Parts):
        return "".join(map(as_text, value.parts))
    if isinstance(value, Foreign):
        return f"<{value.content}>" if isinstance(value.content, str) else f"<{value.tag}>"
    if isinstance(value, float) or (isinstance(value, int) and value.bit_length() <= 64):  # a huge int is slow to write
        return str(value)
    return f"<{type(value).__name__}>"


def address(value: Any) -> str | None:
    """A `client` or `server` of a scope: `127.0.0.1:8000`, `[::1]:8000`, the path of a Unix socket; None where it has none."""
    if not isinstance(value, list | tuple) or not value:
        return None
    host = as_text(value[0])
    port = as_text(value[1]) if len(value) > 1 else ""
    if not host or not port:
        return host or None
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
