"""Connections as the files of other programs. One module a kind: its name, with hyphens, is the kind's; no list names them.

Such a module has `SUMMARY`, a line that says what it makes, and `export(calls, options) -> Iterator[str]`, which gives the
text piece by piece, holding one connection at a time. It may have `takes(connection) -> bool`: whether it has a place for a
connection; by default for those with a scope that are no lifespan. Nothing raises, whatever a trace holds.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from ..trace.connection import Connection
from ..trace.records import ProcessRecord


class Call(NamedTuple):
    """One call of the application, and the process in which it ran, where that is known."""

    connection: Connection
    process: ProcessRecord | None


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen."""

    fields: str | None = None
    """Of `csv`: the columns, with commas between them."""


class Exporter(Protocol):
    """A module of this folder."""

    SUMMARY: str

    def export(self, calls: Iterable[Call], options: Options) -> Iterator[str]: ...


def kinds() -> list[str]:
    """The names of all kinds."""
    modules = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(module.name.replace("_", "-") for module in modules if not module.name.startswith("_"))


def exporter(kind: str) -> Exporter:
    """The module of a kind."""
    module: Exporter = importlib.import_module(f"{__package__}.{kind.replace('-', '_')}")
    return module


def takes(kind: Exporter, connection: Connection) -> bool:
    """Whether a kind has a place for this connection."""
    own = getattr(kind, "takes", None)
    return bool(
        own(connection) if own is not None else connection.type in ("http", "websocket") and has_scope(connection)
    )


def has_scope(connection: Connection) -> bool:
    """Whether the trace holds the scope, without which there is no address and no time."""
    started = connection.started
    return isinstance(connection.scope, dict) and started is not None and 1 < started.year < 9999  # in any time zone
