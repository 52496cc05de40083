"""How times are spread: counted in buckets, so that a million of them weigh no more than a few thousand.

The buckets are log-linear, as in an HDR histogram: one for each microsecond up to 256 µs, then 128 to each doubling. A
percentile is the middle of the bucket that holds it, and so less than 0.4 % off; mean and most are exact.
"""

import math
import struct
import sys
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Final

_LONGEST: Final = 1 << 50  # µs, 35 years: whatever a damaged trace says
# The upper half of a number as a 32 bit float is its exponent and the first 7 bits behind the leading one: its bucket.
_UPPER: Final = 1 if sys.byteorder == "little" else 0


class Distribution:
    """Times in whole microseconds, of which only the counts are kept."""

    __slots__ = ("buckets", "most", "total")

    def __init__(self) -> None:
        self.buckets: Counter[int] = Counter()
        """How many times fell into each bucket."""
        self.total = 0
        self.most = 0

    @property
    def count(self) -> int:
        """How many times were counted."""
        return self.buckets.total()

    def add(self, times: Sequence[int]) -> None:
        """Count some times, all in one go, as that is fast; less than none is none."""
        if not times:
            return
        most = max(times)
        if most > _LONGEST or min(times) < 0:
            times = [max(0, min(us, _LONGEST)) for us in times]
            most = max(times)
        self.total += sum(times)
        self.most = max(self.most, most)
        self.buckets.update(memoryview(array("f", times)).cast("B").cast("H")[_UPPER::2].tolist())

    def merge(self, other: "Distribution") -> None:
        """Count what another one has counted."""
        if not other.buckets:
            return
        self.buckets.update(other.buckets)
        self.total += other.total
        self.most = max(self.most, other.most)

    def percentiles(self, *percents: float) -> list[int]:
        """For each percentage, in rising order, the least time that so many per cent of all do not pass (nearest rank).

        Of an empty distribution, zeros.
        """
        found: list[int] = []
        count, seen, middle = self.count, 0, 0
        buckets = iter(self.times())
        for percent in percents:
            rank = max(1, math.ceil(count * percent / 100))
            while seen < rank and (bucket := next(buckets, None)) is not None:
                middle = bucket[0]
                seen += bucket[1]
            found.append(min(self.most, middle))
        return found

    def times(self) -> list[tuple[int, int]]:
        """The middle of each bucket, in rising order, and how many times fell into it."""
        return [(_middle(bucket), count) for bucket, count in sorted(self.buckets.items())]


def _middle(bucket: int) -> int:
    low, next_ = _begin(bucket), _begin(bucket + 1)
    return int(low) if next_ - low <= 1 else int(low + next_ - 1) // 2


def _begin(bucket: int) -> float:
    found: float = struct.unpack("<f", struct.pack("<I", bucket << 16))[0]
    return found
