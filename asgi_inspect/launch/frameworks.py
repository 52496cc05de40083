"""What an application is, told by its type and by what it plainly holds: its framework, what stands round it, its routes.

Nothing is imported that is not there already, and nothing of the application is called.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any, Final, NamedTuple

from ..middleware import InspectMiddleware
from ..on._dress import undress
from ..on._kinds import kind_of
from ..on._target import described
from ..options import Out

_DEEPEST = 50  # applications inside of each other, before we take it for a circle


class Framework(NamedTuple):
    """A framework: what it calls itself, and what its distribution is called."""

    name: str
    distribution: str


FRAMEWORKS: Final[Mapping[str, Framework]] = {
    "blacksheep": Framework("BlackSheep", "blacksheep"),
    "channels": Framework("Channels", "channels"),
    "connexion": Framework("Connexion", "connexion"),
    "django": Framework("Django", "django"),
    "falcon": Framework("Falcon", "falcon"),
    "fastapi": Framework("FastAPI", "fastapi"),
    "fasthtml": Framework("FastHTML", "python-fasthtml"),
    "fastmcp": Framework("FastMCP", "fastmcp"),
    "gradio": Framework("Gradio", "gradio"),
    "litestar": Framework("Litestar", "litestar"),
    "mcp": Framework("MCP", "mcp"),
    "nicegui": Framework("NiceGUI", "nicegui"),
    "quart": Framework("Quart", "quart"),
    "sanic": Framework("Sanic", "sanic"),
    "socketio": Framework("Socket.IO", "python-socketio"),
    "starlette": Framework("Starlette", "starlette"),
    "strawberry": Framework("Strawberry", "strawberry-graphql"),
}
"""By the package that one imports."""


class Anatomy(NamedTuple):
    """An application as it is built."""

    what: str
    """`FastAPI 0.165.0`; its kind and type where that is of no framework that we know."""
    routes: int | None
    """None where they cannot be counted."""
    middlewares: list[str]
    """The names of what it passes through, from the outside in, as far as that can be seen."""
    outs: list[str | None]
    """Of each `InspectMiddleware` that the user has put there: the `out=` that it writes to as well, if one."""


def version_of(distribution: str) -> str | None:
    """The version that is installed; None where it is not."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def anatomy_of(app: Any) -> Anatomy:
    """How an application is built. `app`: as a server would get it, or the user's own."""
    through = list(layers(undress(app)))
    app, round_it = through[-1], through[:-1]
    inside = list(_middlewares(app))
    outs = [vars(layer).get("_out") if vars(layer).get("_explicit") else None for layer in round_it if _is_ours(layer)]
    outs += [
        keywords.get("out") for cls, keywords in inside if type(cls) is type and issubclass(cls, InspectMiddleware)
    ]
    return Anatomy(
        _what(app),
        _routes(app),
        [type(layer).__name__ for layer in round_it] + [_shown(cls, keywords) for cls, keywords in inside],
        [_out(out) for out in outs],
    )


def layers(app: Any) -> Iterator[Any]:
    """The application, and what is inside of it, each in the attribute `app` of the one before."""
    for _ in range(_DEEPEST):
        yield app
        inner = undress(_held(app).get("app"))
        if not callable(inner):
            return
        app = inner


def _held(value: Any) -> Mapping[str, Any]:
    """The attributes that an object has itself; empty where it keeps them elsewhere."""
    try:
        held = object.__getattribute__(value, "__dict__")
    except (AttributeError, TypeError):
        return {}
    return held if issubclass(type(held), dict) else {}


def _is_ours(app: Any) -> bool:
    return issubclass(type(app), InspectMiddleware)


def _what(app: Any) -> str:
    for base in type(app).__mro__:
        framework = FRAMEWORKS.get(str(base.__module__).partition(".")[0])
        if framework is not None:
            return f"{framework.name} {version_of(framework.distribution) or ''}".rstrip()
    return f"{kind_of(app).value}: {described(app)}"


def _out(out: Out) -> str | None:
    """An `out=` as it is shown: the path of a file made absolute."""
    if out is None or out == "-":
        return out
    return os.path.abspath(out) if isinstance(out, str | os.PathLike) else described(out)


def _routes(app: Any) -> int | None:
    """The user's own routes, where it is of Starlette's family; what the framework adds (`/docs`) does not count."""
    routes = _held(_held(app).get("router")).get("routes")
    return _count(routes, 0) if type(routes) is list else None


def _count(routes: list[Any], depth: int) -> int:
    count = 0
    for route in routes:
        held = _held(route)
        inner = _held(held.get("original_router")).get("routes")  # FastAPI keeps a router that was included whole
        if type(inner) is list and depth < _DEEPEST:
            count += _count(inner, depth + 1)
        elif str(getattr(held.get("endpoint"), "__module__", "")).partition(".")[0] not in FRAMEWORKS:
            count += 1
    return count


def _middlewares(app: Any) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """What the framework will put round the application, from the outside in: classes and their keywords."""
    added = _held(app).get("user_middleware")  # Starlette's family
    for entry in added if type(added) is list else ():
        held = _held(entry)
        yield held.get("cls"), held.get("kwargs") or {}
    if type(app).__module__.startswith("django."):
        for path in getattr(sys.modules["django.conf"].settings, "MIDDLEWARE", ()):
            yield str(path), {}


def _shown(cls: Any, keywords: Mapping[str, Any]) -> str:
    """`CORSMiddleware`; a function that `@app.middleware("http")` has added, by its own name."""
    name = cls.rpartition(".")[2] if isinstance(cls, str) else getattr(cls, "__name__", type(cls).__name__)
    dispatch = getattr(keywords.get("dispatch"), "__name__", None)
    return f"{name}({dispatch})" if dispatch else str(name)
