"""Which core a process runs on: the server on one, the load on another, so that neither takes time from the other.

Linux can be told so; elsewhere both run where the system puts them.
"""

import os
import sys
from typing import NamedTuple

_PINNED = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); os.execvp(sys.argv[2], sys.argv[2:])"


class Cores(NamedTuple):
    """Where each runs; None where the system decides."""

    server: int | None
    load: int | None


def choose_cores() -> Cores:
    """Two of those that we may use."""
    if sys.platform != "linux" or count_cores() < 2:
        return Cores(None, None)
    found = sorted(os.sched_getaffinity(0))
    return Cores(found[0], found[1])


def count_cores() -> int:
    """How many we may use: with one, server and load take turns, and a rate says nothing."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def pin(core: int | None) -> None:
    """Stay on this core, with all threads that are started from now on."""
    if core is not None and sys.platform == "linux":
        os.sched_setaffinity(0, {core})


def pinned(core: int | None, command: list[str]) -> list[str]:
    """The same command, on this core."""
    return command if core is None else [sys.executable, "-c", _PINNED, str(core), *command]
