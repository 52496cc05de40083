"""The `extensions` of a scope."""

from collections.abc import Mapping
from typing import Any, Final

from ...protocol.alphabet import EXTENSIONS
from ...values import Foreign
from ..kinds import KEPT_BACK
from ..talk import Talk
from ..words import quoted, shown
from ._scopes import KNOWN, WEB, ScopeRow

_OTHERS: Final = {"http": "websocket.", "websocket": "http."}


def _wrong_shape(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    extensions = scope.get("extensions")
    if extensions is None or isinstance(extensions, (Foreign, *KEPT_BACK)):
        return None
    if not isinstance(extensions, dict):
        return f"`extensions` of the scope is {shown(extensions)}, where a dict belongs."
    for name, value in extensions.items():
        if not isinstance(name, str):
            return f"`extensions` of the scope has {shown(name)} as a name, where a str belongs."
        if not isinstance(value, (dict, Foreign, *KEPT_BACK)):
            return f"`extensions` of the scope has {shown(value)} for {quoted(name)}, where a dict belongs."
    return None


def _names(scope: Mapping[Any, Any]) -> list[str]:
    extensions = scope.get("extensions")
    return [name for name in extensions if isinstance(name, str)] if isinstance(extensions, dict) else []


def _of_another(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    if talk.layer:
        return None
    names = [name for name in _names(scope) if name in EXTENSIONS and name.startswith(_OTHERS[talk.type])]
    if not names:
        return None
    return (
        f"A scope of type {talk.type} offers {', '.join(f'`{name}`' for name in names)}, which it can have no use for."
    )


def _unknown(talk: Talk, scope: Mapping[Any, Any]) -> str | None:
    names = [] if talk.layer else [quoted(name) for name in _names(scope) if name not in EXTENSIONS]
    return _said(names) if names else None


def _said(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"The server offers {', '.join(names[:3])}{more}, which the specification does not have."


ROWS: Final = (
    ScopeRow(
        "X102",
        "extensions-shape",
        "error",
        "main.extensions",
        field="extensions",
        look=_wrong_shape,
        what="`extensions` of a scope is neither None nor a dict, or has a name that is no str, or a value that is no dict.",
        why="Applications look for a name in it, and for keys in what stands there: a list has the name but no value, `True` has "
        "no keys.",
        fix="Give a dict of dicts: `{'http.response.trailers': {}}`, or leave `extensions` out.",
        breaks=(
            'http_scope(extensions=["http.response.push"])',
            'http_scope(extensions={"http.response.push": True})',
            'websocket_scope(extensions={b"websocket.http.response": {}})',
        ),
        holds=(
            "http_scope(extensions=None)",
            "http_scope(extensions={})",
            'http_scope(extensions={"http.response.trailers": {}, "x.y": {"a": 1}})',
        ),
        scopes=KNOWN,
    ),
    ScopeRow(
        "X104",
        "extension-on-wrong-scope",
        "info",
        "main.extensions",
        field="extensions",
        look=_of_another,
        what="The scope of a WebSocket offers an extension of HTTP responses, or the other way round. It is legal.",
        why="An application that trusts the offer sends what cannot be sent there; granian makes both offers to both.",
        fix="Offer `http.response.*` in http scopes, and `websocket.http.response` in those of WebSockets.",
        breaks=(
            'websocket_scope(extensions={"http.response.pathsend": {}})',
            'http_scope(extensions={"websocket.http.response": {}})',
        ),
        holds=(
            'websocket_scope(extensions={"websocket.http.response": {}})',
            'http_scope(extensions={"http.response.pathsend": {}})',
        ),
        scopes=WEB,
        default=False,
    ),
    ScopeRow(
        "X105",
        "extension-name-unknown",
        "info",
        "main.extensions",
        field="extensions",
        look=_unknown,
        what="The server offers an extension that the specification does not have. It is legal.",
        why="Only applications that know this very server can use it.",
        fix="Put the name of the server in front of the extension's, so that no other one can take it for its own.",
        breaks=('http_scope(extensions={"vendor.x": {}})',),
        holds=('http_scope(extensions={"http.response.trailers": {}})',),
        scopes=WEB,
        default=False,
    ),
)

RULES: Final = tuple(row.rule() for row in ROWS)
