"""The one application that `asgi-inspect` launched the server with: loaded once, and refused in a sentence where it can't be.

The launcher's variable names it, in whichever process of the server it is loaded. Without that variable (a server started
with the import-path prefix by hand) nothing is refused here: the server says itself what it thinks of the object.
"""

import difflib
import os
import sys
import types
from pathlib import Path
from typing import Any, NoReturn

from ..capture.notice import say_once
from ..errors import UsageError
from ..options import read_launch
from ..text import safe
from ._dress import Factory, Proxy, dress_application
from ._kinds import Kind, is_routine, kind_of

# A supervisor (uvicorn's, gunicorn's) takes this status of a worker as "it can never start", and does not try for ever.
_WORKER_CANNOT_START = 3
_ADAPTER = "put an adapter round it (a2wsgi: `app = WSGIMiddleware(app)`), or use the ASGI application of the framework"
# What the servers have, whose import strings come here, for a module in another folder.
_ELSEWHERE = {
    "uvicorn": "; there is one in {0}: add --app-dir {0}.",
    "hypercorn": "; did you mean {0}/{1}?",
}
_ELSEWHERE_UNKNOWN = {"uvicorn": "; --app-dir DIR looks in another folder."}
_CALL_IT = {
    "option": "; if it makes one, add --factory",
    "parentheses": "; if it makes one, write {}()",
    "no": "; this server calls no factory: make the application in the module",
}
_DJANGO = "Django's ASGI application is made by django.core.asgi.get_asgi_application(), in a file named asgi.py"


def load_target(module: types.ModuleType, original: types.ModuleType) -> None:
    """If the launched application lives in this module: load it once, and put what the server shall get where it looks."""
    name, attributes = _launched()
    if name != original.__name__:
        return
    dotted, called, _ = attributes.partition("(")
    if not all(step.isidentifier() for step in dotted.split(".")):
        return  # an expression that only the server understands; what comes out of it is dressed all the same
    *path, last = dotted.split(".")
    here, shown, value = f"{name}:", vars(module), original
    for step in path:
        value = _attribute(value, step, here, original)
        shown[step] = proxy = Proxy(value)
        here, shown = f"{here}{step}.", vars(proxy)
    value = _attribute(value, last, here, original)
    shown[last] = _target(value, f"{name}:{dotted}", original, called=bool(called))


def missing_module(name: str, missing: str) -> None:
    """If the launched application is in the module `name`: refuse it, as `missing` (it, or a package round it) is not there."""
    launched, attributes = _launched()
    if f"{launched}.".startswith(f"{name}."):
        folder = Path(sys.path[0]).absolute()
        hint = _other_place(launched, attributes, folder)
        refuse(f'there is no module "{missing}" in {folder}{hint}', as_server=True)


def refuse(sentence: str, *, as_server: bool = False) -> NoReturn:
    """End this process before it serves, with one sentence: status 2, or what stops the supervisor of a worker.

    as_server: the server would have failed too, so that its status holds where we know it.
    """
    sys.stderr.write(f"asgi-inspect: {safe(sentence)}\n")
    sys.stderr.flush()
    launch = read_launch()
    if launch is not None and launch.pid not in (None, os.getpid()):
        raise SystemExit(_WORKER_CANNOT_START)
    raise SystemExit(launch.unloadable if as_server and launch is not None else 2)


def _launched() -> tuple[str, str]:
    launch = read_launch()
    module, _, attributes = ((launch and launch.app) or "").partition(":")
    return module, attributes


def _attribute(value: Any, name: str, here: str, original: types.ModuleType) -> Any:
    try:
        return getattr(value, name)
    except AttributeError:
        known = [key for key in (*getattr(value, "__dict__", ()), *dir(type(value))) if not key.startswith("_")]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {here}{near[0]}?" if near else _applications(original)
        refuse(f'there is no "{name}" in {here.rstrip(":.")}; {hint}', as_server=True)


