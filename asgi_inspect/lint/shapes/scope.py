"""The fields that every scope has, or may have: `type`, `asgi`, `state`, and what a key is."""

from collections.abc import Mapping
from typing import Any, Final

from ...protocol.versions import NEWEST_HTTP, NEWEST_LIFESPAN, parsed
from ..kinds import no_dict, no_str
from ..rule import EVERY, Found
from ..shape import MISSING, Row
from ..talk import Talk
from ..words import clipped, shown
from ._scopes import KNOWN, WEB, ScopeRow, is_known

_VERSIONS: Final = frozenset({"2.0", "2.1", "3.0"})
_TEST_CLIENTS: Final = (["testclient", 50000], ("testclient", 50000))
_REFUSES: Final = """

async def app(scope, receive, send):
    raise ValueError("not a protocol of mine")
"""
_SERVER_VERSIONS: Final = "uvicorn, hypercorn, daphne, granian and gunicorn all do"


def _part(scope: Mapping[Any, Any], field: str, key: str) -> Any:
    """The value of a key of a dict in the scope; `MISSING` where it is not there, or not known."""
    whole = scope.get(field)
    value = whole.get(key, MISSING) if isinstance(whole, dict) else MISSING
    return value if is_known(value) else MISSING


def _no_type(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    if "type" in scope or b"type" in scope:  # the latter is a key of the wrong type, and that is told
        return None
    return "The scope has no `type`, so that no application can tell what it is called for."


def _odd_key(_talk: Talk, scope: Mapping[Any, Any]) -> Found | None:
    parts: tuple[tuple[str, Any], ...] = (
        ("The scope", scope),
        ("`asgi` of the scope", scope.get("asgi")),
    )
    for whose, part in parts:
        for key in part if isinstance(part, dict) else ():
            if not isinstance(key, str) and is_known(key):
                return Found(f"{whose} has a key that is no str: {shown(key)}.", key=clipped(repr(key)))
    return None


def _no_asgi(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    if "asgi" in scope or any(not isinstance(key, str) for key in scope):
        return None
    if talk.outer is not None and "asgi" not in talk.outer.scope:
        return None
    if scope.get("client") in _TEST_CLIENTS:  # which leaves it out, also of lifespans
        return None
    return "The scope has no `asgi`, which says what version of ASGI is spoken."


def _no_version(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    asgi = scope.get("asgi")
    if not isinstance(asgi, dict) or "version" in asgi:
        return None
    return '`asgi` of the scope has no `version`, so that it stands for "2.0", where applications are called twice.'


def _bad_version(_talk: Talk, scope: Mapping[Any, Any]) -> Found | None:
    version = _part(scope, "asgi", "version")
    if version is MISSING:
        return None
    if not isinstance(version, str):
        return Found(f"`version` in `asgi` is {shown(version)}, not a str.", severity="error")
    if version in _VERSIONS:
        return None
    return Found(f'`version` in `asgi` is {shown(version)}; the versions of ASGI are "2.0" and "3.0".')


def _bad_spec_version(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    version = _part(scope, "asgi", "spec_version")
    if version is MISSING or isinstance(version, str):
        return None
    return f"`spec_version` in `asgi` is {shown(version)}, not a str."


def _malformed_spec_version(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    version = _part(scope, "asgi", "spec_version")
    if not isinstance(version, str) or parsed(version) is not None:
        return None
    return f"`spec_version` in `asgi` is {shown(version)}, which is no version of the form 2.5."


def _unknown_spec_version(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    version = parsed(_part(scope, "asgi", "spec_version"))
    newest = NEWEST_LIFESPAN if talk.type == "lifespan" else NEWEST_HTTP
    if version is None or version <= newest:
        return None
    return (
        f'`spec_version` in `asgi` is "{version[0]}.{version[1]}"; for a scope of type {talk.type} '
        f'the newest is "{newest[0]}.{newest[1]}".'
    )


def _odd_state_key(_talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    state = scope.get("state")
    for key in state if isinstance(state, dict) else ():
        if not isinstance(key, str) and is_known(key):
            return f"`state` of the scope has a key that is no str: {shown(key)}."
    return None


ROWS: Final[tuple[Row | ScopeRow, ...]] = (
    ScopeRow(
        "A202",
        "scope-type-missing",
        "error",
        "main.connection-scope",
        field="type",
        look=_no_type,
        what="A scope has no `type`.",
        why="Every application looks at `type` first: most raise `KeyError`, and the client gets a 500.",
        fix='Give the scope the `type` of its protocol: "http", "websocket" or "lifespan".',
        breaks=('scope = http_scope()\ndel scope["type"]\n',),
        holds=("http_scope()",),
        scopes=EVERY,
    ),
    Row(
        "A203",
        "scope-type-not-str",
        "error",
        "server",
        "main.protocols",
        on=("scope",),
        field="type",
        bad=no_str,
        says="`type` of the scope is {value}, not a str.",
        what="The `type` of a scope is no str.",
        why='To Python `b"http"` and `"http"` are different things: an application takes the scope for one that it does not know.',
        fix="Make `type` a str.",
        breaks=(f'scope = http_scope(type=b"http")\n{_REFUSES}',),
        holds=('http_scope(type="http")',),
        scopes=EVERY,
    ),
    Row(
        "A204",
        "scope-type-nonstandard",
        "info",
        "server",
        "main.protocols",
        on=("scope",),
        field="type",
        bad=lambda value: isinstance(value, str) and value not in KNOWN,
        says="`type` of the scope is {value}, which is none of the protocols in the specification.",
        what='The `type` of a scope is none of "http", "websocket" and "lifespan".',
        why="Other protocols are legal; where none is meant, it is a mistyped word.",
        fix="Nothing is wrong where server and application both know that protocol; else mend the word.",
        breaks=(f'scope = {{"type": "telnet", "asgi": {{"version": "3.0"}}}}\n{_REFUSES}',),
        holds=("http_scope()",),
        default=False,
        scopes=EVERY,
    ),
    ScopeRow(
        "A205",
        "scope-key-not-str",
        "error",
        "main.strings",
        field="",
        look=_odd_key,
        what="A key of a scope or of its `asgi` is no str. Of `extensions`, X102 says it.",
        why="An application that asks for the key by its name does not find it, and a server that has to write the scope down fails.",
        fix="Make every key a str.",
        breaks=('scope = http_scope()\nscope[b"user"] = None\n',),
        holds=('http_scope(app=None, path_params={"id": 1})',),
        scopes=EVERY,
    ),
    ScopeRow(
        "A206",
        "asgi-key-missing",
        "warning",
        "main.applications",
        field="asgi",
        look=_no_asgi,
        what="The scope of an HTTP request or a WebSocket has no `asgi`. Test clients that leave it out are not told of.",
        why=f"Of the servers {_SERVER_VERSIONS} give it; an application that reads `spec_version` from it raises `KeyError`.",
        fix='Give the scope `asgi`, as in `{"version": "3.0", "spec_version": "2.5"}`.',
        breaks=('scope = http_scope()\ndel scope["asgi"]\n',),
        holds=(
            'http_scope(asgi={"version": "3.0"})',
            'scope = http_scope(client=["testclient", 50000])\ndel scope["asgi"]\n',
        ),
        scopes=WEB,
    ),
    Row(
        "A207",
        "asgi-not-dict",
        "error",
        "server",
        "main.applications",
        on=("scope",),
        field="asgi",
        bad=no_dict,
        says="`asgi` of the scope is {value}, not a dict.",
        what="The `asgi` of a scope is no dict.",
        why="Frameworks read `version` and `spec_version` from it, and fail.",
        fix='Make `asgi` a dict, as in `{"version": "3.0"}`.',
        breaks=('http_scope(asgi="3.0")',),
        holds=('http_scope(asgi={"version": "3.0"})',),
        scopes=KNOWN,
    ),
    ScopeRow(
        "A208",
        "asgi-version-missing",
        "info",
        "main.applications",
        field="asgi",
        look=_no_version,
        what="The `asgi` of a scope has no `version`.",
        why='Without it the version is "2.0", of which applications took the scope in one call and the rest in a second one.',
        fix='Add `"version": "3.0"`.',
        breaks=('http_scope(asgi={"spec_version": "2.3"})',),
        holds=('http_scope(asgi={"version": "3.0"})',),
        scopes=KNOWN,
    ),
    ScopeRow(
        "A209",
        "asgi-version-bad",
        "warning",
        "main.applications",
        field="asgi",
        look=_bad_version,
        what="The `version` in `asgi` is no str, or no version of ASGI.",
        why="An application that supports several versions compares it with the strs that it knows.",
        fix='Give `version` as "3.0".',
        breaks=('http_scope(asgi={"version": 3.0})', 'http_scope(asgi={"version": "4.0"})'),
        holds=('http_scope(asgi={"version": "2.0"})',),
        scopes=KNOWN,
    ),
    ScopeRow(
        "A210",
        "spec-version-type",
        "error",
        "www.versions",
        field="asgi",
        look=_bad_spec_version,
        what="The `spec_version` in `asgi` is no str.",
        why="Starlette splits it at its dot, and raises `AttributeError` where it is a number.",
        fix='Give `spec_version` as a str such as "2.5", or leave it out.',
        breaks=('http_scope(asgi={"version": "3.0", "spec_version": 2.3})',),
        holds=('http_scope(asgi={"version": "3.0"})',),
        scopes=KNOWN,
    ),
    ScopeRow(
        "A211",
        "spec-version-malformed",
        "warning",
        "www.versions",
        field="asgi",
        look=_malformed_spec_version,
        what="The `spec_version` in `asgi` is not two numbers with a dot between them.",
        why="Starlette turns the parts into ints, and raises `ValueError`.",
        fix='Give `spec_version` as in "2.5".',
        breaks=('http_scope(asgi={"version": "3.0", "spec_version": "2.x"})',),
        holds=('http_scope(asgi={"version": "3.0", "spec_version": "2.10"})',),
        scopes=KNOWN,
    ),
    ScopeRow(
        "A212",
        "spec-version-unknown",
        "info",
        "www.versions",
        field="asgi",
        look=_unknown_spec_version,
        what="The `spec_version` in `asgi` is newer than the newest one that is known for scopes of that type.",
        why="granian and gunicorn give a lifespan scope the number that belongs to HTTP.",
        fix="Give the version of the document that is spoken: HTTP and WebSocket have another one than lifespan.",
        breaks=('lifespan_scope(asgi={"version": "3.0", "spec_version": "2.4"})',),
        holds=('http_scope(asgi={"version": "3.0", "spec_version": "2.5"})', "lifespan_scope()"),
        default=False,
        scopes=KNOWN,
    ),
    Row(
        "A213",
        "state-not-dict",
        "error",
        "server",
        "lifespan.state",
        on=("scope",),
        field="state",
        bad=no_dict,
        says="`state` of the scope is {value}, not a dict.",
        what="The `state` of a scope is no dict. A server that has none leaves it out.",
        why="An application that finds `state` in its scope puts what it needs into it, and fails.",
        fix="Make `state` a dict, or leave it out.",
        breaks=("http_scope(state=None)",),
        holds=("http_scope()", 'scope = http_scope()\ndel scope["state"]\n'),
        scopes=KNOWN,
    ),
    ScopeRow(
        "A214",
        "state-key-not-str",
        "warning",
        "lifespan.state",
        field="state",
        look=_odd_state_key,
        what="The `state` that a connection got from the lifespan has a key that is no str.",
        why="Frameworks give its keys as attributes (`request.state.name`), and servers may hand it to code that expects strs.",
        fix="Use strs as the keys of `state`.",
        breaks=("http_scope(state={1: None})",),
        holds=('http_scope(state={"pool": 1})',),
        scopes=WEB,
        party="application",
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
