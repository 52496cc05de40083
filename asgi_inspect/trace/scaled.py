"""What the figures of a sample stand for: what they would come to, had all connections been recorded."""

from collections.abc import Container, Mapping
from typing import Any

import msgspec

from .counts import falling, outcomes, per_second, sums
from .estimates import Estimate, Extra, in_parts, rounded
from .statistics import Case, Group, Statistics


class EstimatedFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What all of it would come to; the names are those of what was recorded."""

    rates: dict[str, int]
    """The rates at which connections were recorded, and how many were."""
    connections: int
    per_second: float | None
    statuses: dict[str, int]
    outcomes: dict[str, int]
    exceptions: dict[str, int]
    close_codes: dict[str, int]


def estimated_figures(statistics: Statistics, exits: Container[str], span_us: int | None) -> EstimatedFigures:
    """What the sample stands for. exits: the processes that have ended."""
    extra = statistics.extra
    cases = _cases(statistics)
    connections = rounded(sum(cases.values()))
    ended = outcomes(cases, exits)
    gone = in_parts(statistics.disconnected, extra.disconnected)
    return EstimatedFigures(
        rates=falling(statistics.rates),
        connections=connections,
        per_second=per_second(connections, span_us),
        statuses=_rounded(sums({case: n for case, n in cases.items() if case.status is not None}, "status")),
        outcomes=_rounded(falling(ended | ({"disconnected": gone} if gone else {}))),
        exceptions=_rounded(falling(_together(statistics.exceptions, extra.exceptions))),
        close_codes=_rounded(falling(_together(statistics.close_codes, extra.close_codes))),
    )


def estimated_by_process(statistics: Statistics) -> dict[str, int]:
    """How many connections each process served."""
    return _rounded(sums(_cases(statistics), "proc"))


def estimate_of(group: Group, extra: Extra) -> Estimate:
    """What a group stands for."""
    connections = rounded(in_parts(group.connections, extra.connections))
    errors = rounded(in_parts(group.errors, extra.errors))
    return Estimate(
        connections=connections,
        errors=errors,
        error_share=round(errors / connections, 6) if connections else 0.0,
        without_end=rounded(in_parts(group.without_end, extra.without_end)),
        request_bytes=rounded(in_parts(group.request_bytes, extra.request_bytes)),
        response_bytes=rounded(in_parts(group.response_bytes, extra.response_bytes)),
        received=rounded(in_parts(group.received, extra.received)),
        sent=rounded(in_parts(group.sent, extra.sent)),
        total_us=rounded(in_parts(group.durations.total, extra.total_us)),
    )


def _cases(statistics: Statistics) -> dict[Case, int]:
    return _together(statistics.cases, statistics.extra.cases)


def _together(counts: Mapping[Any, int], extra: Mapping[Any, int]) -> dict[Any, int]:
    """Both in parts: rounded at last, what they are summed up to is what their sum is."""
    return {what: in_parts(counts.get(what, 0), extra.get(what, 0)) for what in {**counts, **extra}}


def _rounded(counts: Mapping[str, int]) -> dict[str, int]:
    return {what: rounded(count) for what, count in counts.items()}
