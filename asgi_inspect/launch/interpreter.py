"""The same Python again: how this process was started, so that its child sees the world as the bare server would."""

import os
import sys
from collections.abc import Sequence

_WITH_VALUE = ("W", "X")
_LAST = ("m", "c")
CHILD = ("asgi_inspect.launch.child",)


def python_options(orig_argv: Sequence[str]) -> list[str]:
    """The interpreter's own options on a command line such as `sys.orig_argv`: `-X dev`, `-W error`, `-u` …"""
    options: list[str] = []
    arguments = iter(orig_argv[1:])
    for argument in arguments:
        if not argument.startswith("-") or argument == "-":
            break
        if argument.startswith("--"):
            options += [argument, *([next(arguments, "")] if argument == "--check-hash-based-pycs" else [])]
            continue
        letters = argument[1:]
        stop = next((i for i, letter in enumerate(letters) if letter in _WITH_VALUE + _LAST), None)
        if stop is None:
            options.append(argument)
        elif letters[stop] in _WITH_VALUE:
            options += [argument, *([next(arguments, "")] if stop == len(letters) - 1 else [])]
        else:
            options += [f"-{letters[:stop]}"] if stop else []
            break
    return options


def child_command(server: str, arguments: Sequence[str], entry: Sequence[str] = CHILD) -> list[str]:
    """The command line of the child: this interpreter, our entry, and the server's command as the user would type it.

    A console script has its own folder first on `sys.path`, not the working directory; `python -m` has the latter. The
    child begins like its parent: what decides which of the user's modules shadows which must not change.
    """
    options = python_options(sys.orig_argv)
    if server == "python":  # its own options are the interpreter's; where its script is, it finds itself
        theirs = python_options([server, *arguments])
        return [sys.executable, *options, *theirs, "-m", *entry, server, *arguments]
    script = _script_folder()
    if script is not None:
        options.append("-P")
        server = os.path.join(script, server)
    return [sys.executable, *options, "-m", *entry, server, *arguments]


def _script_folder() -> str | None:
    """The folder of the script that this process runs; None where it runs a module, or Python was told to keep it out."""
    if sys.modules["__main__"].__spec__ is not None or sys.flags.safe_path:
        return None
    return os.path.dirname(os.path.realpath(sys.argv[0]))
