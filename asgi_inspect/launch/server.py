"""What a server module of this folder offers. Adding a server is adding a file here: its name is the word that starts it."""

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Plan:
    """What a server would do."""

    server: str
    """Its name and version."""
    app: str
    """The import string of the application, as the user wrote it."""
    address: tuple[str, int] | None
    """The host and port that it would listen at; None for any other socket, or a port of the system's choice."""


@runtime_checkable
class Server(Protocol):
    """A module such as `launch/uvicorn.py`."""

    def plan(self, arguments: Sequence[str]) -> Plan:
        """What the server would do with its command line; loads nothing."""

    def serve(self, arguments: Sequence[str], *, traced: bool) -> None:
        """Be the server, in the child."""


def server_named(word: str) -> Server | None:
    """The server that this word starts, such as `uvicorn`; None where we know none of that name."""
    name = f"{__package__}.{word}"
    if not word.isidentifier() or importlib.util.find_spec(name) is None:
        return None
    module = importlib.import_module(name)
    return module if isinstance(module, Server) else None
