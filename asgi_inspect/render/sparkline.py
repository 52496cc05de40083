"""How times are spread, drawn: as one word of a table's row, and as a histogram with its scale."""

from collections.abc import Iterator, Sequence
from typing import Final

from ..trace.figures import Bin, steps_between
from ..views.spans import Line, Own

_LEVELS: Final = "▁▂▃▄▅▆▇█"
_FULL: Final = "█"
_MOST_BAR: Final = 40


def sparkline(bins: Sequence[Bin], scale: Sequence[int]) -> Own:
    """A character for each step of the scale; blank where nothing fell into it."""
    counts = {found.from_us: found.count for found in bins}
    most = max(counts.values(), default=1)
    return Own("".join(_level(counts.get(step, 0), most) for step in scale).rstrip())


def _level(count: int, most: int) -> str:
    return _LEVELS[max(0, -(-count * len(_LEVELS) // most) - 1)] if count else " "


def histogram(bins: Sequence[Bin], width: int) -> Iterator[Line]:
    """A line for each step between the first and the last into which something fell."""
    counts = {found.from_us: found for found in bins}
    total, most = sum(found.count for found in bins), max(found.count for found in bins)
    longest = len(f"{most:,}")
    room = max(1, min(_MOST_BAR, width - longest - 32))
    for begin, below in steps_between(bins):
        count = counts[begin].count if begin in counts else 0
        bar = _FULL * max(1, round(count * room / most)) if count else ""
        yield [
            (f"{step_text(begin):>8}", "quiet"),
            (f" - {step_text(below):<8} ", "quiet"),
            (f"{count:>{longest},}", ""),
            (f" {share_text(count, total):>7}", "quiet"),
            *([("  ", ""), (Own(bar), "receive")] if bar else []),
        ]


def step_text(us: int) -> str:
    """A step of the scale: `20 µs`, `5 ms`, `100 s`."""
    for size, unit in ((1_000_000, "s"), (1_000, "ms")):
        if us >= size:
            return f"{us // size:,} {unit}"
    return f"{us} us"


def share_text(count: int, of: int) -> str:
    """`12 %`, `0.3 %`; only nothing is `0 %`, and only all is `100 %`."""
    if not count or not of:
        return "0 %"
    share = 100 * count / of
    if share < 0.1:
        return "< 0.1 %"
    if share > 99 and count < of:
        return "> 99 %"
    return f"{share:.1f} %" if share < 9.95 else f"{share:.0f} %"
