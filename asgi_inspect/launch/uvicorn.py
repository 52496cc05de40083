"""uvicorn: its own command, its own parser, its own process; only the import string of the application is another.

uvicorn's command line is a click command. It is asked twice: by the launcher, for what it would do (`plan`), and in the
child, where its own callback runs with the application's string replaced (`serve`).
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any, cast

import uvicorn
from uvicorn.main import main as _main

from ..errors import UsageError
from .import_string import require_import_string
from .server import Plan

COMMAND = _main
PREFIX = "asgi_inspect.on."


def plan(arguments: Sequence[str]) -> Plan:
    """What uvicorn would do with this command line and the variables of this environment; nothing is loaded.

    Raises click's exceptions where uvicorn's parser does, UsageError where what it would do cannot be traced.
    """
    context = COMMAND.make_context("uvicorn", list(arguments), auto_envvar_prefix="UVICORN")
    params = context.params
    require_import_string(params["app"])
    if params.get("interface") == "wsgi":
        raise UsageError(
            "--interface wsgi serves a WSGI application, which asgi-inspect cannot show: run uvicorn without it."
        )
    elsewhere = params.get("uds") is not None or params.get("fd") is not None
    return Plan(
        server=f"uvicorn {uvicorn.__version__}",
        app=params["app"],
        address=None if elsewhere or not params["port"] else (params["host"], params["port"]),
    )


def serve(arguments: Sequence[str], *, traced: bool) -> None:
    """Be uvicorn, until it ends. Never returns: uvicorn's command ends in SystemExit."""
    command = copy.copy(COMMAND)
    if traced:
        command.callback = _with_traced_application(cast("Callable[..., Any]", COMMAND.callback))
    command.main(args=list(arguments), prog_name="uvicorn")


def _with_traced_application(run: Callable[..., Any]) -> Callable[..., Any]:
    def run_traced(*, app: str, **params: Any) -> Any:
        if params.get("interface") == "asgi2":
            params["interface"] = "asgi3"  # what the prefix gives is an application of today, whatever it wraps
        return run(app=PREFIX + app, **params)

    return run_traced
