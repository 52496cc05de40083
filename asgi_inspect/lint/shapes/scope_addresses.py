"""The addresses in a scope: `client` and `server`, each a pair of a host and a port."""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, Final

from ...values import Foreign
from ..kinds import is_int, no_int
from ..rule import Found
from ..shape import Row
from ..talk import Talk
from ..words import shown
from ._scopes import WEB, Look, ScopeRow, is_known

_PAIR: Final = 2
_UNIX: Final = (2, 2)
"""Since that version, the port of `server` may be None."""


def _is_no_address(value: Any) -> bool:
    if isinstance(value, list | tuple | set | frozenset):
        return len(value) != _PAIR
    return value is not None and not isinstance(value, Foreign)


def _host(scope: Mapping[Any, Any], field: str) -> Any:
    return _half(scope, field, 0)


def _port(scope: Mapping[Any, Any], field: str) -> Any:
    return _half(scope, field, 1)


def _half(scope: Mapping[Any, Any], field: str, index: int) -> Any:
    """A half of an address; an unknown `Foreign` where there is none."""
    address = scope.get(field)
    if not isinstance(address, list | tuple) or len(address) != _PAIR or not is_known(address[index]):
        return _UNKNOWN
    return address[index]


_UNKNOWN: Final = Foreign("$object", "?")


