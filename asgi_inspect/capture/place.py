"""What a framework says, in the scope, of the route and the endpoint that it chose; read without acting."""

import types
from typing import Any

from ..walk import instance_dict, qualified_name

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)


def route_of(scope: Any) -> str | None:
    """The template of the route: `path_template` (Litestar), else a str `path_format` or `path` of `scope["route"]`."""
    if type(scope) is not dict:
        return None
    template = scope.get("path_template")
    if type(template) is not str:
        attributes = instance_dict(scope.get("route"))
        template = attributes.get("path_format")
        if type(template) is not str:
            template = attributes.get("path")
    return _printable(template) if type(template) is str else None


def endpoint_of(scope: Any) -> str | None:
    """The endpoint as `module.qualname`; of an object that is no function or class, its class."""
    if type(scope) is not dict:
        return None
    endpoint = scope.get("endpoint")
    return None if endpoint is None else _printable(name_of(endpoint))


def name_of(x: Any) -> str:
    """The name of a function, a class, or of an object's class, as one would import it."""
    t = type(x)
    if t is types.MethodType:
        x, t = x.__func__, type(x.__func__)
    if t.__module__ == "functools" and t.__name__ == "partial":
        x = x.func
        t = type(x)
    if t in _FUNCTIONS:
        return f"{x.__module__}.{x.__qualname__}"
    return qualified_name(x) if issubclass(t, type) else qualified_name(t)


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
