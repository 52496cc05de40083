"""gunicorn: its command, and applications built on its `BaseApplication`.

Its workers are forked from a master, which may have loaded the application before (`--preload`). Those that serve ASGI are
its own (`-k asgi`) and uvicorn's (`-k uvicorn_worker.UvicornWorker`).
"""

import functools
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NoReturn

from ..on._target import refuse
from ..options import tell
from .applications import loaded
from .import_string import application_in
from .server import Hooks, Plan, Stop, named_version

_WSGI_WORKERS = ("sync", "gthread", "gevent", "gevent_wsgi", "gevent_pywsgi", "eventlet", "tornado")


def plan(arguments: Sequence[str]) -> Plan:
    """What gunicorn would do; a configuration file, which may name the application, is for gunicorn alone to run."""
    return Plan(server=named_version("gunicorn"), app=application_in(arguments))


def serve(arguments: Sequence[str]) -> None:
    """Be gunicorn, until it ends. It takes its arguments from `sys.argv`."""
    from gunicorn.app.wsgiapp import run

    run()


def _change_application(module: ModuleType) -> None:
    def wsgi(self: Any) -> Any:
        """The application, in whichever process asks first."""
        if self.callable is None:
            self.callable = _load(self)
        return self.callable

    run = module.Application.run

    @functools.wraps(run)
    def run_in_front(self: Any) -> Any:
        if self.cfg.daemon:
            refuse(
                "gunicorn --daemon goes into the background, where no live view follows it: leave it out, or trace without "
                "the command: ASGI_INSPECT_OUT=trace.jsonl gunicorn ... asgi_inspect.on.main:app"
            )
        _require_asgi(self.cfg.worker_class_str)
        return run(self)

    module.BaseApplication.wsgi, module.Application.run = wsgi, run_in_front


def _require_asgi(worker: str) -> None:
    if worker in _WSGI_WORKERS:
        refuse(
            f"gunicorn's worker class {worker} serves WSGI, which asgi-inspect cannot show: "
            "add -k uvicorn_worker.UvicornWorker, or -k asgi."
        )


def _load(application: Any) -> Any:
    worker = application.cfg.worker_class_str
    _require_asgi(worker)
    name = getattr(application, "app_uri", None)
    uvicorn = "uvicorn" in worker.lower()
    tell(factories="called" if uvicorn else "parentheses", asgi2=uvicorn)
    return loaded(application.load(), name)


def _change_arbiter(module: ModuleType) -> None:
    init, reload = module.Arbiter.__init__, module.Arbiter.reload

    @functools.wraps(init)
    def init_traced(self: Any, app: Any) -> None:
        init(self, app)
        # After SIGUSR2 it starts itself anew: with this command line, as its own would be the bare server.
        self.START_CTX["args"] = [sys.executable, *sys.orig_argv[1:]]

    @functools.wraps(reload)
    def reload_told(self: Any) -> None:
        tell(why="reload")
        reload(self)

    module.Arbiter.__init__ = init_traced
    module.Arbiter.reload = reload_told


def loading(stop: Stop) -> Hooks:
    """Load the application in the master, where nothing is forked."""

    def change_arbiter(module: ModuleType) -> None:
        def init_and_stop(self: Any, app: Any) -> NoReturn:
            stop(app.wsgi(), [address[:2] for address in app.cfg.address if isinstance(address, tuple)])

        module.Arbiter.__init__ = init_and_stop

    return {"gunicorn.arbiter": change_arbiter}


HOOKS: Hooks = {"gunicorn.app.base": _change_application, "gunicorn.arbiter": _change_arbiter}