def _odd_host(field: str) -> Look:
    def look(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
        host = _host(scope, field)
        if isinstance(host, str) or host is _UNKNOWN:
            return None
        return f"The host in `{field}` of the scope is {shown(host)}, not a str."

    return look


def _odd_port(field: str, is_wrong: Callable[[Any], bool]) -> Look:
    def look(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
        port = _port(scope, field)
        if port is _UNKNOWN or not is_wrong(port):
            return None
        return f"The port in `{field}` of the scope is {shown(port)}, not an int."

    return look


def _impossible_port(_talk: Talk, scope: Mapping[Any, Any]) -> Found | None:
    for field in ("client", "server"):
        port = _port(scope, field)
        if is_int(port) and not 0 <= port <= 65_535:
            return Found(f"The port in `{field}` of the scope is {shown(port)}, which no port can be.", key=field)
    return None


def _no_ip(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    host = _host(scope, "client")
    if not isinstance(host, str):
        return None
    try:
        ipaddress.ip_address(host.partition("%")[0][:64])
    except ValueError:
        return f"The host in `client` of the scope is {shown(host)}, which is no IP address."
    return None


def _early_none(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    if _port(scope, "server") is not None or talk.spec_version >= _UNIX:
        return None
    version = ".".join(map(str, talk.spec_version))
    return f'The port in `server` of the scope is None, which came with "2.2"; `spec_version` is "{version}".'


ROWS: Final[tuple[Row | ScopeRow, ...]] = (
    Row(
        "A337",
        "client-shape",
        "error",
        "server",
        "www.http-scope",
        on=("scope",),
        field="client",
        bad=_is_no_address,
        says="`client` of the scope is {value}, not a pair of a host and a port.",
        what="The `client` of a scope is no pair.",
        why="Frameworks take it apart, and raise.",
        fix="Give `client` as a pair of a str and an int, or as None.",
        breaks=('http_scope(client="127.0.0.1")', 'http_scope(client=("127.0.0.1",))'),
        holds=("http_scope(client=None)", 'http_scope(client=["127.0.0.1", 50000])'),
        scopes=WEB,
    ),
    ScopeRow(
        "A338",
        "client-host-type",
        "error",
        "www.http-scope",
        field="client",
        look=_odd_host("client"),
        what="The host in the `client` of a scope is no str.",
        why="Applications compare it with addresses that they know, or write it into logs.",
        fix="Give the host as a str.",
        breaks=('http_scope(client=(b"1.2.3.4", 1))',),
        holds=('http_scope(client=("", 1))',),
        scopes=WEB,
    ),
    ScopeRow(
        "A339",
        "client-port-type",
        "error",
        "www.http-scope",
        field="client",
        look=_odd_port("client", no_int),
        what="The port in the `client` of a scope is no int.",
        why="granian 2.8.7 gives a str in every scope, so that what counts or compares ports fails there alone.",
        fix="Give the port as an int.",
        breaks=('http_scope(client=("127.0.0.1", "60032"))', 'http_scope(client=("127.0.0.1", None))'),
        holds=('http_scope(client=("127.0.0.1", 0))',),
        scopes=WEB,
        once=True,
    ),
    ScopeRow(
        "A340",
        "client-host-not-ip",
        "info",
        "www.http-scope",
        field="client",
        look=_no_ip,
        what="The host in the `client` of a scope is no IP address.",
        why="Test clients, proxies that hide it, and Unix sockets give something else; `ipaddress.ip_address` raises on it.",
        fix="Expect other things than addresses where `client` is read.",
        breaks=('http_scope(client=("unknown", 1))',),
        holds=('http_scope(client=("::1", 1))', 'http_scope(client=("fe80::1%eth0", 1))'),
        default=False,
        scopes=WEB,
    ),
    Row(
        "A341",
        "server-shape",
        "error",
        "server",
        "www.http-scope",
        on=("scope",),
        field="server",
        bad=_is_no_address,
        says="`server` of the scope is {value}, not a pair of a host and a port.",
        what="The `server` of a scope is no pair.",
        why="Frameworks take it apart to build URLs, and raise.",
        fix="Give `server` as a pair of a host and a port, or as None.",
        breaks=('http_scope(server="host:80")',),
        holds=("http_scope(server=None)", 'http_scope(server=("/run/app.sock", None))'),
        scopes=WEB,
    ),
    ScopeRow(
        "A342",
        "server-host-type",
        "error",
        "www.http-scope",
        field="server",
        look=_odd_host("server"),
        what="The host in the `server` of a scope is no str.",
        why="Frameworks put it into URLs where there is no `host` header.",
        fix="Give the host, or the path of the Unix socket, as a str.",
        breaks=("http_scope(server=(None, 80))",),
        holds=('http_scope(server=("/run/app.sock", None))',),
        scopes=WEB,
    ),
    ScopeRow(
        "A343",
        "server-port-type",
        "error",
        "www.http-scope",
        field="server",
        look=_odd_port("server", lambda port: port is not None and no_int(port)),
        what="The port in the `server` of a scope is neither an int nor None.",
        why="granian 2.8.7 gives a str in every scope: a framework that leaves out port 80 compares it with an int in vain.",
        fix="Give the port as an int, or as None where `server` is a Unix socket.",
        breaks=('http_scope(server=("127.0.0.1", "8000"))',),
        holds=('http_scope(server=("t.test", None))',),
        scopes=WEB,
        once=True,
    ),
    ScopeRow(
        "A344",
        "server-port-none-early",
        "info",
        "www.http-scope",
        field="server",
        look=_early_none,
        what="The port in the `server` of a scope is None, though `spec_version` is older than 2.2, which allowed that.",
        why="An application that goes by the version takes the port for an int.",
        fix="Give a `spec_version` of at least 2.2.",
        breaks=('http_scope(asgi={"version": "3.0"}, server=("h", None))',),
        holds=('http_scope(asgi={"version": "3.0", "spec_version": "2.2"}, server=("/run/app.sock", None))',),
        default=False,
        scopes=WEB,
    ),
    ScopeRow(
        "A345",
        "port-out-of-range",
        "warning",
        "www.http-scope",
        field="client",
        look=_impossible_port,
        what="A port in the `client` or `server` of a scope is below 0 or above 65535.",
        why="No connection has such a port: what a proxy said was taken over as it was.",
        fix="Give the port of the connection, or 0 where it is not known.",
        breaks=('http_scope(client=("127.0.0.1", 70000))',),
        holds=('http_scope(client=("127.0.0.1", 0), server=("127.0.0.1", 65535))',),
        scopes=WEB,
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
