"""What a survey of traces gives its connections to, and what it asks of those who look at them."""

from collections.abc import Callable, Iterable
from typing import Self, TypeAlias

from .facts import Facts, Want
from .filter import Filter
from .ids import Ids
from .places import Places
from .scan import Sink
from .summary import Summary

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes that were read and those there are, on the disk; the latter 0 where it is not known."""


def take_matching(sink: Sink, connections: Iterable[Facts], filter: Filter) -> None:
    """Give a sink those of the connections that the filter wants."""
    for facts in connections:
        if filter.decide(facts, final=True):
            sink.take(facts)


def when(facts: Facts) -> str:
    """When the application was called, to sort by; those of which that is not known come first."""
    return facts.at or ""


class Chosen:
    """The ids of what it takes, and where their records stand."""

    def __init__(self) -> None:
        self.places = Places()
        self._ids = Ids()

    def take(self, facts: Facts) -> None:
        """One more connection."""
        self._ids.add(facts.conn)
        if isinstance(facts, Summary):  # of a whole one that is not known
            self.places.add(facts.first_place, facts.last_place)

    def merge(self, other: Self) -> None:
        """All that another one took."""
        self._ids.merge(other._ids)
        self.places.merge(other.places)

    def __contains__(self, conn: object) -> bool:
        return isinstance(conn, bytes) and conn.decode("utf-8", "replace") in self._ids


class Listed:
    """All that it takes."""

    def __init__(self) -> None:
        self.connections: list[Facts] = []

    def take(self, facts: Facts) -> None:
        """One more connection."""
        self.connections.append(facts)

    def merge(self, other: Self) -> None:
        """All that another one took."""
        self.connections += other.connections


class Both:
    """What two want."""

    def __init__(self, one: Want, other: Want) -> None:
        self.message_types = one.message_types or other.message_types
        self.headers = one.headers or other.headers
        self.bodies = (*one.bodies, *other.bodies)
        self.texts = (*one.texts, *other.texts)


class Told:
    """Tells how far the reading is."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def add(self, size: int) -> None:
        """So many bytes more are read."""
        self._done += size
        if self._progress is not None:
            self._progress(self._done, self._total)
