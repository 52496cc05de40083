"""An application in several `InspectMiddleware`, and what their scope records tell of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import ScopeRecord
from tests.stage import Account, App, echo, of_kind


def onion(out: Path, *between: Callable[[App], App], app: App | None = None) -> InspectMiddleware:
    """An application with a tap inside and outside of each of these middlewares."""
    layered: Any = InspectMiddleware(app or echo(Account()), out=out, name="innermost")
    for number, middleware in enumerate(between):
        layered = InspectMiddleware(middleware(layered), out=out, name=f"layer {number}")
    assert isinstance(layered, InspectMiddleware)
    return layered


def through(app: App) -> App:
    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        return await app(scope, receive, send)

    return middleware


def conns(trace: Any) -> list[tuple[str | None, str | None, int, int | None]]:
    """The scope records: name, parent as the number of its connection, layer, inside."""
    scopes = of_kind(trace, ScopeRecord)
    order = list(dict.fromkeys(scope.conn for scope in scopes))
    return [
        (scope.name, None if scope.parent is None else str(order.index(scope.parent)), scope.layer, scope.inside)
        for scope in scopes
    ]
