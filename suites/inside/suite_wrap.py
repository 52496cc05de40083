"""Stands inside a suite: every application that its tests drive is wrapped, so that the tests themselves notice nothing.

Wrapped are: what test clients and servers are given; and each class of the packages whose instances are applications, by its
`__call__`, so that what a test calls with its own hands is wrapped too, and a middleware's inner application is a layer.
"""

import functools
import importlib
import inspect
import os
import sys
from collections.abc import Callable
from types import MethodType
from typing import Any

from asgi_inspect import InspectMiddleware

TRACE = os.environ["SUITE_TRACE"]
MODULES = tuple(os.environ["SUITE_MODULES"].split())

# What drives an application that it was given when it was made: the class, and the name of that argument.
DRIVERS = (
    ("starlette.testclient", "TestClient", "app"),
    ("httpx", "ASGITransport", "app"),
    ("httpx2", "ASGITransport", "app"),
    ("asgiref.testing", "ApplicationCommunicator", "application"),
    ("asgi_lifespan", "LifespanManager", "app"),
    ("a2wsgi", "ASGIMiddleware", "app"),
    ("hypercorn.app_wrappers", "ASGIWrapper", "app"),
)


def wrapped(app: Any) -> Any:
    """The application wrapped; anything that is none, as it is."""
    return InspectMiddleware(app, out=TRACE) if is_application(app) else app


def is_application(app: Any) -> bool:
    """Whether this is an application of the third version: what servers and test clients ask, too."""
    if isinstance(app, InspectMiddleware) or inspect.isclass(app):
        return False
    while isinstance(app, functools.partial):
        app = app.func
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))  # noqa: B004 (it is not asked whether it can be called, but how)


def wrap_drivers() -> None:
    """All that are installed here."""
    for module, name, argument in DRIVERS:
        try:
            driver = getattr(importlib.import_module(module), name)
        except ImportError:
            continue
        driver.__init__ = _giving_wrapped(driver.__init__, argument)
    try:
        config = importlib.import_module("uvicorn.config")
    except ImportError:
        return
    config.Config.loaded_app = _Loaded()


def _giving_wrapped(init: Callable[..., None], argument: str) -> Callable[..., None]:
    signature = inspect.signature(init)

    @functools.wraps(init)
    def giving_wrapped(*args: Any, **options: Any) -> None:
        bound = signature.bind(*args, **options)
        if argument in bound.arguments:
            bound.arguments[argument] = wrapped(bound.arguments[argument])
        init(*bound.args, **bound.kwargs)

    return giving_wrapped


class _Loaded:
    """`Config.loaded_app` of uvicorn: wrapped for those of its modules that call it, and for nobody else."""

    def __get__(self, config: Any, owner: Any = None) -> Any:
        try:
            app = vars(config)["loaded_app"]
        except KeyError:
            raise AttributeError("loaded_app") from None
        caller = sys._getframe(1).f_globals["__name__"]
        return wrapped(app) if caller.startswith(("uvicorn.protocols", "uvicorn.lifespan")) else app

    def __set__(self, config: Any, app: Any) -> None:
        vars(config)["loaded_app"] = app


def wrap_classes() -> None:
    """Each class whose instances are applications, in what is imported by now."""
    for name, module in list(sys.modules.items()):
        if name.startswith(tuple(f"{prefix}." for prefix in MODULES)) or name in MODULES:
            for value in list(vars(module).values()):
                if isinstance(value, type) and value.__module__ == name and _is_called_as_application(value):
                    _wrap_call(value)


def _is_called_as_application(cls: type) -> bool:
    call = vars(cls).get("__call__")
    return (
        inspect.isfunction(call)
        and inspect.iscoroutinefunction(call)
        and list(inspect.signature(call).parameters)[1:] == ["scope", "receive", "send"]
    )


def _wrap_call(cls: Any) -> None:
    original = cls.__call__

    @functools.wraps(original)
    async def called(self: Any, scope: Any, receive: Any, send: Any) -> Any:
        return await InspectMiddleware(MethodType(original, self), out=TRACE)(scope, receive, send)

    cls.__call__ = called
