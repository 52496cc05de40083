"""granian: its command, its `Granian` and its embedded `Server`.

Its workers, forked or spawned, call a loader; ours calls the one that they would have called. Its default interface is RSGI,
which is not ASGI.
"""

import functools
from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import Any, NoReturn

import click
from click.core import ParameterSource

from ..capture.notice import say_once
from ..on._target import refuse
from ..options import read_launch, tell
from .applications import given, loaded
from .import_string import application_in
from .server import Hooks, Plan, Stop, named_version


def plan(arguments: Sequence[str]) -> Plan:
    """What granian would do."""
    return Plan(server=named_version("granian"), app=application_in(arguments))


def serve(arguments: Sequence[str]) -> None:
    """Be granian, until it ends."""
    from granian.cli import cli

    cli.main(args=list(arguments), prog_name="granian", auto_envvar_prefix="GRANIAN")


def _change_command(module: ModuleType) -> None:
    """Where no interface is named it is ASGI."""
    run = module.cli.callback

    @functools.wraps(run)
    def run_asgi(*, interface: Any, **params: Any) -> Any:
        if click.get_current_context().get_parameter_source("interface") is ParameterSource.DEFAULT:
            interface = type(interface)("asgi")
            say_once("granian's own default is RSGI: it is started with --interface asgi.")
        return run(interface=interface, **params)

    module.cli.callback = run_asgi


def _change_server(module: ModuleType) -> None:
    serve, load_target = module.AbstractServer.serve, module.load_target

    @functools.wraps(serve)
    def serve_traced(self: Any, spawn_target: Any = None, target_loader: Any = None, wrap_loader: bool = True) -> Any:
        _require_asgi(self.interface)
        if target_loader is None:
            target_loader = partial(load_target, self.target, wd=self.working_dir, factory=self.factory)
        elif wrap_loader:
            target_loader = partial(target_loader, self.target)
        launch = read_launch()
        if launch is not None:  # its reloader watches all files of a directory
            self.reload_ignore_paths = (*self.reload_ignore_paths, launch.file)
        self.on_reload(_reloads)
        return serve(self, spawn_target, partial(_load, target_loader, str(self.target)), wrap_loader=False)

    module.AbstractServer.serve = serve_traced


def _change_embedded(module: ModuleType) -> None:
    serve = module.Server.serve

    @functools.wraps(serve)
    async def serve_traced(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.interface in _ASGI:
            self.target = given(self.target)
        return await serve(self, *args, **kwargs)

    module.Server.serve = serve_traced


_ASGI = ("asgi", "asginl")  # granian's enumeration is one of str, and scripts may give the words


def _require_asgi(interface: Any) -> None:
    if interface not in _ASGI:
        refuse(
            f"granian is to serve {str(interface).upper()} here, which asgi-inspect cannot show: use --interface asgi."
        )


def _load(load: Callable[[], Any], target: str) -> Any:
    """In a worker: what `load` gives, traced."""
    tell(factories="option", asgi2=False)
    return loaded(load(), target)


def _reloads() -> None:
    tell(why="reload")


def loading(stop: Stop) -> Hooks:
    """Load the application here, not in a worker."""

    def change_server(module: ModuleType) -> None:
        def load_and_stop(self: Any, spawn_target: Any, target_loader: Any, wrap_loader: bool) -> NoReturn:
            stop(target_loader(), [] if self.bind_uds else [(self.bind_addr, self.bind_port)])

        module.AbstractServer.serve = load_and_stop

    return {"granian.server.common": change_server}


HOOKS: Hooks = {
    "granian.cli": _change_command,
    "granian.server.common": _change_server,
    "granian.server.embed": _change_embedded,
}
