"""Where a connection went: its URL, and how the same server is reached again.

A trace tells what the server was sent, not which address the client typed. The Host header is taken for it, unless it names
nothing that could be, or the server listens on this machine alone and under another name.
"""

import re
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from ..trace import messages
from ..trace.connection import Connection
from ..trace.records import ProcessRecord
from ._exchange import Header, find, forwarded, headers, octets, text

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._~-]{1,255})(?::([0-9]{1,5}))?", re.ASCII)
_SCHEMES: Final = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
_LOOPBACK: Final = re.compile(r"127\.[0-9.]+|\[?::1\]?|localhost", re.ASCII)
_NOWHERE: Final = "unknown.invalid"
# Of RFC 3986 what may stand in a path or a query; and all that is printable but the beginning of a fragment.
_LEGAL: Final = "!$&'()*+,-./:;=?@_~%"
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F))).replace("#", "")
_DOTS: Final = re.compile(r"/(?:\.|%2e){1,2}(?:[/?]|$)", re.IGNORECASE)
_NO_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Address(NamedTuple):
    """A place to connect to, and what to ask for there."""

    scheme: str
    host: str
    """With the port, if one was named."""
    target: str
    """Path and query, in printable ASCII; may also be `*`, or anything else that some client sent."""
    own_host: bytes | None
    """The Host header, where it differs from `host`."""
    socket: str | None
    """The path of the Unix socket at which the server listens."""

    @property
    def url(self) -> str:
        """The URL, of a target that is none without it."""
        return f"{self.scheme}://{self.host}{self.target if self.target.startswith('/') else '/'}"

    @property
    def has_dots(self) -> bool:
        """Whether the path holds `.` or `..`, which clients resolve before they ask."""
        return _DOTS.search(self.target) is not None


def client_url(connection: Connection, process: ProcessRecord | None) -> str:
    """The URL that the client asked for, as far as the server knows it; always one by RFC 3986."""
    scope = connection.scope
    host = _valid(find(headers(scope), b"host")) or _listening(scope) or _NOWHERE
    target = _target(connection, process, _LEGAL)
    if not target.startswith("/"):
        target = f"/{target}"
    return f"{_scheme(scope)}://{host}{target}"


def server_address(connection: Connection, process: ProcessRecord | None) -> Address:
    """Where to send the same again."""
    scope = connection.scope
    own = find(headers(scope), b"host")
    named, listening = _valid(own), _listening(scope)
    scheme = _scheme(scope)
    if named is None or (listening is not None and _only_here(named, listening, scheme, headers(scope))):
        host = listening or named or _NOWHERE
    else:
        host = named
    differs = own is not None and own != host.encode()
    return Address(scheme, host, _target(connection, process, _PRINTABLE), own if differs else None, _socket(scope))


def _only_here(named: str, listening: str, scheme: str, found: list[Header]) -> bool:
    """Whether the server is to be reached at its own address, and not at the one that the Host header names."""
    name, port = _parts(named, scheme)
    own_name, own_port = _parts(listening, scheme)
    if forwarded(found) or not _LOOPBACK.fullmatch(own_name):
        return False
    return port != own_port or not _LOOPBACK.fullmatch(name)


def _parts(host: str, scheme: str) -> tuple[str, str]:
    match = _HOST.fullmatch(host)
    assert match is not None
    return match[1], match[2] or _SCHEMES[scheme]


def _scheme(scope: Any) -> str:
    scheme = messages.field(scope, "scheme")
    if isinstance(scheme, str) and scheme in _SCHEMES:
        return scheme
    return "ws" if messages.message_type(scope) == "websocket" else "http"


def _valid(host: bytes | None) -> str | None:
    if host is None:
        return None
    match = _HOST.fullmatch(text(host))
    return host.decode() if match is not None and int(match[2] or 0) < 1 << 16 else None


def _listening(scope: Any) -> str | None:
    """The server's own address."""
    if _socket(scope) is not None:
        return "localhost"
    address = messages.address(messages.field(scope, "server"))
    if address is None:
        return None
    name, _, port = address.rpartition(":")
    if name.strip("[]") in ("0.0.0.0", "::"):  # noqa: S104 - where a server listens on all, this machine is one of them
        address = f"127.0.0.1:{port}"
    return _valid(address.encode("utf-8", "surrogatepass"))


def _socket(scope: Any) -> str | None:
    server = messages.field(scope, "server")
    if isinstance(server, list | tuple) and server and isinstance(server[0], str) and server[0].startswith("/"):
        return server[0] if "\0" not in server[0] else None
    return None


def _target(connection: Connection, process: ProcessRecord | None, kept: str) -> str:
    path = _path(connection, process)
    query = octets(messages.field(connection.scope, "query_string") or b"")[0]
    if kept is _LEGAL:
        path, query = _NO_ESCAPE.sub(b"%25", path), _NO_ESCAPE.sub(b"%25", query)
    quoted = quote(path, safe=kept.replace("?", ""))
    return f"{quoted}?{quote(query, safe=kept)}" if query else quoted


def _path(connection: Connection, process: ProcessRecord | None) -> bytes:
    """The path as it was sent, still percent-encoded."""
    scope = connection.scope
    raw = messages.field(scope, "raw_path")
    if isinstance(raw, bytes | bytearray) and raw:
        path = bytes(raw).partition(b"?")[0]
    else:
        path = quote(
            messages.as_text(messages.field(scope, "path")), safe="!$&'()*+,-./:;=@_~", errors="replace"
        ).encode()
    root = messages.field(scope, "root_path")
    if not isinstance(root, str) or not root.startswith("/"):
        return path
    root_octets = root.rstrip("/").encode("utf-8", "surrogatepass")
    if forwarded(headers(scope)):
        return path if path.startswith(root_octets) else root_octets + path
    # uvicorn puts the root path before each path, for a proxy that has cut it off; without one, nobody sent it.
    puts_it_there = process is not None and "uvicorn" in (process.server or "").lower()
    return path.removeprefix(root_octets) if puts_it_there else path
