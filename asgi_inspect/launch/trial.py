"""The child of `asgi-inspect doctor`: it begins exactly as that of a run, and ends where the server has its application.

`python -m asgi_inspect.launch.trial ANSWER SECONDS /path/to/uvicorn main:app …`. What stands in the place of serving is put
into the server's modules before the hooks of a run, which then wrap it: the application comes here as it would come to the
server, traced, or is refused. What was found is written to the file ANSWER as JSON; where that takes more than SECONDS,
what stands there is where Python was. The server's output, and the user's, is nobody's business here.
"""

import faulthandler
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any, Final, NoReturn, TypeAlias

import msgspec

from ..middleware import InspectMiddleware
from ..on._dress import Factory
from ..on._kinds import Kind, kind_of
from ..options import read_launch
from . import child
from .frameworks import anatomy_of
from .hooks import install
from .server import Hooks

_HERE: Final = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
_LIBRARIES: Final = (
    _HERE,
    *(os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib", "purelib", "platlib")),
)
_MOST, _FEW = 8, 3  # frames: of the user's, else of others
Address: TypeAlias = tuple[str, int]


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

    install(_stops(os.path.basename(sys.argv[1]), stop))
    try:
        child.main()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        end(_failed(error))


_Stop: TypeAlias = Callable[[Any, Sequence[Address]], NoReturn]


def _stops(server: str, stop: _Stop) -> Hooks:
    """Where this server has its application, by the module in which it then would begin to serve."""

    def uvicorn(module: ModuleType) -> None:
        init = module.Config.__init__
        begun = False

        def init_and_stop(self: Any, *args: Any, **kwargs: Any) -> None:
            nonlocal begun
            init(self, *args, **kwargs)
            if begun:  # the user's module makes one of its own
                return
            begun = True
            self.load()
            stop(self.loaded_app, [] if self.uds is not None or self.fd is not None else [(self.host, self.port)])

        module.Config.__init__ = init_and_stop

    def hypercorn(module: ModuleType) -> None:
        def load_and_stop(config: Any) -> NoReturn:
            app = module.load_application(config.application_path, config.wsgi_max_body_size)
            stop(app, _addresses(_HOST_AND_PORT, [*config.bind, *config.insecure_bind]))

        module.run = load_and_stop  # type: ignore[attr-defined]

    def granian(module: ModuleType) -> None:
        def load_and_stop(
            self: Any, spawn_target: Any, target_loader: Callable[[], Any], wrap_loader: bool
        ) -> NoReturn:
            stop(target_loader(), [] if self.bind_uds else [(self.bind_addr, self.bind_port)])

        module.AbstractServer.serve = load_and_stop

    def daphne(module: ModuleType) -> None:
        def init_and_stop(self: Any, application: Any, endpoints: Sequence[str] = (), **kwargs: Any) -> NoReturn:
            stop(application, _addresses(_ENDPOINT, endpoints))

        module.Server.__init__ = init_and_stop

    def gunicorn(module: ModuleType) -> None:
        def init_and_stop(self: Any, app: Any) -> NoReturn:
            stop(app.wsgi(), [address[:2] for address in app.cfg.address if isinstance(address, tuple)])

        module.Arbiter.__init__ = init_and_stop

    return {
        "uvicorn": {"uvicorn.config": uvicorn},
        "hypercorn": {"hypercorn.run": hypercorn},
        "granian": {"granian.server.common": granian},
        "daphne": {"daphne.server": daphne},
        "gunicorn": {"gunicorn.arbiter": gunicorn},
    }[server]


_HOST_AND_PORT: Final = re.compile(r"\[?(?P<host>[^/\[\]]*?)\]?:(?P<port>\d+)")
_ENDPOINT: Final = re.compile(r"tcp:port=(?P<port>\d+):interface=(?P<host>.+)")


def _addresses(form: re.Pattern[str], texts: Sequence[str]) -> list[Address]:
    found = [match for text in texts if (match := form.fullmatch(text.replace("\\:", ":")))]
    return [(match["host"], int(match["port"])) for match in found]


def _found(app: Any, addresses: Sequence[Address]) -> Found:
    app = _ours(app)
    if issubclass(type(app), Factory):
        app = _ours(app())
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


def _ours(app: Any) -> Any:
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


def _failed(error: BaseException) -> Failed:
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
