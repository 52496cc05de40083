"""Route and endpoint, read from what frameworks leave in the scope."""

import functools
import types
from collections import UserDict
from collections.abc import Callable
from typing import Any

import pytest

from asgi_inspect.capture.place import endpoint_of, name_of, printable, route_of
from tests.traps import CALLS, TRAPS


def function() -> None: ...


class Endpoint:
    def method(self) -> None: ...

    def __call__(self) -> None: ...

    @staticmethod
    def static() -> None: ...

    @classmethod
    def of_class(cls) -> None: ...


class Route:
    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


class Slotted:
    __slots__ = ("path",)

    def __init__(self) -> None:
        self.path = "/slotted"


class Computed:
    """Its path would have to be asked for."""

    @property
    def path(self) -> str:
        raise AssertionError


ROUTES: list[tuple[Any, str | None]] = [
    ({}, None),
    ({"path_template": "/leaves/{n}"}, "/leaves/{n}"),
    ({"path_template": "/t", "route": Route(path="/r")}, "/t"),
    ({"route": Route(path="/leaves/{n:int}", path_format="/leaves/{n}")}, "/leaves/{n}"),
    ({"route": Route(path="/r", path_format=None)}, "/r"),
    ({"route": Route(path=b"/r")}, None),
    ({"route": Route()}, None),
    ({"route": Slotted()}, None),
    ({"route": Computed()}, None),
    ({"route": "/text"}, None),
    ({"route": None, "path_template": None}, None),
    ({"path_template": 7, "route": Route(path="/r")}, None),
    ({"path_template": "/\udcff"}, "/\\udcff"),
    (UserDict(path_template="/u"), "/u"),
    (types.MappingProxyType({"route": Route(path="/p")}), "/p"),
    (None, None),
    ("text", None),
    ([], None),
]


@pytest.mark.parametrize(("scope", "route"), ROUTES)
def test_route(scope: Any, route: str | None) -> None:
    assert route_of(scope) == route


NAMES: list[tuple[Any, str]] = [
    (function, "test_place.function"),
    (Endpoint, "test_place.Endpoint"),
    (Endpoint(), "test_place.Endpoint"),
    (Endpoint().method, "test_place.Endpoint.method"),
    (Endpoint.static, "test_place.Endpoint.static"),
    (Endpoint.of_class, "test_place.Endpoint.of_class"),
    (functools.partial(function), "test_place.function"),
    (functools.partial(functools.partial(Endpoint().method)), "test_place.Endpoint.method"),
    (types.MethodType(functools.partial(function), 1), "test_place.function"),
    (lambda: 1, "test_place.<lambda>"),
    (len, "builtins.len"),
    ([].append, "list.append"),
    (functools.lru_cache(function), "functools._lru_cache_wrapper"),
    (7, "int"),
]


@pytest.mark.parametrize(("endpoint", "name"), NAMES)
def test_names(endpoint: Any, name: str) -> None:
    assert name_of(endpoint).removeprefix("tests.capture.") == name
    assert endpoint_of({"endpoint": endpoint}) == name_of(endpoint)


def test_odd_functions() -> None:
    odd: Any = types.FunctionType(function.__code__, {})
    odd.__module__ = 7
    assert name_of(odd) == "function"
    odd.__qualname__ = "\udcff"
    assert name_of(odd) == "\\udcff"
    around: Any = function
    for _ in range(100):
        around = types.MethodType(around, 1)
    assert name_of(around) == "method"


def test_a_litestar_handler() -> None:
    from litestar import get

    async def leaf() -> None: ...

    def slow_leaf() -> None: ...

    made: list[tuple[Any, Callable[..., Any]]] = [
        (get("/")(leaf), leaf),
        (get("/", sync_to_thread=True)(slow_leaf), slow_leaf),
    ]
    for handler, own in made:
        assert endpoint_of({"route_handler": handler}) == name_of(own)
    assert endpoint_of({"route_handler": Route()}) == name_of(Route)
    assert endpoint_of({"route_handler": object.__new__(type(made[0][0]))}) == name_of(type(made[0][0]))


def test_nothing_is_asked() -> None:
    for name, make in TRAPS.items():
        CALLS.clear()
        trap = make()
        CALLS.clear()
        for scope in ({"route": trap, "endpoint": trap}, {"path_template": trap, "route_handler": trap}, trap):
            route_of(scope)
            endpoint_of(scope)
        name_of(trap)
        called, CALLS[:] = list(CALLS), []
        assert called == [], name


def test_endpoints_of_no_scope() -> None:
    assert endpoint_of(None) is endpoint_of({}) is endpoint_of({"endpoint": None}) is None
    assert printable("ä") == "ä"
