"""What an object is to a server, told without calling it."""

import functools
from typing import Any

import pytest

from asgi_inspect.on._kinds import Kind, kind_of


async def asgi(scope: Any, receive: Any, send: Any) -> None: ...
async def asgi_with_more(scope: Any, receive: Any, send: Any, extra: int = 0) -> None: ...
async def asgi_of_anything(*args: Any) -> None: ...
async def asgi_needs_keyword(scope: Any, receive: Any, send: Any, *, key: str) -> None: ...
async def coroutine_without_arguments() -> None: ...
async def coroutine_of_one(scope: Any) -> None: ...
def returns_awaitable(scope: Any, receive: Any, send: Any) -> Any: ...
def asgi2(scope: Any) -> Any: ...
def wsgi(environ: Any, start_response: Any) -> Any: ...
def factory() -> Any: ...
def factory_with_defaults(config: Any = None, debug: bool = False) -> Any: ...
def needs_keyword(*, config: Any) -> Any: ...
def of_four(a: Any, b: Any, c: Any, d: Any) -> Any: ...


class Instance:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...
    async def method(self, scope: Any, receive: Any, send: Any) -> None: ...


class SyncInstance:
    def __call__(self, scope: Any, receive: Any, send: Any) -> Any: ...


class StaticCall:
    @staticmethod
    async def __call__(scope: Any, receive: Any, send: Any) -> None: ...


class WSGIInstance:
    def __call__(self, environ: Any, start_response: Any) -> Any: ...


class ASGI2Class:
    def __init__(self, scope: Any) -> None: ...
    async def __call__(self, receive: Any, send: Any) -> None: ...


class AwaitableClass:
    def __init__(self, scope: Any, receive: Any, send: Any) -> None: ...
    def __await__(self) -> Any: ...


class ThreeArgumentClass:
    def __init__(self, a: Any, b: Any, c: Any) -> None: ...


class Plain: ...


class Lazy:
    """What a lazy object does when it is looked at in any other way than by its type."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"looked at: {name}")

    def __call__(self, *args: Any) -> Any:
        raise AssertionError("called")


CASES = [
    (asgi, Kind.ASGI),
    (asgi_with_more, Kind.ASGI),
    (asgi_of_anything, Kind.ASGI),
    (Instance(), Kind.ASGI),
    (Instance().method, Kind.ASGI),
    (SyncInstance(), Kind.ASGI),
    (StaticCall(), Kind.ASGI),
    (returns_awaitable, Kind.ASGI),
    (AwaitableClass, Kind.ASGI),
    (functools.partial(asgi_needs_keyword, key="x"), Kind.ASGI),
    (asgi2, Kind.ASGI2),
    (ASGI2Class, Kind.ASGI2),
    (wsgi, Kind.WSGI),
    (WSGIInstance(), Kind.WSGI),
    (factory, Kind.FACTORY),
    (factory_with_defaults, Kind.FACTORY),
    (functools.partial(asgi2, None), Kind.FACTORY),
    (Plain, Kind.FACTORY),
    (asgi_needs_keyword, Kind.OTHER),
    (coroutine_without_arguments, Kind.OTHER),
    (coroutine_of_one, Kind.OTHER),
    (needs_keyword, Kind.OTHER),
    (of_four, Kind.OTHER),
    (ThreeArgumentClass, Kind.OTHER),
    (Plain(), Kind.OTHER),
    ({"type": "http"}, Kind.OTHER),
    ("main:app", Kind.OTHER),
    (None, Kind.OTHER),
]


@pytest.mark.parametrize(("value", "kind"), CASES)
def test_kind(value: Any, kind: Kind) -> None:
    assert kind_of(value) is kind


def test_a_lazy_object_is_not_woken() -> None:
    assert kind_of(Lazy()) is Kind.FACTORY  # by the signature of its type


def test_a_callable_without_a_signature_may_be_an_application() -> None:
    assert kind_of(operator_like) is Kind.ASGI


class _Compiled(functools.partial):  # type: ignore[type-arg]
    """Its `__call__` is compiled, and tells nothing."""


operator_like = _Compiled(asgi)
