"""The Bad of every rule's manual as one application for real servers: `/H105/0` is the first example of H105."""

from functools import cache
from typing import Any, Final

from asgi_inspect.lint.catalogue import all_rules, by_code
from asgi_inspect.testing import http_scope, lifespan_scope, websocket_scope
from tests.lint.examples import defined, right_app
from tests.lint.servers.walking import Call, Conduct, usual

_SCOPES: Final = {"http": http_scope, "websocket": websocket_scope, "lifespan": lifespan_scope}
_CHOSEN: Final = {"method"}  # of what examples change in a scope, all that a client decides alone


def conducts() -> dict[Call, Conduct]:
    """The examples that a client can ask for, and how."""
    found = {}
    for rule in all_rules():
        for number in range(len(rule.manual.bad)):
            names = _program(rule.code, number)
            scope = names.get("scope", _SCOPES["websocket" if rule.code[0] == "W" else "http"]())
            if "app" in names and not {"received", "calls", "server"} & names.keys() and _can_be_asked(scope):
                conduct = usual(scope["type"])._replace(method=scope.get("method", "GET").encode())
                found[scope["type"], f"/{rule.code}/{number}"] = conduct
    return found


def _can_be_asked(scope: Any) -> bool:
    if not isinstance(scope, dict) or scope.get("type") not in ("http", "websocket"):
        return False
    plain = _SCOPES[scope["type"]]()
    return all(key in _CHOSEN or scope.get(key) == plain.get(key) for key in scope.keys() | plain.keys())


@cache
def _program(code: str, number: int) -> dict[str, Any]:
    return defined(code, by_code()[code].manual.bad[number])


async def app(scope: dict[str, Any], receive: Any, send: Any) -> object:
    """Whatever the example at that path does."""
    if scope["type"] == "lifespan":
        await right_app(scope, receive, send)
        return None
    _, code, number = scope["path"].split("/")
    result: object = await _program(code, int(number))["app"](scope, receive, send)
    return result
