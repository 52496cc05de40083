"""Python itself: a script, a module or a string of code that starts some server, as `python` would run it.

`asgi-inspect python run.py`, `asgi-inspect -m fastapi dev main.py`. It runs as `__main__` in the child; whichever server it
then starts is traced.
"""

import functools
import linecache
import os
import runpy
import shutil
import sys
import sysconfig
import types
import zipfile
from collections.abc import Sequence
from typing import Any

from ..errors import UsageError
from ..options import tell
from ..text import safe
from .hooks import install
from .interpreter import CHILD, python_options
from .server import SERVERS, Hooks, Plan, Stop, server_named

_run_module = runpy._run_module_as_main  # type: ignore[attr-defined]  # what the interpreter calls for `-m` and for a folder
_HEAD = 300  # bytes: a long path to the interpreter stands in the second line


def plan(arguments: Sequence[str]) -> Plan:
    """What would be run."""
    options = python_options(["python", *arguments])
    words = arguments[len(options) :]
    if not words or words[0] == "-" or (words[0] in ("-m", "-c") and len(words) == 1):
        raise UsageError("name what python should run: asgi-inspect python run.py, or asgi-inspect -m MODULE.")
    if words[0] == "-m":
        return Plan(server=f"python -m {words[1]}", app=None, script=True)
    if words[0] == "-c":
        return Plan(server="python -c", app=None, script=True)
    if not os.path.exists(words[0]):
        raise UsageError(f"there is no file {safe(words[0])}.")
    folder, name = os.path.split(words[0])
    return Plan(server=name if folder == sysconfig.get_path("scripts") else f"python {words[0]}", app=None, script=True)


def serve(arguments: Sequence[str]) -> None:
    """Run it, in place of what `__main__` is now. The interpreter's own options are in force already."""
    tell(server=None)  # which server it is will be seen when it calls the application
    first, *rest = arguments[len(python_options(["python", *arguments])) :]
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    sys.argv = rest if first == "-m" else ["-c", *rest[1:]] if first == "-c" else [first, *rest]
    try:
        if first == "-m":
            _run_module(rest[0])
        elif first == "-c":
            _put_first("")
            if sys.version_info >= (3, 13):  # whose tracebacks show this source, too
                linecache.cache["<string>"] = (len(rest[0]), None, rest[0].splitlines(keepends=True), "<string>")
            exec(compile(rest[0], "<string>", "exec"), vars(main))  # noqa: S102
        else:
            _run_file(first, main)
    except Exception as error:  # noqa: BLE001 - as the interpreter does, but without our own frames
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
            frames = frames.tb_next
        sys.excepthook(type(error), error.with_traceback(frames), frames)
        sys.exit(1)


def script_named(word: str) -> str | None:
    """The console script of this name that is installed beside us, such as `fastapi`, if it is one of Python's."""
    path = os.path.join(sysconfig.get_path("scripts"), word)
    if os.path.basename(word) != word or not os.path.isfile(path):
        return None
    return path if _is_script(path) else None


def program_at(path: str) -> str | None:
    """The name of a program of Python's that is named by its path: an interpreter, a server, or another script.

    Raises UsageError where it is an interpreter's, or a console script, of another environment than ours.
    """
    folder, name = os.path.split(path)
    if not folder or ":" in name or not os.path.isfile(path) or not os.access(path, os.X_OK):
        return None
    server = server_named(name)
    if server is None:
        return name if _is_script(path) else None
    if os.path.realpath(folder) != os.path.realpath(sysconfig.get_path("scripts")):
        raise UsageError(
            f"{safe(path)} is not of the environment of asgi-inspect, {safe(sys.prefix)}: install it there too."
        )
    return name


def _is_script(path: str) -> bool:
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    return head.startswith(b"#!") and b"python" in head


def _run_file(path: str, main: types.ModuleType) -> None:
    place = os.path.join(os.getcwd(), path)
    if os.path.isdir(path) or zipfile.is_zipfile(path):
        _put_first(place)
        _run_module("__main__", False)
        return
    _put_first(os.path.dirname(os.path.realpath(path)))
    main.__file__ = place
    vars(main)["__cached__"] = None
    with open(path, "rb") as file:
        code = compile(file.read(), place, "exec")
    exec(code, vars(main))  # noqa: S102


def _put_first(folder: str) -> None:
    """What stands first on the path of modules, in place of the working directory of our own `-m`."""
    if not sys.flags.safe_path:
        sys.path[0] = folder


def loading(stop: Stop) -> Hooks:
    """Nothing: a script is not run only to look at it."""
    return {}


def _change_autoreload(module: types.ModuleType) -> None:
    """Django's `runserver` starts its own command line again, in a process that then serves: ours instead."""
    module.get_child_arguments = lambda: [sys.executable, *sys.orig_argv[1:]]  # type: ignore[attr-defined]


def _change_subprocess(module: types.ModuleType) -> None:
    """Scripts may start a server's own command in another process, as `litestar run --reload` does."""
    init = module.Popen.__init__

    @functools.wraps(init)
    def init_traced(self: Any, args: Any, *others: Any, **kwargs: Any) -> None:
        init(self, _traced_command(args), *others, **kwargs)

    module.Popen.__init__ = init_traced


def _traced_command(args: Any) -> Any:
    """The same server, as our child, if this is one's command line."""
    if not isinstance(args, list | tuple) or not all(isinstance(word, str) for word in args):
        return args
    match list(args):
        case [sys.executable, "-m", word, *rest] if word in SERVERS:
            return [sys.executable, "-m", *CHILD, word, *rest]
        case [word, *rest] if word in SERVERS and (script := script_named(word)) and shutil.which(word) == script:
            return [sys.executable, "-P", "-m", *CHILD, script, *rest]
    return args


def _change_spawn(module: types.ModuleType) -> None:
    """A process that the script spawns may be the one that serves, as one that it forks."""
    command_line = module.get_command_line

    @functools.wraps(command_line)
    def command_line_hooked(**kwargs: Any) -> list[Any]:
        words: list[Any] = command_line(**kwargs)
        return [f"import {__name__} as s; s.hook(); {word}" if _is_spawn(word) else word for word in words]

    module.get_command_line = command_line_hooked  # type: ignore[attr-defined]


def _is_spawn(word: Any) -> bool:
    return isinstance(word, str) and "spawn_main(" in word  # the interpreter's path may be bytes


def hook() -> None:
    """In a process that was spawned: trace what it serves."""
    install(HOOKS)


def _all_hooks() -> Hooks:
    servers = [server_named(word) for word in SERVERS]
    hooks = {name: hook for server in servers if server is not None for name, hook in server.HOOKS.items()}
    return {
        **hooks,
        "django.utils.autoreload": _change_autoreload,
        "multiprocessing.spawn": _change_spawn,
        "subprocess": _change_subprocess,
    }


HOOKS: Hooks = _all_hooks()
