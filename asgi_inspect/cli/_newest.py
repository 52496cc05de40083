"""The trace that is meant where no file is named: the newest of this directory."""

import os
import stat
from pathlib import Path

from ..errors import UsageError
from ..launch.state import newest_run, state_folder
from ..text import safe
from ._settings import directory


def newest() -> Path:
    """Where it is; raises UsageError where there is none."""
    found = newest_run(directory())
    if found is not None:
        return found
    try:
        where = safe(str(state_folder()))
    except RuntimeError:
        raise UsageError("this user has no home, and so no state folder: name the file of the trace.") from None
    piped = "; to read standard input, its name is -" if _is_piped() else ""
    raise UsageError(
        f"there is no trace of this directory in {where}: name a file, or make one with asgi-inspect main:app{piped}."
    )


def _is_piped() -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(0).st_mode)
    except OSError:  # there is none
        return False
