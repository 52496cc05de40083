"""What a server would find at an import string, told by its type and its signature alone: nothing is called.

A server tries an application by calling it; once it is wrapped, that trial tells it nothing any more. So the question is
answered here, by the same rules: three arguments are ASGI, one is ASGI 2, two are WSGI, none is a factory.
"""

import enum
import functools
import inspect
import types
from typing import Any, NamedTuple


class Kind(enum.Enum):
    """What an object is to a server."""

    ASGI = "an ASGI application"
    ASGI2 = "an application of ASGI 2, called twice"
    WSGI = "a WSGI application"
    FACTORY = "a callable that needs no argument: a factory, perhaps"
    OTHER = "no application"


class _Arguments(NamedTuple):
    """How many positional arguments a callable needs at least and takes at most; `keywords`: it needs named ones too."""

    least: int
    most: float
    keywords: bool

    def take(self, count: int) -> bool:
        return self.least <= count <= self.most and not self.keywords


_ROUTINES = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial)
_UNKNOWN = _Arguments(3, 3, False)  # no signature to be had


def kind_of(value: Any) -> Kind:
    """What `value` is. Reads types and signatures only: no foreign method runs, lazy objects stay asleep."""
    if issubclass(type(value), type):
        return _kind_of_class(value)
    routine = is_routine(value)
    call = value if routine else _defined(type(value), "__call__")
    if call is None:
        return Kind.OTHER
    static = isinstance(call, staticmethod)
    function = call.__func__ if static else call
    if not routine and not isinstance(function, types.FunctionType):
        return Kind.ASGI  # a compiled callable or a proxy tells nothing; the benefit of the doubt is ASGI's
    arguments = _arguments(function, bound=not routine and not static)
    if inspect.iscoroutinefunction(function):
        return Kind.ASGI if arguments.take(3) else Kind.OTHER
    return _kind_of_sync(arguments)


def _defined(cls: type, name: str) -> Any:
    """What a class or one of its bases defines under this name, as it stands there."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def is_routine(value: Any) -> bool:
    """Whether `value` is a function, a method or a partial of one: what has its signature itself."""
    return type(value) in _ROUTINES


def _kind_of_class(cls: type) -> Kind:
    """A class is called like a function, and what comes out is its instance."""
    arguments = _arguments(cls, bound=False)
    if _defined(cls, "__await__") is not None:
        return Kind.ASGI if arguments.take(3) else Kind.OTHER  # `await cls(scope, receive, send)`
    kind = _kind_of_sync(arguments)
    return Kind.OTHER if kind is Kind.ASGI else kind


def _kind_of_sync(arguments: _Arguments) -> Kind:
    if arguments.keywords:
        return Kind.OTHER
    return {0: Kind.FACTORY, 1: Kind.ASGI2, 2: Kind.WSGI, 3: Kind.ASGI}.get(arguments.least, Kind.OTHER)


def _arguments(call: Any, *, bound: bool) -> _Arguments:
    try:
        parameters = list(inspect.signature(call).parameters.values())
    except (ValueError, TypeError):
        return _UNKNOWN
    if bound and parameters and parameters[0].kind is not inspect.Parameter.VAR_POSITIONAL:
        del parameters[0]  # self
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return _Arguments(
        least=sum(p.default is p.empty for p in positional),
        most=float("inf") if any(p.kind is p.VAR_POSITIONAL for p in parameters) else len(positional),
        keywords=any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters),
    )
