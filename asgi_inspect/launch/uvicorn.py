"""uvicorn: its own command, its own parser, its own process; only what it takes as the application is another.

uvicorn's command line is a click command. It is asked twice: by the launcher, for what it would do (`plan`), and in the
child, where it runs (`serve`). Every way to start uvicorn comes to its `Config`; workers and reloaded processes get a
pickle of that, with the import string in it.
"""

import functools
import glob
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import click

from ..errors import UsageError
from ..options import read_launch, tell
from .applications import given, prefixed
from .import_string import require_import_string
from .server import Hooks, Plan, Stop, named_version


def command() -> click.Command:
    """uvicorn's own."""
    from uvicorn.main import main

    return main


def plan(arguments: Sequence[str]) -> Plan:
    """What uvicorn would do with this command line and the variables of this environment; nothing is loaded.

    Raises click's exceptions where uvicorn's parser does, UsageError where what it would do cannot be traced.
    """
    params = command().make_context("uvicorn", list(arguments), auto_envvar_prefix="UVICORN").params
    require_import_string(params["app"])
    if params.get("interface") == "wsgi":
        raise UsageError(
            "--interface wsgi serves a WSGI application, which asgi-inspect cannot show: run uvicorn without it."
        )
    elsewhere = params.get("uds") is not None or params.get("fd") is not None
    return Plan(
        server=named_version("uvicorn"),
        app=params["app"],
        address=None if elsewhere or not params["port"] else (params["host"], params["port"]),
    )


def serve(arguments: Sequence[str]) -> None:
    """Be uvicorn, until it ends. Never returns: uvicorn's command ends in SystemExit."""
    command().main(args=list(arguments), prog_name="uvicorn")


def _change_config(module: ModuleType) -> None:
    init = module.Config.__init__

    @functools.wraps(init)
    def init_traced(self: Any, app: Any, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("interface") != "wsgi":
            tell(unloadable=getattr(module, "STARTUP_FAILURE", 1))
            app = prefixed(app) if isinstance(app, str) else given(app)
            if kwargs.get("interface") == "asgi2":
                kwargs["interface"] = "asgi3"  # what is given is an application of today, whatever it wraps
        init(self, app, *args, **kwargs)
        launch = read_launch()
        if launch is not None and self.reload_includes:
            # Whoever watches all files would see the trace grow, and reload for ever.
            self.reload_excludes.append(glob.escape(launch.file))

    module.Config.__init__ = init_traced


def _change_reload(module: ModuleType) -> None:
    restart = module.BaseReload.restart

    @functools.wraps(restart)
    def restart_told(self: Any) -> None:
        tell(why="reload")
        restart(self)

    module.BaseReload.restart = restart_told


def loading(stop: Stop) -> Hooks:
    """Stop with the first configuration; the user's module may make one of its own while it is loaded."""

    def change_config(module: ModuleType) -> None:
        init = module.Config.__init__
        begun = False

        def init_and_stop(self: Any, *args: Any, **kwargs: Any) -> None:
            nonlocal begun
            init(self, *args, **kwargs)
            if begun:
                return
            begun = True
            self.load()
            stop(self.loaded_app, [] if self.uds is not None or self.fd is not None else [(self.host, self.port)])

        module.Config.__init__ = init_and_stop

    return {"uvicorn.config": change_config}


HOOKS: Hooks = {"uvicorn.config": _change_config, "uvicorn.supervisors.basereload": _change_reload}
