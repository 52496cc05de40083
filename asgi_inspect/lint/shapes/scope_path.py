"""What a scope says of the path: `path`, `raw_path` and `root_path`."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from ..kinds import no_bytes_or_none, no_str
from ..shape import MISSING, Row
from ..talk import Talk
from ..words import shown
from ._scopes import WEB, ScopeRow

_SCOPE: Final = ("scope",)
_LONGEST: Final = 65_536  # bytes of a path that are decoded


def _has_query(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    path, raw_path = scope.get("path"), scope.get("raw_path")
    if not isinstance(path, str) or "?" not in path or not isinstance(raw_path, bytes):
        return None
    if b"%3f" in raw_path.lower():
        return None
    return "`path` of the scope holds a `?`, though `raw_path` has none that is percent-encoded: the query belongs elsewhere."


def _raw_has_query(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    raw_path, path = scope.get("raw_path"), scope.get("path")
    if not isinstance(raw_path, bytes) or b"?" not in raw_path or (isinstance(path, str) and "?" in path):
        return None
    return "`raw_path` of the scope holds a `?`: it has the query too, which belongs into `query_string` alone."


def _not_decoded(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    path, raw_path = scope.get("path"), scope.get("raw_path")
    if talk.layer or not isinstance(path, str) or not isinstance(raw_path, bytes):
        return None
    if not raw_path.startswith(b"/") or b"#" in raw_path or len(raw_path) > _LONGEST:
        return None
    octets = unquote_to_bytes(raw_path)
    if _agree(path, octets.decode("utf-8", "replace")):
        return None
    wrong = next((says for says, other in _mistakes(raw_path, octets) if path == other), None)
    return (
        None
        if wrong is None
        else f"`path` of the scope is {shown(path)}, though `raw_path` is {shown(raw_path)}: {wrong}."
    )


def _agree(path: str, right: str) -> bool:
    """Whether they are the same, but for what a `root_path` or a mount puts in front of one of them."""
    return path == right or path.endswith(right) or right.endswith(path)


def _mistakes(raw_path: bytes, octets: bytes) -> tuple[tuple[str, str], ...]:
    """What a server may have made of a path, other than it should. What else it may be is a path that somebody rewrote."""
    return (
        ("it was not percent-decoded", raw_path.decode("latin-1")),
        ("it was not percent-decoded", raw_path.decode("utf-8", "replace")),
        ("it was decoded as Latin-1, not as UTF-8", octets.decode("latin-1")),
        ("it was percent-decoded twice", unquote_to_bytes(octets).decode("utf-8", "replace")),
        ("a `+` became a space", unquote_to_bytes(raw_path.replace(b"+", b" ")).decode("utf-8", "replace")),
    )


def _is_no_shape(value: Any) -> bool:
    return isinstance(value, str) and value != "" and (not value.startswith("/") or value.endswith("/"))


def _is_outside(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    path, root_path = scope.get("path"), scope.get("root_path")
    if not isinstance(path, str) or not isinstance(root_path, str) or not root_path or path.startswith(root_path):
        return None
    return f"`path` of the scope is {shown(path)}, which does not begin with its `root_path`, {shown(root_path)}."


ROWS: Final[tuple[Row | ScopeRow, ...]] = (
    Row(
        "A311",
        "path-missing",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="path",
        missing=True,
        bad=lambda value: value is MISSING,
        says="The {type} scope has no `path`.",
        what="The scope of an HTTP request or a WebSocket has no `path`.",
        why="Every router asks for it, and raises `KeyError`.",
        fix="Give the scope the `path` of the request, decoded.",
        breaks=('scope = http_scope()\ndel scope["path"]\n',),
        holds=("http_scope()", "lifespan_scope()"),
        scopes=WEB,
    ),
    Row(
        "A312",
        "path-type",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="path",
        bad=no_str,
        says="`path` of the scope is {value}, not a str.",
        what="The `path` of a scope is no str.",
        why="No route fits, or the router raises `TypeError`.",
        fix="Give `path` as a str, percent-decoded and then decoded as UTF-8; the bytes belong into `raw_path`.",
        breaks=('http_scope(path=b"/x")',),
        holds=('http_scope(path="/é")',),
        scopes=WEB,
    ),
    Row(
        "A313",
        "path-not-absolute",
        "info",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="path",
        bad=lambda value: isinstance(value, str) and not value.startswith("/"),
        says="`path` of the scope is {value}, which does not begin with `/`.",
        what="The `path` of a scope does not begin with `/`.",
        why="`OPTIONS *`, `CONNECT` and requests to a proxy have such targets: most servers pass them on as they are, httptools "
        "and granian cut an absolute URL down to its path.",
        fix="Expect such paths in an application that routes by prefix.",
        breaks=('http_scope(path="x")', 'http_scope(path="*", method="OPTIONS")'),
        holds=('http_scope(path="/x")',),
        default=False,
        scopes=WEB,
    ),
    ScopeRow(
        "A314",
        "path-contains-query",
        "error",
        "www.http-scope",
        field="path",
        look=_has_query,
        what="The `path` of a scope holds the query too.",
        why="No route fits a path with a query in it.",
        fix="Split the target at its first `?`, and put what follows into `query_string`.",
        breaks=('http_scope(path="/a?b=1", raw_path=b"/a")',),
        holds=('http_scope(path="/a?b", raw_path=b"/a%3Fb")',),
        scopes=WEB,
    ),
    ScopeRow(
        "A315",
        "path-not-decoded",
        "warning",
        "www.http-scope",
        field="path",
        look=_not_decoded,
        what="The `path` of a scope is not what comes of decoding its `raw_path`: percent-decoded once, then as UTF-8. A path that "
        "differs by a prefix, or that somebody has rewritten, is left alone.",
        why="A route with a space or an umlaut in it fits under one server and not under another.",
        fix="Percent-decode the path once, and decode the bytes as UTF-8.",
        breaks=('http_scope(path="/a%20b", raw_path=b"/a%20b")', 'http_scope(path="/Ã©", raw_path=b"/%C3%A9")'),
        holds=(
            'http_scope(path="/a%/x", raw_path=b"/a%/x")',
            'http_scope(path="/bad\\ufffd\\ufffd/x", raw_path=b"/bad%FF%C3/x")',
            'http_scope(path="/x y", raw_path=b"/api/x%20y", root_path="/api")',
        ),
        scopes=WEB,
    ),
    Row(
        "A316",
        "path-undecodable",
        "info",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="path",
        bad=lambda value: isinstance(value, str) and any(c == "\ufffd" or "\ud800" <= c <= "\udfff" for c in value),
        says="`path` of the scope is {value}: the bytes that the client sent are no UTF-8.",
        what="The `path` of a scope has characters that stand for bytes which are no UTF-8.",
        why="All servers replace such bytes, so that different targets become the same path.",
        fix="Read `raw_path` where the very bytes matter.",
        breaks=('http_scope(path="/bad\\ufffd", raw_path=b"/bad%FF")',),
        holds=('http_scope(path="/é")', 'http_scope(path="/%", raw_path=b"/%")'),
        default=False,
        scopes=WEB,
    ),
    Row(
        "A317",
        "raw-path-type",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="raw_path",
        bad=no_bytes_or_none,
        says="`raw_path` of the scope is {value}, not bytes.",
        what="The `raw_path` of a scope is no bytes.",
        why="Frameworks and proxies put it into URLs as bytes, and raise `TypeError`.",
        fix="Give `raw_path` as the bytes of the request, None, or not at all.",
        breaks=('http_scope(raw_path="/")',),
        holds=("http_scope(raw_path=None)", 'scope = http_scope()\ndel scope["raw_path"]\n'),
        scopes=WEB,
    ),
    ScopeRow(
        "A318",
        "raw-path-has-query",
        "error",
        "www.http-scope",
        field="raw_path",
        look=_raw_has_query,
        what="The `raw_path` of a scope holds the query too.",
        why="An application that builds the URL from `raw_path` and `query_string` gets the query twice. uvicorn did so before 0.19.",
        fix="Cut `raw_path` at the first `?`.",
        breaks=('http_scope(path="/x", raw_path=b"/x?q=1", query_string=b"q=1")',),
        holds=('http_scope(path="/x?q", raw_path=b"/x%3Fq")',),
        scopes=WEB,
    ),
    Row(
        "A322",
        "root-path-type",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="root_path",
        bad=no_str,
        says="`root_path` of the scope is {value}, not a str.",
        what="The `root_path` of a scope is no str.",
        why="Frameworks put it in front of the paths that they build, and raise `TypeError`.",
        fix='Give `root_path` as a str, "" where there is none, or leave it out.',
        breaks=("http_scope(root_path=None)", 'http_scope(root_path=b"")'),
        holds=('scope = http_scope()\ndel scope["root_path"]\n', 'http_scope(root_path="")'),
        scopes=WEB,
    ),
    Row(
        "A323",
        "root-path-shape",
        "info",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="root_path",
        bad=_is_no_shape,
        says="`root_path` of the scope is {value}, which should begin with `/`, and not end with one.",
        what="The `root_path` of a scope does not begin with `/`, or ends with one.",
        why="Paths that are built from it get no `/`, or two of them.",
        fix='Give a `root_path` such as "/api".',
        breaks=('http_scope(root_path="/")', 'http_scope(root_path="api")'),
        holds=('http_scope(root_path="")', 'http_scope(root_path="/api", path="/api/x")'),
        scopes=WEB,
    ),
    ScopeRow(
        "A324",
        "root-path-not-prefix",
        "info",
        "www.wsgi",
        field="root_path",
        look=_is_outside,
        what="The `path` of a scope does not begin with its `root_path`.",
        why="uvicorn puts `root_path` in front of `path` and `raw_path`; hypercorn, daphne and granian leave the path as it came, so "
        "an application that is mounted there finds its routes under one kind of server alone.",
        fix="See that the proxy leaves the prefix where the server expects it.",
        breaks=('http_scope(root_path="/api", path="/x")',),
        holds=('http_scope(root_path="/api", path="/api/x")',),
        default=False,
        scopes=WEB,
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
