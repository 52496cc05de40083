"""What `asgi_inspect.on` gives in place of an object: an application traced, a factory that makes traced ones, a proxy.

A server walks from the module to the application by attributes and calls (`box.app`, `create_app()`), so whatever is
neither an application nor plain data is a proxy that dresses what comes out of it.
"""

import inspect
import types
from collections.abc import Callable
from typing import Any

from ..middleware import InspectMiddleware
from ..types import Receive, Scope, Send
from ._kinds import Kind, is_routine, kind_of

_PLAIN = (str, bytes, int, float, bool, types.NoneType, list, tuple, dict, set, frozenset)


class Traced(InspectMiddleware):
    """The middleware as a server sees it through the prefix: an application inside it (`app.admin`) is traced as well."""

    def __getattr__(self, name: str) -> Any:
        return dress(super().__getattr__(name))


class SingleCallable:
    """An ASGI 2 application (`app(scope)`, then `instance(receive, send)`) as one of today."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope)(receive, send)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["app"], name)


class Proxy:
    """An object whose attributes and results come out dressed; what came out once stays the same."""

    def __init__(self, value: Any) -> None:
        self.__dict__["_value"] = value

    def __getattr__(self, name: str) -> Any:
        found = dress(getattr(self.__dict__["_value"], name))
        self.__dict__[name] = found
        return found

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arguments = [undress(argument) for argument in args]
        return dress(self.__dict__["_value"](*arguments, **kwargs))


class Factory(Proxy):
    """A callable that needs no argument; what it makes is asked about by `check` before it is dressed."""

    def __init__(self, value: Any, check: Callable[[Any], None]) -> None:
        super().__init__(value)
        self.__dict__["_check"] = check

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        made = super().__call__(*args, **kwargs)
        self.__dict__["_check"](undress(made))
        return made


def dress(value: Any) -> Any:
    """`value` as a server shall see it. What is traced already stays as it is: nothing is ever wrapped twice."""
    if type(value) in _PLAIN or issubclass(type(value), Traced | Proxy):
        return value
    if is_routine(value) and not inspect.iscoroutinefunction(value):
        return Proxy(value)  # perhaps a factory with arguments: only who named it as the application knows better
    return dress_application(value) or Proxy(value)


def dress_application(value: Any) -> Any:
    """The same of something that was named as the application; None where it is none."""
    if issubclass(type(value), InspectMiddleware) and not vars(value).get("_explicit"):
        return value  # it joins a launched trace by itself; one that names a file of its own would write there alone
    kind = kind_of(value)
    if kind is Kind.ASGI:
        return Traced(value)
    return Traced(SingleCallable(value)) if kind is Kind.ASGI2 else None


def undress(value: Any) -> Any:
    """The user's own object behind what `dress` gave."""
    if issubclass(type(value), Proxy):
        return value.__dict__["_value"]
    if type(value) is Traced:
        app = value.__dict__["app"]
        return app.app if type(app) is SingleCallable else app
    return value
