"""The `headers` of a scope. What a client decides of them is never more than a warning."""

from collections.abc import Mapping
from typing import Any, Final

from ..kinds import is_iterator, pairs_of
from ..shape import MISSING, Row
from ..talk import Talk
from ..words import quoted
from ._scopes import HTTP, WEB, ScopeRow
from .headers import (
    HeaderRow,
    breaks_line,
    is_no_token,
    is_pseudo,
    is_upper,
    items_of,
    look_at,
    lower,
    no_headers,
    no_pair,
    wrong_type,
)

_SCOPE: Final = ("scope",)
_AUTHORITY: Final = frozenset({"2", "3"})
"""Versions of HTTP that have `:authority` in place of `host`."""
_FIRST: Final = frozenset({"1.0", "1.1"})


def _upper_case(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    look = look_at(scope.get("headers"))
    if look.lower:
        return None
    name = next(name for name, _ in pairs_of(look.headers) if is_upper(name))
    return f"`headers` of the scope has the name {quoted(name)}, which is not in lower case."


def _no_host(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    version = scope.get("http_version")
    if not isinstance(version, str) or version not in _AUTHORITY:
        return None
    look = look_at(scope.get("headers"))
    if not look.usual or b"host" in look.names:
        return None
    return f"The request came over HTTP/{version}, and `headers` of the scope has no `host`."


def _invalid_bytes(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    look = look_at(scope.get("headers"))
    for name, value in () if look.usual else pairs_of(look.headers):
        if is_no_token(name):
            return f"`headers` of the scope has the name {quoted(name)}, which is no valid one."
        if breaks_line(value):
            return f"`headers` of the scope has a value for {quoted(name)} with a line break or a NUL in it."
    return None


def _two_hosts(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    count = _count(scope, b"host")
    return f"`headers` of the scope has {count} `host` headers." if count > 1 else None


def _two_cookies(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    version = scope.get("http_version")
    count = _count(scope, b"cookie") if isinstance(version, str) and version in _FIRST else 0
    return f"`headers` of the scope has {count} `cookie` headers, over HTTP/{version}." if count > 1 else None


def _count(scope: Mapping[Any, Any], name: bytes) -> int:
    look = look_at(scope.get("headers"))
    return sum(lower(found) == name for found, _ in pairs_of(look.headers)) if name in look.names else 0


ROWS: Final[tuple[Row | HeaderRow | ScopeRow, ...]] = (
    Row(
        "A325",
        "headers-missing",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="headers",
        missing=True,
        bad=lambda value: value is MISSING,
        says="The {type} scope has no `headers`.",
        what="The scope of an HTTP request or a WebSocket has no `headers`.",
        why="Frameworks go through them for every request, and raise `KeyError`.",
        fix="Give the scope its `headers`, an empty list where there are none.",
        breaks=('scope = websocket_scope()\ndel scope["headers"]\n',),
        holds=("http_scope(headers=[])",),
        scopes=WEB,
    ),
    Row(
        "A326",
        "headers-not-iterable",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="headers",
        bad=no_headers,
        says="`headers` of the scope is {value}, not an iterable of pairs.",
        what="The `headers` of a scope are no iterable of pairs. To go through a dict gives its keys alone.",
        why="Frameworks take each member apart into a name and a value, and raise.",
        fix="Give `headers` as a list of pairs of bytes.",
        breaks=('http_scope(headers={b"host": b"x"})', "http_scope(headers=None)"),
        holds=('http_scope(headers=((b"host", b"x"),))',),
        scopes=WEB,
    ),
    Row(
        "A327",
        "scope-header-item-shape",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="headers",
        bad=lambda value: not look_at(value).usual and any(map(no_pair, items_of(value))),
        says="`headers` of the scope has a member that is no pair of a name and a value.",
        what="A member of the `headers` of a scope is no pair.",
        why="An application that takes it apart raises `ValueError`, or, of two bytes, gets two ints.",
        fix="Give each header as a pair, of its name and its value.",
        breaks=('http_scope(headers=[b"a: b"])', 'http_scope(headers=[(b"a", b"b", b"c")])'),
        holds=('http_scope(headers=[[b"host", b"x"], (b"a", b"b")])',),
        scopes=WEB,
    ),
    HeaderRow(
        "A328",
        "scope-header-name-type",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        bad=lambda name, _value: wrong_type(name),
        says="`headers` of the scope has the name {name}, {name_kind} where bytes belong.",
        what="The name of a header in a scope is no bytes.",
        why='An application that looks for `b"host"` does not find it.',
        fix="Give the names of headers as bytes.",
        breaks=('http_scope(headers=[("host", b"x")])',),
        holds=('http_scope(headers=[(b"host", b"x")])',),
        keyed=False,
        scopes=WEB,
    ),
    HeaderRow(
        "A329",
        "scope-header-value-type",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        bad=lambda name, value: wrong_type(value) and not wrong_type(name),
        says="`headers` of the scope has a value for {name} that is {kind}, where bytes belong.",
        what="The value of a header in a scope is no bytes.",
        why="An application that decodes it raises `AttributeError`.",
        fix="Give the values of headers as bytes.",
        breaks=('http_scope(headers=[(b"host", "x")])',),
        holds=('http_scope(headers=[(b"host", b"\\xe9")])',),
        keyed=False,
        scopes=WEB,
    ),
    ScopeRow(
        "A330",
        "scope-header-name-not-lowercase",
        "info",
        "www.http-scope",
        field="headers",
        look=_upper_case,
        what="The name of a header in a scope has upper-case letters.",
        why="Applications compare names with lower-case ones. hypercorn leaves them as they came where it is told to.",
        fix="Turn the names into lower case, or compare without regard to it.",
        breaks=('http_scope(headers=[(b"X-A", b"1")])',),
        holds=('http_scope(headers=[(b"x-a", b"ONE")])',),
        scopes=WEB,
    ),
    HeaderRow(
        "A331",
        "pseudo-header-in-scope",
        "error",
        "server",
        "www.http-scope",
        on=_SCOPE,
        bad=lambda name, _value: is_pseudo(name),
        says="`headers` of the scope has the pseudo header {name}.",
        what="The `headers` of a scope have a pseudo header of HTTP/2 or HTTP/3, whose name begins with a colon.",
        why="What it says stands in the scope's own fields; an application that passes headers on makes an illegal request of it.",
        fix="Remove pseudo headers, and turn `:authority` into `host`.",
        breaks=('http_scope(headers=[(b"host", b"x"), (b":path", b"/")])',),
        holds=('http_scope(headers=[(b"x-a", b":v")])',),
        keyed=False,
        scopes=WEB,
    ),
    ScopeRow(
        "A332",
        "authority-not-host",
        "warning",
        "www.http-scope",
        field="headers",
        look=_no_host,
        what="A request over HTTP/2 or HTTP/3 has no `host` header in its scope: what the client said in `:authority` is lost.",
        why="Applications find out by `host` which site is meant; Django and Starlette's `TrustedHostMiddleware` answer 400.",
        fix="Put `:authority` in front of the `headers`, by the name of `host`.",
        breaks=('http_scope(http_version="2", headers=[(b"accept", b"*/*")])',),
        holds=(
            'http_scope(http_version="2", headers=[(b"host", b"x")])',
            'http_scope(http_version="1.0", headers=[(b"accept", b"*/*")])',
        ),
        scopes=WEB,
    ),
    ScopeRow(
        "A333",
        "host-duplicated",
        "warning",
        "rfc9110.host",
        field="headers",
        look=_two_hosts,
        what="The `headers` of a scope have more than one `host`.",
        why="A proxy may have taken the one, and the application takes the other: that is how filters are passed by.",
        fix="Answer such a request with 400, before the application sees it.",
        breaks=('http_scope(headers=[(b"host", b"a"), (b"host", b"b")])',),
        holds=('http_scope(headers=[(b"host", b"")], http_version="1.0")',),
        scopes=WEB,
    ),
    Row(
        "A334",
        "headers-one-shot",
        "warning",
        "server",
        "www.http-scope",
        on=_SCOPE,
        field="headers",
        bad=is_iterator,
        says="`headers` of the scope is {value}, which can be read but once.",
        what="The `headers` of a scope are an iterator, which is empty for who reads it second.",
        why="A middleware that looks at the headers takes them away from the application.",
        fix="Give `headers` as a list.",
        breaks=(
            'http_scope(headers=(pair for pair in [(b"host", b"x")]))',
            'http_scope(headers=iter([(b"host", b"x")]))',
        ),
        holds=('http_scope(headers=[(b"host", b"x")])',),
        scopes=WEB,
    ),
    ScopeRow(
        "A335",
        "header-bytes-invalid",
        "warning",
        "rfc9110.values",
        field="headers",
        look=_invalid_bytes,
        what="A header in a scope has a name that is no token, or CR, LF or NUL in its value.",
        why="No request over HTTP/1 can have it; an application that passes headers on may write a second header by it.",
        fix="Answer such a request with 400, before the application sees it.",
        breaks=('http_scope(headers=[(b"a b", b"")])', 'http_scope(headers=[(b"a", b"1\\r\\nb: 2")])'),
        holds=('http_scope(headers=[(b"x_a", b"caf\\xe9")])',),
        scopes=WEB,
    ),
    ScopeRow(
        "A336",
        "cookie-repeated-http1",
        "info",
        "www.http",
        field="headers",
        look=_two_cookies,
        what="The `headers` of an HTTP/1 request have more than one `cookie`. In HTTP/2 a client may split it.",
        why="Many applications read the first one alone.",
        fix="Join the cookies with `; `.",
        breaks=('http_scope(headers=[(b"cookie", b"a=1"), (b"cookie", b"b=2")])',),
        holds=('http_scope(headers=[(b"host", b"x"), (b"cookie", b"a=1"), (b"cookie", b"b=2")], http_version="2")',),
        default=False,
        scopes=HTTP,
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
