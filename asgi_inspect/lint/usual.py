"""What scopes and messages nearly always are: of these no rule is asked that the value of a field decides.

Each function is one look at the whole. It may say no of what is right, never yes of what any such rule objects to; a test holds
that for every rule there is.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..values import Parts, Redacted, Truncated

_NAME: Final = re.compile(rb"[a-z0-9!#$%&'*+\-.^_`|~]+").fullmatch
_VALUE: Final = re.compile(rb"[!-~\x80-\xff](?:[ -~\t\x80-\xff]*[!-~\x80-\xff])?").fullmatch
# Names of which a rule may have more to say: of their values, or of how often they come.
_WATCHED: Final = frozenset(
    {
        b"connection",
        b"content-encoding",
        b"content-range",
        b"date",
        b"etag",
        b"keep-alive",
        b"last-modified",
        b"location",
        b"proxy-connection",
        b"sec-websocket-protocol",
        b"server",
        b"status",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_SPEC_VERSIONS: Final = frozenset({"2.0", "2.1", "2.2", "2.3", "2.4", "2.5"})
_EXTENSIONS: Final = {
    "http": frozenset({"http.response.pathsend", "http.response.trailers", "http.response.early_hint"}),
    "websocket": frozenset({"websocket.http.response"}),
}
_PATH: Final = re.compile(r"/[!-$&-.0->@-~/]*").fullmatch  # no percent sign, no question mark, no space
_ADDRESS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}").fullmatch
_FIELDS: Final = 11  # of a scope, beside those that may be there
_BARE: Final = frozenset({204, 205, 304})  # statuses of which more is to be said
_CLEAN: Final = re.compile(rb"[ -~\t\x80-\xff]*").fullmatch
_known_names: Final[set[bytes]] = set()
_known_pairs: Final[set[tuple[bytes, bytes]]] = set()
_known_hosts: Final[set[str]] = set()
_MOST_NAMES: Final = 500
_MOST_PAIRS: Final = 5_000
_LONG: Final = 200  # bytes of a value that is not worth remembering


def _is_http_scope(scope: Mapping[Any, Any]) -> bool:
    fields = _FIELDS + 1 + ("state" in scope) + ("extensions" in scope)
    method = scope.get("method")
    return type(method) is str and method in _METHODS and scope.get("scheme") == "http" and _is_scope(scope, fields)


def _is_websocket_scope(scope: Mapping[Any, Any]) -> bool:
    fields = _FIELDS + 1 + ("state" in scope) + ("extensions" in scope)
    return scope.get("subprotocols") == [] and scope.get("scheme") == "ws" and _is_scope(scope, fields)


def _is_scope(scope: Mapping[Any, Any], fields: int) -> bool:
    get = scope.get
    path, asgi, state = get("path"), get("asgi"), get("state")
    return (
        len(scope) == fields
        and type(path) is str
        and _PATH(path) is not None
        and get("raw_path") == path.encode()
        and get("root_path") == ""
        and get("http_version") == "1.1"
        and type(asgi) is dict
        and len(asgi) == 2
        and asgi.get("version") == "3.0"
        and type(version := asgi.get("spec_version")) is str
        and version in _SPEC_VERSIONS
        and type(query := get("query_string")) is bytes
        and query[:1] != b"?"
        and ("state" not in scope or (type(state) is dict and (not state or all(type(key) is str for key in state))))
        and _are_extensions(get("extensions"), get("type"))
        and _is_address(get("client"))
        and _is_address(get("server"))
        and (names := _names_of(get("headers"))) is not None
        and b"host" in names
    )


def _are_extensions(extensions: Any, type_: Any) -> bool:
    if not extensions:
        return extensions is None or extensions == {}
    return type(extensions) is dict and all(name in _EXTENSIONS[type_] and x == {} for name, x in extensions.items())


def _is_address(address: Any) -> bool:
    if type(address) is not list or len(address) != 2:
        return False
    host, port = address
    if type(host) is not str or type(port) is not int or not 0 < port < 65_536:
        return False
    return host in _known_hosts or _is_host(host)


def _is_host(host: str) -> bool:
    if not _ADDRESS(host):
        return False
    if len(_known_hosts) < _MOST_NAMES:
        _known_hosts.add(host)
    return True


def _is_start(message: Mapping[Any, Any]) -> bool:
    status = message.get("status")
    if type(status) is not int or not 200 <= status < 600 or status in _BARE:
        return False
    return len(message) == 3 and _are_headers(message.get("headers"))


def _is_body(message: Mapping[Any, Any]) -> bool:
    if type(message.get("body")) is not bytes:
        return False
    return len(message) == 2 or (len(message) == 3 and type(message.get("more_body")) is bool)


def _is_data(message: Mapping[Any, Any]) -> bool:
    text, octets = message.get("text"), message.get("bytes")
    if text is None:
        return type(octets) is bytes and len(octets) > 0 and len(message) <= 3 and _has_no_more(message)
    return (
        type(text) is str
        and text != ""
        and octets is None
        and text.isascii()
        and len(message) <= 3
        and _has_no_more(message)
    )


def _has_no_more(message: Mapping[Any, Any]) -> bool:
    return len(message) == 2 or ("text" in message and "bytes" in message)


def _is_bare(message: Mapping[Any, Any]) -> bool:
    return len(message) == 1


def _are_headers(headers: Any) -> bool:
    """Whether no rule objects to any of these headers."""
    return _names_of(headers) is not None


def _names_of(headers: Any) -> set[bytes] | None:
    """The names of headers to none of which any rule objects; None where one may."""
    if type(headers) is not list:
        return None
    names = set()
    for pair in headers:
        if type(pair) is not list or len(pair) != 2:
            return None
        name, value = pair
        if type(name) is not bytes:
            return None
        if type(value) is bytes:
            if (name, value) not in _known_pairs and not _is_pair(name, value):
                return None
        elif name == b"content-length" or not _is_known(name) or not _is_kept_back(value):
            return None
        names.add(name)
    return names if len(names) == len(headers) else None


def _is_pair(name: bytes, value: bytes) -> bool:
    if not _is_known(name) or not _VALUE(value) or (name == b"content-length" and not value.isdigit()):
        return False
    if len(_known_pairs) < _MOST_PAIRS and len(value) < _LONG:
        _known_pairs.add((name, value))
    return True


def _is_known(name: bytes) -> bool:
    return name in _known_names or _is_name(name)


def _is_kept_back(value: Any) -> bool:
    """Whether a value is not whole, and no rule objects to what is there of it."""
    t = type(value)
    if t is Redacted:
        return True
    if t is Parts:
        return all(map(_is_kept_back, value.parts))
    if t is Truncated:
        return value.head is None or _is_kept_back(value.head)
    return t is bytes and _CLEAN(value) is not None


def _is_name(name: bytes) -> bool:
    if name in _WATCHED or not _NAME(name):
        return False
    if len(_known_names) < _MOST_NAMES:
        _known_names.add(name)
    return True


USUAL: Final[Mapping[str, Callable[[Mapping[Any, Any]], bool]]] = {
    "scope http": _is_http_scope,
    "scope websocket": _is_websocket_scope,
    "send http.response.start": _is_start,
    "send http.response.body": _is_body,
    "receive http.request": _is_body,
    "receive http.disconnect": _is_bare,
    "send websocket.send": _is_data,
    "receive websocket.receive": _is_data,
    "receive websocket.connect": _is_bare,
}
