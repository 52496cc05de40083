"""The child of `asgi-inspect doctor`: it begins exactly as that of a run, and ends where the server has its application.

`python -m asgi_inspect.launch.trial ANSWER SECONDS /path/to/uvicorn main:app …`. What stands in the place of serving is put
into the server's modules before the hooks of a run, which then wrap it: the application comes here as it would come to the
server, traced, or is refused. What was found is written to the file ANSWER as JSON; where that takes more than SECONDS,
what stands there is where Python was. The server's output, and the user's, is nobody's business here.
"""

import faulthandler
import os
import sys
import sysconfig
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, NoReturn

import msgspec

from ..middleware import InspectMiddleware
from ..on._dress import Factory
from ..on._kinds import Kind, kind_of
from ..options import read_launch
from . import child
from .frameworks import anatomy_of
from .hooks import install
from .server import Address, server_named

_HERE: Final = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
_LIBRARIES: Final = (
    _HERE,
    *(os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib", "purelib", "platlib")),
)
_MOST, _FEW = 8, 3  # frames: of the user's, else of others


class Found(msgspec.Struct, tag="found"):
    """The application, as the server has it."""

    what: str
    """See `frameworks.Anatomy`, as for the other parts of it."""
    app: str | None
    """Its import string."""
    file: str | None
    """Where its module is."""
    factory: bool
    """Whether what the import string names has made it."""
    routes: int | None
    middlewares: list[str]
    outs: list[str | None]
    addresses: list[Address]
    """Where the server would listen, as far as these are hosts and ports."""


class Failed(msgspec.Struct, tag="failed"):
    """The exception that came out instead."""

    error: str
    """Its type and the first line of what it says."""
    frames: list[str]
    """The user's own frames on its way, outermost first; if there are none, the innermost ones."""


def main() -> None:
    path, seconds = sys.argv[1:3]
    del sys.argv[1:3]
    answer = open(path, "w", encoding="utf-8")  # noqa: SIM115 - what ends this process closes it
    faulthandler.dump_traceback_later(float(seconds), exit=True, file=answer)

    def end(outcome: Found | Failed) -> NoReturn:
        """Nothing of the user's is to run on: threads, `atexit`, another server."""
        faulthandler.cancel_dump_traceback_later()
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):  # closed, or something of the user's
                stream.flush()
        answer.write(msgspec.json.encode(outcome).decode())
        answer.flush()
        os._exit(0)

    def stop(app: Any, addresses: Sequence[Address]) -> NoReturn:
        """The server has its application."""
        end(_found(app, addresses))

    server = server_named(os.path.basename(sys.argv[1]))
    assert server is not None, sys.argv[1]
    install(server.loading(stop))
    try:
        child.main()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        end(failed(error))


def _found(app: Any, addresses: Sequence[Address]) -> Found:
    app = ours(app)
    if issubclass(type(app), Factory):
        app = ours(app())
    anatomy = anatomy_of(app)
    launch = read_launch()
    name = None if launch is None else launch.app
    module, _, attributes = (name or "").partition(":")
    named = _named(sys.modules.get(module), attributes.partition("(")[0])
    file = getattr(sys.modules.get(module), "__file__", None)
    return Found(
        what=anatomy.what,
        app=name,
        file=None if file is None else os.path.abspath(file),
        factory=kind_of(named) is Kind.FACTORY,
        routes=anatomy.routes,
        middlewares=anatomy.middlewares,
        outs=anatomy.outs,
        addresses=list(addresses),
    )


def ours(app: Any) -> Any:
    """What we gave to the server, inside of what the server has put round it."""
    inner = app
    while not issubclass(type(inner), InspectMiddleware | Factory):
        inner = getattr(inner, "__dict__", {}).get("app")
        if inner is None:
            return app
    return inner


def _named(value: Any, attributes: str) -> Any:
    """What the user's import string names."""
    for step in attributes.split("."):
        value = getattr(value, step, None)
    return value


def failed(error: BaseException) -> Failed:
    """What happened, by the innermost of chained exceptions that has something of the user's in it, if one has."""
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None and inner not in chain:
        chain.append(inner)
    error = next((one for one in chain if any(not is_library(frame.filename) for frame in _frames(one))), error)
    frames = _frames(error)
    own = [frame for frame in frames if not is_library(frame.filename)]
    text = traceback.format_exception_only(error)[-1].strip().partition("\n")[0]
    return Failed(
        text, [f"{frame.filename}, line {frame.lineno}: {frame.line}" for frame in own[-_MOST:] or frames[-_FEW:]]
    )


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_HERE)]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append(traceback.FrameSummary(error.filename, error.lineno, "<module>", line=(error.text or "").strip()))
    return frames


def is_library(file: str) -> bool:
    """Whether a file of Python is not the user's own: the standard library, what is installed, and what we are."""
    return file.startswith(("<frozen", *_LIBRARIES))


if __name__ == "__main__":
    main()
