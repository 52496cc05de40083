"""What a server module of this folder offers. Adding a server is adding a file here: its name is the word that starts it."""

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NoReturn, Protocol, TypeAlias, runtime_checkable

from ..errors import UsageError
from ..text import safe

Address: TypeAlias = tuple[str, int]
"""A host and a port."""
Stop: TypeAlias = Callable[[Any, Sequence[Address]], NoReturn]
"""What is called in the place of serving: with the application as the server has it, and where the server would listen."""
Hooks: TypeAlias = Mapping[str, Callable[[ModuleType], None]]
"""What is changed in a server's modules, each right after its import, so that whatever it serves is traced."""

SERVERS = ("uvicorn", "hypercorn", "granian", "daphne", "gunicorn")
"""The words that start one."""

# Interpreters by any of their names are one way to start something: `launch/python.py`.
_PYTHON = re.compile(r"python(\d+(\.\d+)*)?")


@dataclass(frozen=True)
class Plan:
    """What a server would do, as far as that can be told without doing it."""

    server: str
    """Its name and version; of a script, its command line."""
    app: str | None
    """The import string of the application, as the user wrote it; None where only the server finds out."""
    address: Address | None = None
    """The host and port that it would listen at; None for any other socket, a port of the system's choice, and not known."""
    script: bool = False
    """Whether it is a script, which may start any server or none."""


@runtime_checkable
class Server(Protocol):
    """A module such as `launch/uvicorn.py`. Importing it imports nothing of the server's."""

    __name__: str
    HOOKS: Hooks

    def plan(self, arguments: Sequence[str]) -> Plan:
        """What the server would do with its command line; loads nothing of the user's. UsageError: it cannot be started or traced."""

    def serve(self, arguments: Sequence[str]) -> None:
        """Be the server, in the child, as its own command is."""

    def loading(self, stop: Stop) -> Hooks:
        """What makes `serve` stop where the server has its application, for who only wants to look at that."""


def word_of(server: Server) -> str:
    """The word that starts it, in its plainest form: `python` for `python3.12`."""
    return server.__name__.rpartition(".")[2]


def server_named(word: str) -> Server | None:
    """The server that this word starts, such as `uvicorn`; None where we know none of that name."""
    if not _PYTHON.fullmatch(word) and not word.isidentifier():
        return None
    name = f"{__package__}.{'python' if _PYTHON.fullmatch(word) else word}"
    if importlib.util.find_spec(name) is None:
        return None
    module = importlib.import_module(name)
    return module if isinstance(module, Server) else None


def named_version(distribution: str) -> str:
    """`hypercorn 0.18.0`. Raises UsageError where it is not installed."""
    if importlib.util.find_spec(distribution) is None:
        raise UsageError(
            f"{distribution} is not installed where asgi-inspect is, in {safe(sys.prefix)}: pip install {distribution}"
        )
    from importlib import metadata  # which imports the reading of e-mails

    return f"{distribution} {metadata.version(distribution)}"
