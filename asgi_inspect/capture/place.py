"""What a framework says, in the scope, of the route and the endpoint that it chose; read without acting."""

import types
from functools import partial
from typing import Any

from ..look import class_attribute, dict_behind, exact_str, instance_dict, qualified_name

_UNWRAPPED = 20  # methods of partials of methods of …


def route_of(scope: Any) -> str | None:
    """The template of the route: `path_template` (Litestar), else a str `path_format` or `path` of `scope["route"]`."""
    whole = scope if type(scope) is dict else dict_behind(scope, type(scope))
    if whole is None:
        return None
    get = dict.get
    template: Any = get(whole, "path_template")
    if template is None:
        route = get(whole, "route")
        if route is None:
            return None
        attributes = instance_dict(route)
        template = attributes.get("path_format")
        if not issubclass(type(template), str):
            template = attributes.get("path")
    return printable(exact_str(template)) if issubclass(type(template), str) else None


def endpoint_of(scope: Any) -> str | None:
    """The endpoint as `module.qualname`; of an object that is no function or class, its class."""
    whole = scope if type(scope) is dict else dict_behind(scope, type(scope))
    if whole is None:
        return None
    endpoint: Any = dict.get(whole, "endpoint")
    if endpoint is None:
        handler = dict.get(whole, "route_handler")
        if handler is None:
            return None
        endpoint = _handler_of(handler)
    return name_of(endpoint)


def name_of(x: Any) -> str:
    """The name of a function, a class, or of an object's class, as one would import it."""
    for _ in range(_UNWRAPPED):
        t = type(x)
        if t is types.MethodType:
            x = x.__func__
        elif t is partial:
            x = x.func
        else:
            break
    if type(x) is types.FunctionType or type(x) is types.BuiltinFunctionType:
        module = x.__module__
        name = exact_str(x.__qualname__)
        return printable(f"{module}.{name}" if type(module) is str else name)
    return printable(qualified_name(x if issubclass(type(x), type) else type(x)))


def printable(text: str) -> str:
    """The text, with lone surrogates as escapes: UTF-8 cannot hold them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _handler_of(handler: Any) -> Any:
    """The function of a Litestar route handler, which keeps it in a slot."""
    slot = class_attribute(type(handler), "_fn")
    if type(slot) is not types.MemberDescriptorType:
        return handler
    try:
        function = slot.__get__(handler)
    except AttributeError:
        return handler
    if type(function) is types.FunctionType:
        return function
    inner = instance_dict(function).get("func")  # a synchronous function, in an object that calls it in a thread
    return function if inner is None else inner
