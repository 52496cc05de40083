"""Point 7 of the transparency contract: what servers look at."""

import asyncio
import functools
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import SendRecord
from tests.stage import (
    RETURNED,
    Account,
    echo,
    http_scope,
    never,
    nothing,
    of_kind,
    records,
    run,
)


def test_its_call_is_as_servers_look_for_it(out: Path) -> None:
    from asgiref.compatibility import is_double_callable

    middleware = InspectMiddleware(nothing, out=out)
    assert inspect.iscoroutinefunction(middleware.__call__)
    assert list(inspect.signature(middleware.__call__).parameters) == ["scope", "receive", "send"]
    assert all(
        parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        for parameter in inspect.signature(middleware.__call__).parameters.values()
    )
    assert not is_double_callable(middleware)  # type: ignore[no-untyped-call]
    with pytest.raises(TypeError):
        middleware()  # type: ignore[call-arg, unused-coroutine]


class Application:
    """An application that is an object."""

    def __init__(self) -> None:
        self.debug = False
        self.account = Account()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await echo(self.account)(scope, receive, send)

    async def method(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self(scope, receive, send)

    def __getnewargs__(self) -> tuple[str]:
        return ("the application's own",)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Application":
        return type(self)()


@types.coroutine
def generator_based(scope: Any, receive: Any, send: Any) -> Any:
    return (yield from echo(Account())(scope, receive, send).__await__())


class Awaited:
    """An application that gives an awaitable that is no coroutine."""

    def __call__(self, scope: Any, receive: Any, send: Any) -> "Awaited":
        self.call = echo(Account())(scope, receive, send)
        return self

    def __await__(self) -> Any:
        return self.call.__await__()


async def more(extra: int, scope: Any, receive: Any, send: Any, *, key: int) -> Any:
    return await echo(Account())(scope, receive, send)


APPLICATIONS: dict[str, Callable[[], Any]] = {
    "function": lambda: echo(Account()),
    "object": Application,
    "method": lambda: Application().method,
    "partial": lambda: functools.partial(more, 1, key=2),
    "generator-based coroutine": lambda: generator_based,
    "awaitable": Awaited,
    "wrapped": lambda: InspectMiddleware(echo(Account()), out=lambda record: None),
}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications_of_every_kind(name: str, out: Path) -> None:
    middleware = InspectMiddleware(APPLICATIONS[name](), out=out)
    assert asyncio.run(run(middleware)) is RETURNED
    assert len([record for record in of_kind(records(middleware), SendRecord) if record.layer == 0]) == 2


@pytest.mark.parametrize("call", [lambda scope, receive, send: None, lambda scope: None, lambda: None, None, 7])
def test_what_is_no_application_fails_as_it_does_alone(call: Any, out: Path) -> None:
    async def serve(app: Any) -> None:
        await app(http_scope(), never, never)

    with pytest.raises(TypeError) as plain:
        asyncio.run(serve(call))
    with pytest.raises(TypeError) as wrapped:
        asyncio.run(serve(InspectMiddleware(call, out=out)))
    assert wrapped.value.args == plain.value.args
