"""hypercorn: its command and its `serve`.

Its processes, spawned ones, load the application from the path in the configuration: a module or a file, then any
expression. With `--reload` its parent loads it too, to know which files to watch.
"""

import functools
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from ..errors import UsageError
from ..on._target import refuse
from ..options import tell
from .applications import PREFIX, given
from .import_string import application_in
from .server import Hooks, Plan, Stop, named_version


def plan(arguments: Sequence[str]) -> Plan:
    """What hypercorn would do: its parser cannot be asked."""
    return Plan(server=named_version("hypercorn"), app=application_in(arguments))


def serve(arguments: Sequence[str]) -> None:
    """Be hypercorn, until it ends."""
    from hypercorn.__main__ import main

    sys.exit(main(list(arguments)))


def traced_path(path: str) -> tuple[str, str]:
    """hypercorn's path of the same application, traced, and the import string of what it names.

    Raises UsageError for `wsgi:main:app`.
    """
    mode, _, rest = path.partition(":") if path.count(":") == 2 else ("asgi", "", path)
    if mode == "wsgi":
        raise UsageError(f"{path} is served as WSGI, which asgi-inspect cannot show.")
    module, _, expression = rest.partition(":")
    place = Path(module).resolve()
    name = place.with_suffix("").name if place.is_file() else place.name
    expression = expression or "app"
    # The folder is part of it: hypercorn puts that first on the path of modules, for a file as for a module.
    return f"asgi:{place.parent / (PREFIX + name)}:{expression}", f"{name}:{expression}"


def _change_run(module: ModuleType) -> None:
    run, check_for_updates = module.run, module.check_for_updates

    @functools.wraps(run)
    def run_traced(config: Any) -> Any:
        try:
            config.application_path, app = traced_path(config.application_path)
        except UsageError as error:
            refuse(str(error))
        tell(app=app, factories="parentheses", asgi2=False)
        return run(config)

    @functools.wraps(check_for_updates)
    def check_for_updates_told(files: Any) -> Any:
        updated = check_for_updates(files)
        if updated:
            tell(why="reload")
        return updated

    module.run, module.check_for_updates = run_traced, check_for_updates_told  # type: ignore[attr-defined]


def _change_serve(module: ModuleType) -> None:
    serve = module.serve

    @functools.wraps(serve)
    async def serve_traced(app: Any, config: Any, **kwargs: Any) -> Any:
        return await serve(app if kwargs.get("mode") == "wsgi" else given(app), config, **kwargs)

    module.serve = serve_traced  # type: ignore[attr-defined]


_BOUND = re.compile(r"\[?(?P<host>[^/\[\]]*?)\]?:(?P<port>\d+)")


def loading(stop: Stop) -> Hooks:
    """Load the application here, not in a worker."""

    def change_run(module: ModuleType) -> None:
        def load_and_stop(config: Any) -> NoReturn:
            app = module.load_application(config.application_path, config.wsgi_max_body_size)
            bound = (_BOUND.fullmatch(text) for text in (*config.bind, *config.insecure_bind))
            stop(app, [(match["host"], int(match["port"])) for match in bound if match])

        module.run = load_and_stop  # type: ignore[attr-defined]

    return {"hypercorn.run": change_run}


HOOKS: Hooks = {"hypercorn.run": _change_run, "hypercorn.asyncio": _change_serve, "hypercorn.trio": _change_serve}
