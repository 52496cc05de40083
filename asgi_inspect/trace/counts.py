"""Counts as figures have them: by one thing, the most frequent first, under names that are text."""

from collections.abc import Container, Mapping
from typing import Any

from .messages import as_text
from .statistics import Case, Count


def sums(cases: Mapping[Case, int], field: str) -> dict[str, int]:
    """How many connections share what stands in one field of their case."""
    found: Count = {}
    for case, count in cases.items():
        value = getattr(case, field)
        found[value] = found.get(value, 0) + count
    return falling(found)


def falling(counts: Mapping[Any, int]) -> dict[str, int]:
    """The greatest first."""
    pairs = [("none" if what is None else as_text(what), count) for what, count in counts.items()]
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def outcomes(cases: Mapping[Case, int], exits: Container[str]) -> Count:
    """How connections ended. exits: the processes that did."""
    found: Count = {}
    for case, count in cases.items():
        outcome = "cut_off" if case.outcome == "open" and case.proc in exits else case.outcome
        found[outcome] = found.get(outcome, 0) + count
    return found


def per_second(connections: int, span_us: int | None) -> float | None:
    """How many began in a second of the time in which they did."""
    return round(connections / (span_us / 1_000_000), 3) if span_us else None
