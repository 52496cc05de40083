"""The command `asgi-inspect`. One file a command, found by its name; a first word that is no command starts an application."""

import sys
from typing import NoReturn

_INTERRUPTED = 130


def main() -> NoReturn:
    """What the console script and `python -m asgi_inspect` run."""
    try:
        from ._main import run_command  # takes a while, in which somebody may press Ctrl-C
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    run_command()