def _target(value: Any, where: str, original: types.ModuleType, *, called: bool) -> Any:
    try:
        return _factory(value, where) if called else application(value, where)
    except UsageError as error:
        others = f"; {_applications(original)}" if kind_of(value) is Kind.OTHER else ""
        refuse(f"{str(error).removesuffix('.')}{others}" if others else str(error))


def application(value: Any, where: str) -> Any:
    """What the server shall get in place of what it found at `where`. Raises UsageError where that is no application."""
    launch = read_launch()
    factories = launch.factories if launch is not None else "called"
    kind = kind_of(value)
    if kind is Kind.FACTORY and factories == "called":
        return _factory(value, where)
    reason = _why_not(value, kind)
    if reason:
        hint = _CALL_IT.get(factories, "").format(where) if kind is Kind.FACTORY else ""
        raise UsageError(f"{where} {reason}{hint}.")
    if kind is Kind.ASGI2 and launch is not None and not launch.asgi2:
        say_once(
            f"{where} is {kind.value}, which this server would not serve: it is only because asgi-inspect adapts it."
        )
    return dress_application(value)


def _factory(value: Any, where: str) -> Factory:
    def refuse_wrong(made: Any) -> None:
        reason = _why_not(made, kind_of(made))
        if reason:
            refuse(f"what {where}() made {reason}.")

    return Factory(value, refuse_wrong)


def _why_not(value: Any, kind: Kind) -> str | None:
    if kind is Kind.WSGI:
        django = type(value).__module__.startswith("django.")
        return f"is a WSGI application, which asgi-inspect cannot show; {_DJANGO if django else _ADAPTER}"
    if kind is Kind.FACTORY:
        return f"is {described(value)}, a callable without arguments, and not an ASGI application itself"
    if kind is Kind.OTHER:
        return f"is {described(value)}, not an ASGI application: that is a callable of scope, receive and send"
    return None


def described(value: Any) -> str:
    """What to call a foreign object, by its type alone."""
    if is_routine(value):
        return f"the function {getattr(value, '__name__', 'without a name')}()"
    if issubclass(type(value), type):
        return f"the class {value.__qualname__}"
    kind = type(value)
    return f"an object of type {kind.__qualname__ if kind.__module__ == 'builtins' else f'{kind.__module__}.{kind.__qualname__}'}"


def _applications(module: types.ModuleType) -> str:
    """What in this module could be served, as the end of a sentence."""
    found = [f"{module.__name__}:{name}" for name, value in list(vars(module).items()) if _serves(name, value, module)]
    if not found:
        return f"nothing in {module.__name__} looks like an ASGI application."
    return f"in {module.__name__} this looks like one: {', '.join(found[:8])}."


def _serves(name: str, value: Any, module: types.ModuleType) -> bool:
    if name.startswith("_") or issubclass(type(value), type):
        return False
    kind = kind_of(value)
    if is_routine(value) and getattr(value, "__module__", None) != module.__name__:
        return False
    return kind is Kind.ASGI or (kind is Kind.FACTORY and is_routine(value) and "app" in name)


def _other_place(module: str, attributes: str, folder: Path) -> str:
    """Where the module may be meant to be instead, as a part of a sentence; with what the server has for it."""
    first, dot, rest = module.partition(".")
    entries = _modules(folder)
    near = difflib.get_close_matches(first, [name for name in entries if name != first], n=1)
    if near:
        return f"; did you mean {near[0]}{dot}{rest}:{attributes}?"
    for name, place in entries.items():
        if place.is_dir() and first in _modules(place):
            if (place / "__init__.py").exists():
                return f"; did you mean {name}.{module}:{attributes}?"
            return _ELSEWHERE.get(_server(), "; there is one in {0}.").format(name, f"{module}:{attributes}")
    return _ELSEWHERE_UNKNOWN.get(_server(), ".")


def _server() -> str:
    launch = read_launch()
    return ((launch and launch.server) or "").partition(" ")[0]


def _modules(folder: Path) -> dict[str, Path]:
    """What could be imported from a folder, by name: files of Python and folders."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return {}  # only a hint is lost
    return {
        entry.stem: entry for entry in entries if entry.suffix == ".py" or (entry.is_dir() and "." not in entry.name)
    }
