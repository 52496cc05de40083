"""What the connections of a sample stand for: one that was recorded at a rate of 0.01 counts for a hundred.

What each counts beyond itself is a whole number of very small parts. So the sum is the same whichever of them comes first, and
however many processes have added it up.
"""

from typing import Final

import msgspec

from .facts import Facts

_PARTS_BITS: Final = 32
_ONE: Final = 1 << _PARTS_BITS
_LEAST: Final = 1e-9  # a rate; whatever a damaged trace says
_MOST: Final = (1 << 63) - 1


def extra_of(rate: float | None) -> int:
    """For how many connections one stands, beside itself, in parts; 0 where all such were recorded."""
    if rate is None or not 0.0 <= rate < 1.0:
        return 0
    return round(_ONE / max(rate, _LEAST)) - _ONE


def in_parts(exact: int, extra: int) -> int:
    """What was counted, and what that stands for beside itself."""
    return (exact << _PARTS_BITS) + extra


def rounded(parts: int) -> int:
    """The whole number that is nearest."""
    return min((parts + _ONE // 2) >> _PARTS_BITS, _MOST)


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a group of connections would come to, had all of them been recorded; the names are those of what was."""

    connections: int
    errors: int
    error_share: float
    without_end: int
    request_bytes: int
    response_bytes: int
    received: int
    sent: int
    total_us: int


class Extra:
    """What some connections of a sample stand for beside themselves, in parts."""

    __slots__ = (
        "connections", "errors", "received", "request_bytes", "response_bytes", "sent", "total_us", "without_end",
    )  # fmt: skip

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, 0)

    connections: int
    errors: int
    received: int
    request_bytes: int
    response_bytes: int
    sent: int
    total_us: int
    without_end: int

    def take(self, facts: Facts, extra: int, *, failed: bool) -> None:
        """Add what one connection stands for."""
        self.connections += extra
        self.errors += extra if failed else 0
        self.without_end += extra if facts.outcome == "open" else 0
        self.request_bytes += extra * facts.request_bytes
        self.response_bytes += extra * facts.response_bytes
        self.received += extra * facts.received
        self.sent += extra * facts.sent
        self.total_us += extra * max(0, facts.duration_us or 0)

    def merge(self, other: "Extra") -> None:
        """Add what others stand for."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
