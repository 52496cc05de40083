"""Where in a file something stands: pieces of it, those that touch each other put together."""

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

Piece: TypeAlias = tuple[int, int]
"""Where it begins, and where it has ended."""

_MOST: Final = 4096  # pieces that are kept apart before those that touch are put together


class Places:
    """Pieces of a file, in any order."""

    def __init__(self, pieces: Iterable[Piece] = ()) -> None:
        self._pieces: list[Piece] = list(pieces)
        self._apart = 0

    def add(self, begin: int, end: int) -> None:
        """One more piece."""
        self._pieces.append((begin, end))
        if len(self._pieces) > 2 * self._apart + _MOST:
            self._join()

    def merge(self, other: "Places") -> None:
        """All pieces of another."""
        self._pieces += other._pieces
        self._join()

    def within(self, begin: int, end: int) -> Iterator[Piece]:
        """The pieces between two places, in order, cut where they reach beyond."""
        self._join()
        for first, last in self._pieces:
            if first < end and last > begin:
                yield max(first, begin), min(last, end)

    def _join(self) -> None:
        joined: list[Piece] = []
        for begin, end in sorted(self._pieces):
            if joined and begin <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((begin, end))
        self._pieces = joined
        self._apart = len(joined)
