"""A set of connections by their ids, small enough for millions: ids that differ in their last two characters only, as those
of one process mostly do, share one entry, and each is a bit of it. The ids are cut as strings, as that is fast.
"""

from collections.abc import Iterator
from typing import Final

_ENDINGS: Final = [f"{tens}{ones}" for tens in ".0123456789" for ones in "0123456789"]
_BITS: Final = {ending: 1 << at for at, ending in enumerate(_ENDINGS)}


class Ids:
    """Ids of connections; `proc.N` is what is meant, and any other form is kept as it is."""

    __slots__ = ("_masks", "_others")

    def __init__(self) -> None:
        self._masks: dict[str, int] = {}
        self._others: set[str] = set()

    def add(self, conn: str) -> None:
        """Put one in."""
        bit = _BITS.get(conn[-2:])
        if bit is None:
            self._others.add(conn)
            return
        begin = conn[:-2]
        masks = self._masks
        masks[begin] = masks.get(begin, 0) | bit

    def __contains__(self, conn: str | None) -> bool:
        if conn is None:
            return False
        bit = _BITS.get(conn[-2:])
        if bit is None:
            return conn in self._others
        return bool(self._masks.get(conn[:-2], 0) & bit)

    def __len__(self) -> int:
        return len(self._others) + sum(mask.bit_count() for mask in self._masks.values())

    def __iter__(self) -> Iterator[str]:
        """The ids, those that stand together in one entry in the order of their numbers."""
        for begin, mask in self._masks.items():
            yield from (begin + ending for at, ending in enumerate(_ENDINGS) if mask >> at & 1)
        yield from self._others

    def isdisjoint(self, other: "Ids") -> bool:
        """Whether no id is in both."""
        masks = self._masks
        return self._others.isdisjoint(other._others) and not any(
            masks.get(begin, 0) & mask for begin, mask in other._masks.items()
        )

    def merge(self, other: "Ids") -> None:
        """Put in all of another set."""
        self._others |= other._others
        for begin, mask in other._masks.items():
            self._masks[begin] = self._masks.get(begin, 0) | mask
