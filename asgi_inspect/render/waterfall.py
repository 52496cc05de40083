"""The bar of a connection in a table: where it stands in the time that all rows share, and which part of it was waiting.

`───━━━━`: the application was called, answered at the first heavy column, and returned behind the last. A bar that ends in
`▸` was still open. It is at least one column long, however short the connection.
"""

from typing import ClassVar

from ..trace.extent import Span
from ..trace.facts import Facts
from ..views.spans import Line, Own
from .heads import status_style
from .units import short_duration

_WAITING, _ANSWERED, _OPEN = "─", "━", "▸"


class Sweep:
    """A window for rows whose end is not known yet: it moves on, as an oscilloscope does, when a row ends beyond it."""

    LENGTH_US: ClassVar[int] = 10_000_000

    def __init__(self) -> None:
        self._span: Span | None = None

    def around(self, begin_us: int | None, length_us: int) -> Span | None:
        """The window for a row."""
        if begin_us is None:
            return self._span
        end = begin_us + length_us
        if self._span is None or not self._span.begin_us <= end <= self._span.end_us:
            begin = max(begin_us, end - self.LENGTH_US)
            self._span = Span(begin, begin + self.LENGTH_US)
        return self._span


def axis(length_us: int, width: int) -> Line:
    """The scale above the bars: how long the whole width is."""
    end = short_duration(length_us)
    return [("0", "quiet"), (end.rjust(width - 1)[: width - 1], "quiet")]


def bar(facts: Facts, begin_us: int, span: Span, width: int) -> Line:
    """The bar of a connection that began at `begin_us`, in so many columns."""

    def column(t_us: int) -> int:  # in whole numbers, which no damaged trace makes overflow
        return (2 * (begin_us + t_us - span.begin_us) * width + span.length_us) // (2 * span.length_us)

    is_open = facts.duration_us is None
    first = min(max(0, (begin_us - span.begin_us) * width // span.length_us), width - 1)
    end = width if facts.duration_us is None else min(max(first + 1, column(facts.duration_us)), width)
    answered = end
    if facts.answered_us is not None:  # what was answered has a heavy column, if only one
        answered = min(max(first, column(facts.answered_us)), end - 1)
    if is_open:
        end -= 1
        answered = min(answered, end)
    return [
        (" " * first, ""),
        (Own(_WAITING * (answered - first)), "quiet"),
        (Own(_ANSWERED * (end - answered)), _style(facts)),
        (Own(_OPEN if is_open else ""), "warning"),
    ]


def _style(facts: Facts) -> str:
    if facts.outcome == "raised":
        return "error"
    return "good" if facts.status is None else status_style(facts.status)
