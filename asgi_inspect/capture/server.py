"""Which server gave us `receive` and `send`, as far as their modules tell; read without acting on them."""

import sys
import types
from functools import partial
from typing import Any, Final

from ..look import qualified_name

# Those that serve a socket: what they call us for is never made in a handler of another connection.
_NETWORK: Final = ("uvicorn", "hypercorn", "daphne", "granian", "gunicorn", "uvicorn_worker")
# Those that call an application in the process that they are in.
_IN_PROCESS: Final = ("starlette.testclient", "httpx", "asgiref.testing", "django.test")


def server_of(receive: Any, send: Any) -> str | None:
    """The name of the server or test client, with its version where its package carries one; None if not known."""
    module = _module_in((*_NETWORK, *_IN_PROCESS), receive, send)
    if module is None:
        return None
    name = module.partition(".")[0]
    version = vars(sys.modules.get(name, sys)).get("__version__")
    if type(version) is not str:
        from importlib import metadata  # costs as much to import as half of this package, and few servers need it

        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            return name
    return f"{name} {version}"


def from_network(receive: Any, send: Any) -> bool:
    """Whether a server that serves a socket calls, with nothing of another's between it and us."""
    return _module_in(_NETWORK, receive, send) is not None


def _module_in(known: tuple[str, ...], *callables: Any) -> str | None:
    for given in callables:
        module = _module_of(given)
        for name in known:
            if module == name or module.startswith(f"{name}."):
                return module
    return None


def _module_of(given: Any) -> str:
    """The module of a callable: of a bound method, that of its object's class."""
    while type(given) is partial:
        given = given.func
    t = type(given)
    if t is types.MethodType or t is types.BuiltinMethodType:
        return qualified_name(type(given.__self__))
    if t is types.FunctionType:
        module = given.__module__
        return module if type(module) is str else ""
    return qualified_name(t)
