"""daphne: its command and its `Server`. One process, no lifespan, no reload."""

import functools
import re
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NoReturn

from ..options import tell
from .applications import given, loaded
from .import_string import application_in
from .server import Hooks, Plan, Stop, named_version


def plan(arguments: Sequence[str]) -> Plan:
    """What daphne would do: its parser cannot be had without installing Twisted's reactor."""
    return Plan(server=named_version("daphne"), app=application_in(arguments))


def serve(arguments: Sequence[str]) -> None:
    """Be daphne, until it ends."""
    from daphne.cli import CommandLineInterface

    CommandLineInterface().run(list(arguments))


def _change_command(module: ModuleType) -> None:
    load = module.CommandLineInterface.load_asgi_app

    @functools.wraps(load)
    def load_traced(self: Any, path: str) -> Any:
        tell(factories="no")
        return loaded(load(self, path), path)

    module.CommandLineInterface.load_asgi_app = load_traced


def _change_server(module: ModuleType) -> None:
    init = module.Server.__init__

    @functools.wraps(init)
    def init_traced(self: Any, application: Any, *args: Any, **kwargs: Any) -> None:
        init(self, given(application), *args, **kwargs)

    module.Server.__init__ = init_traced


_ENDPOINT = re.compile(r"tcp:port=(?P<port>\d+):interface=(?P<host>.+)")


def loading(stop: Stop) -> Hooks:
    """Stop where the command has made its server."""

    def change_server(module: ModuleType) -> None:
        def init_and_stop(self: Any, application: Any, endpoints: Sequence[str] = (), **kwargs: Any) -> NoReturn:
            found = (_ENDPOINT.fullmatch(endpoint.replace("\\:", ":")) for endpoint in endpoints)
            stop(application, [(match["host"], int(match["port"])) for match in found if match])

        module.Server.__init__ = init_and_stop

    return {"daphne.server": change_server}


HOOKS: Hooks = {"daphne.cli": _change_command, "daphne.server": _change_server}
