"""What a scope says of the request: `http_version`, `method`, `scheme`, `query_string` and `subprotocols`."""

import re
from collections.abc import Mapping
from typing import Any, Final

from ...values import Foreign
from ..kinds import KEPT_BACK, no_bytes, no_bytes_or_none, no_str, pairs_of
from ..shape import MISSING, Row
from ..talk import Talk
from ..words import shown, sized
from ._scopes import HTTP, WEB, WEBSOCKET, ScopeRow, is_known

_SCOPE: Final = ("scope",)
_HTTP_VERSIONS: Final = frozenset({"1.0", "1.1", "2", "3"})
_SCHEMES: Final[Mapping[str, tuple[str, str]]] = {"http": ("http", "https"), "websocket": ("ws", "wss")}
_OFFER: Final = re.compile(rb"(?:^|,)[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+[ \t]*(?:,|$)")


def _is_missing(value: Any) -> bool:
    return value is MISSING


def _is_no_method(value: Any) -> bool:
    return not isinstance(value, str) or not value


def _odd_offer(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    offered = scope.get("subprotocols", ())
    if isinstance(offered, list | tuple | set | frozenset):
        odd = next((member for member in offered if not isinstance(member, (str, Foreign, *KEPT_BACK))), "")
        return None if odd == "" else f"`subprotocols` of the scope has {shown(odd)}, where a str belongs."
    if isinstance(offered, (dict, Foreign, *KEPT_BACK)):
        return None
    return f"`subprotocols` of the scope is {shown(offered)}, not a list of strs."


def _odd_scheme(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    scheme = scope.get("scheme")
    right = _SCHEMES[talk.type]
    if not isinstance(scheme, str) or scheme in right or not scheme:
        return None
    return f'`scheme` of the {talk.type} scope is {shown(scheme)}, where "{right[0]}" or "{right[1]}" belongs.'


def _no_query_bytes(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    value = scope.get("query_string", MISSING)
    is_wrong = no_bytes_or_none if talk.type == "websocket" else no_bytes
    if value is MISSING or not is_known(value) or not is_wrong(value):
        return None
    return f"`query_string` of the scope is {sized(value)}, not bytes."


def _lost_offer(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    offered = scope.get("subprotocols", ())
    if not isinstance(offered, list | tuple) or offered:
        return None
    for name, value in pairs_of(scope.get("headers")):
        if name == b"sec-websocket-protocol" and isinstance(value, bytes) and _OFFER.search(value) is not None:
            return "The client has sent `sec-websocket-protocol`, but `subprotocols` of the scope is empty."
    return None


ROWS: Final[tuple[Row | ScopeRow, ...]] = (
    Row(
        "A301",
        "http-version-missing",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="http_version",
        missing=True,
        bad=_is_missing,
        says="The http scope has no `http_version`.",
        what="An http scope has no `http_version`. In a WebSocket's it is optional.",
        why="An application that reads it, such as one that decides whether to send trailers, raises `KeyError`.",
        fix='Give the scope its `http_version`: "1.0", "1.1", "2" or "3".',
        breaks=('scope = http_scope()\ndel scope["http_version"]\n',),
        holds=("http_scope()", 'scope = websocket_scope()\ndel scope["http_version"]\n'),
        scopes=HTTP,
    ),
    Row(
        "A302",
        "http-version-type",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="http_version",
        bad=no_str,
        says="`http_version` of the scope is {value}, not a str.",
        what="The `http_version` of a scope is no str.",
        why='An application that compares it with "1.1" finds that it is something else.',
        fix='Give `http_version` as a str such as "1.1".',
        breaks=("http_scope(http_version=1.1)",),
        holds=('http_scope(http_version="1.1")',),
        scopes=WEB,
    ),
    Row(
        "A303",
        "http-version-unknown",
        "warning",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="http_version",
        bad=lambda value: isinstance(value, str) and value not in _HTTP_VERSIONS,
        says='`http_version` of the scope is {value}, which is none of "1.0", "1.1", "2" and "3".',
        what='The `http_version` of a scope is none of "1.0", "1.1", "2" and "3".',
        why='granian gives "1" for HTTP/1.0: Falcon raises, so that every request of a proxy that speaks 1.0 is answered 500.',
        fix='Write it as "1.0", "1.1", "2" or "3".',
        breaks=('http_scope(http_version="1")', 'http_scope(http_version="HTTP/1.1")'),
        holds=('http_scope(http_version="3")',),
        scopes=WEB,
    ),
    Row(
        "A304",
        "http-version-on-websocket",
        "warning",
        "server",
        "www.websocket-scope",
        on=_SCOPE,
        field="http_version",
        bad=lambda value: value == "1.0",
        says="`http_version` of the WebSocket's scope is {value}, over which no WebSocket can be opened.",
        what='The `http_version` of a WebSocket\'s scope is "1.0".',
        why="A WebSocket needs at least HTTP/1.1, so the server has told the wrong version, or opened what it may not.",
        fix="Give the version of the request that asked for the WebSocket.",
        breaks=('websocket_scope(http_version="1.0")',),
        holds=('websocket_scope(http_version="1.1")', 'websocket_scope(http_version="2")'),
        scopes=WEBSOCKET,
    ),
    Row(
        "A305",
        "method-missing",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="method",
        missing=True,
        bad=_is_missing,
        says="The http scope has no `method`.",
        what="An http scope has no `method`.",
        why="Every router asks for it, and raises `KeyError`.",
        fix="Give the scope the `method` of the request, in upper case.",
        breaks=('scope = http_scope()\ndel scope["method"]\n',),
        holds=("http_scope()", "websocket_scope()"),
        scopes=HTTP,
    ),
    Row(
        "A306",
        "method-type",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="method",
        bad=_is_no_method,
        says="`method` of the scope is {value}, not the name of a method.",
        what="The `method` of an http scope is no str, or an empty one.",
        why="No route fits, so that every request is answered with 405 or 404.",
        fix='Give `method` as a str such as "GET".',
        breaks=('http_scope(method=b"GET")', 'http_scope(method="")'),
        holds=('http_scope(method="PURGE")', 'http_scope(method="FOO-BAR")'),
        scopes=HTTP,
    ),
    Row(
        "A307",
        "method-not-uppercase",
        "warning",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="method",
        bad=lambda value: isinstance(value, str) and value != value.upper(),
        says="`method` of the scope is {value}, which is not in upper case.",
        what="The `method` of an http scope has lower-case letters.",
        why="A client that sends `get` reaches the application as that under uvicorn with h11, daphne and granian; hypercorn "
        "turns it into upper case, and routers compare with that.",
        fix="Turn the method into upper case before it goes into the scope.",
        breaks=('http_scope(method="get")',),
        holds=('http_scope(method="GET")',),
        scopes=HTTP,
    ),
    Row(
        "A308",
        "scheme-type",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="scheme",
        bad=no_str,
        says="`scheme` of the scope is {value}, not a str.",
        what="The `scheme` of a scope is no str.",
        why="Frameworks build URLs from it.",
        fix='Give `scheme` as a str such as "https", or leave it out.',
        breaks=('http_scope(scheme=b"https")',),
        holds=('http_scope(scheme="https")', 'scope = websocket_scope()\ndel scope["scheme"]\n'),
        scopes=WEB,
    ),
    Row(
        "A309",
        "scheme-empty",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="scheme",
        bad=lambda value: value == "",
        says="`scheme` of the scope is empty.",
        what="The `scheme` of a scope is an empty str.",
        why="URLs that a framework builds from it lack their beginning. daphne does so with `--proxy-headers` where "
        "`X-Forwarded-Proto` is empty.",
        fix="Leave `scheme` out, or give the one of the connection.",
        breaks=('http_scope(scheme="")',),
        holds=('scope = http_scope()\ndel scope["scheme"]\n',),
        scopes=WEB,
    ),
    ScopeRow(
        "A310",
        "scheme-mismatch",
        "warning",
        "www.http-scope",
        field="scheme",
        look=_odd_scheme,
        what="The `scheme` of a scope does not fit its type: that of an http scope is `http` or `https`, that of a WebSocket's "
        "`ws` or `wss`.",
        why="Redirects and links get a scheme that no browser opens. uvicorn and daphne copy what a proxy, or a client, says in "
        "`X-Forwarded-Proto`.",
        fix="Translate what the proxy says into the scheme of the scope's type.",
        breaks=('http_scope(scheme="wss")', 'websocket_scope(scheme="https")'),
        holds=('http_scope(scheme="https")', 'websocket_scope(scheme="wss")'),
        scopes=WEB,
    ),
    Row(
        "A319",
        "query-string-missing",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="query_string",
        missing=True,
        bad=_is_missing,
        says="The http scope has no `query_string`.",
        what="An http scope has no `query_string`. In a WebSocket's it is optional.",
        why="Frameworks read it for every request, and raise `KeyError`.",
        fix='Give the scope its `query_string`, `b""` where there is none.',
        breaks=('scope = http_scope()\ndel scope["query_string"]\n',),
        holds=('scope = websocket_scope()\ndel scope["query_string"]\n',),
        scopes=HTTP,
    ),
    ScopeRow(
        "A320",
        "query-string-type",
        "error",
        "www.http-scope",
        field="query_string",
        look=_no_query_bytes,
        what="The `query_string` of a scope is no bytes. In a WebSocket's it may be None.",
        why='Frameworks decode it themselves: `"a=1".decode()` is an `AttributeError`.',
        fix="Give `query_string` as the bytes of the request, still percent-encoded.",
        breaks=('http_scope(query_string="a=1")', "http_scope(query_string=None)"),
        holds=("websocket_scope(query_string=None)", 'http_scope(query_string=b"q=\\xc3\\xb8")'),
        scopes=WEB,
    ),
    Row(
        "A321",
        "query-string-has-qmark",
        "info",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="query_string",
        bad=lambda value: isinstance(value, bytes) and value.startswith(b"?"),
        says="`query_string` of the scope begins with `?`, which is right only where the client has asked with two of them.",
        what="The `query_string` of a scope begins with the `?` that separates it from the path. Where a client asks for `/x??a` "
        "that is right; a trace cannot tell.",
        why='The first parameter gets the name "?a".',
        fix="Give what stands behind the first `?`.",
        breaks=('http_scope(query_string=b"?a=1")',),
        holds=('http_scope(query_string=b"a=1?")',),
        scopes=WEB,
    ),
    ScopeRow(
        "A346",
        "subprotocols-type",
        "error",
        "www.websocket-scope",
        field="subprotocols",
        look=_odd_offer,
        what="The `subprotocols` of a WebSocket's scope are no iterable of strs.",
        why='An application that looks for "chat" in them does not find it, and accepts without a subprotocol.',
        fix="Give `subprotocols` as a list of strs, or leave it out.",
        breaks=('websocket_scope(subprotocols="chat")', 'websocket_scope(subprotocols=[b"chat"])'),
        holds=(
            "websocket_scope(subprotocols=[])",
            'websocket_scope(subprotocols=("chat",))',
            'scope = websocket_scope()\ndel scope["subprotocols"]\n',
        ),
        scopes=WEBSOCKET,
    ),
    ScopeRow(
        "A347",
        "subprotocols-vs-header",
        "warning",
        "www.websocket-scope",
        field="subprotocols",
        look=_lost_offer,
        what="A client offers subprotocols in `sec-websocket-protocol`, and `subprotocols` of the scope has none.",
        why="The application accepts without one, upon which a browser closes the connection.",
        fix="Fill `subprotocols` from the header.",
        breaks=('websocket_scope(headers=[(b"host", b"h"), (b"sec-websocket-protocol", b"chat")])',),
        holds=(
            'websocket_scope(headers=[(b"host", b"h")], subprotocols=["chat"])',
            'websocket_scope(headers=[(b"host", b"h"), (b"sec-websocket-protocol", b"")])',
        ),
        scopes=WEBSOCKET,
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
