"""Which numbers of a counter were seen: as ranges, so that it weighs as much as there are gaps, however long the count."""

import bisect
from typing import Final

FIRST: Final = 1


class Numbers:
    """The numbers `n` of a connection that were seen so far, in whichever order they came."""

    __slots__ = ("_ranges",)

    def __init__(self) -> None:
        self._ranges: list[range] = []  # in order, none empty, no two of them touching

    def add(self, n: int) -> bool:
        """Note a number; False where it was there already."""
        ranges = self._ranges
        if not ranges or n > ranges[-1].stop:
            ranges.append(range(n, n + 1))
            return True
        if n == ranges[-1].stop:
            ranges[-1] = range(ranges[-1].start, n + 1)
            return True
        return self._insert(n)

    def _insert(self, n: int) -> bool:
        ranges = self._ranges
        after = bisect.bisect_right(ranges, n, key=lambda r: r.start)
        before = after - 1
        if before >= 0 and n < ranges[before].stop:
            return False
        start, stop = n, n + 1
        low, high = after, after
        if before >= 0 and ranges[before].stop == n:
            start, low = ranges[before].start, before
        if after < len(ranges) and ranges[after].start == n + 1:
            stop, high = ranges[after].stop, after + 1
        ranges[low:high] = [range(start, stop)]
        return True

    def missing(self) -> list[range]:
        """The numbers that were not seen though a later one was; the count begins at 1."""
        found = []
        expected = FIRST
        for seen in self._ranges:
            if seen.start > expected:
                found.append(range(expected, seen.start))
            expected = max(expected, seen.stop)
        return found
