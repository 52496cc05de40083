"""What statistics come to: plain values under names that stay, which `stats --json` writes and the tables show.

Times are whole microseconds, sizes bytes; the names are those of `Facts`. What is not known is null.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, Literal, Protocol, TypeAlias, get_args

import msgspec

from .counts import falling, outcomes, per_second, sums
from .distribution import Distribution
from .estimates import Estimate
from .missing import Missing
from .quantities import moment_of
from .records import ProcessRecord
from .scaled import EstimatedFigures, estimate_of, estimated_by_process, estimated_figures
from .statistics import OLDEST, OTHER, By, Group, Key, Open, Statistics

Process: TypeAlias = ProcessRecord
Sort: TypeAlias = Literal["count", "errors", "p50", "p95", "p99", "max", "ttfb", "time", "in", "out", "name"]
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
_MOST: Final = (1 << 63) - 1  # bytes, microseconds: whatever a damaged trace says, another program can read it
_STEPS: Final = tuple(step * 10**power for power in range(16) for step in (1, 2, 5))  # µs


class Around(Protocol):
    """What a trace tells beside its connections."""

    @property
    def processes(self) -> Mapping[str, Process]: ...
    @property
    def exits(self) -> Mapping[str, Any]: ...
    @property
    def missing(self) -> Missing: ...
    @property
    def blocked_us(self) -> int: ...


class Spread(msgspec.Struct, frozen=True):
    """Percentiles (nearest rank, less than 0.4 % off), the greatest and the mean of some times, in microseconds."""

    p50: int
    p95: int
    p99: int
    max: int
    mean: int


class Bin(msgspec.Struct, frozen=True):
    """How many times were at least so long, and shorter than what `below_us` says."""

    from_us: int
    below_us: int
    count: int


class GroupFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Connections that belong together. `name` is what they were grouped by; `method` only beside a route or path."""

    type: str
    method: str | None
    name: str
    connections: int
    errors: int
    error_share: float
    without_end: int
    duration_us: Spread | None
    answered_us: Spread | None
    request_bytes: int
    response_bytes: int
    received: int
    sent: int
    total_us: int
    durations: list[Bin]
    estimated: Estimate | None
    """Had all been recorded; None where all were."""


class WorkerFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A process that served some of them."""

    proc: str
    pid: int | None
    host: str | None
    server: str | None
    app: str | None
    connections: int
    estimated_connections: int | None


class OpenFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that is still open, and for how long it was when the last one began, or it last did something."""

    conn: str
    type: str
    method: str | None
    path: str
    at: str | None
    open_us: int


class LossFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Records that could not be written, for one reason."""

    why: str
    records: int
    connections: int
    bytes: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Lifespans stand apart, and in no other number."""

    v: int = 1
    by: By
    connections: int
    first: str | None
    last: str | None
    span_us: int | None
    per_second: float | None
    groups: list[GroupFigures]
    """By type; those of a type fall by what they are sorted by."""
    totals: list[GroupFigures]
    """One for each type; its name is empty."""
    statuses: dict[str, int]
    outcomes: dict[str, int]
    """`cut_off`: its process ended before it did. `disconnected`: the client left first, whatever the outcome."""
    exceptions: dict[str, int]
    close_codes: dict[str, int]
    workers: list[WorkerFigures]
    open: int
    oldest_open: list[OpenFigures]
    lifespans: dict[str, int]
    lost_records: int
    lost: list[LossFigures]
    skipped_conns: int
    skipped: dict[str, int]
    blocked_us: int
    estimated: EstimatedFigures | None


def figures(statistics: Statistics, around: Around, sort: Sort = "count") -> Figures:
    """What was counted. around: the trace that it was counted in."""
    span_us = _between(statistics.first, statistics.last)
    ended = outcomes(statistics.cases, around.exits)
    connections = sum(statistics.cases.values())
    return Figures(
        by=statistics.by,
        connections=connections,
        first=statistics.first,
        last=statistics.last,
        span_us=span_us,
        per_second=per_second(connections, span_us),
        groups=_groups(statistics, around, sort),
        totals=_totals(statistics),
        statuses=sums({case: n for case, n in statistics.cases.items() if case.status is not None}, "status"),
        outcomes=falling(ended | ({"disconnected": gone} if (gone := statistics.disconnected) else {})),
        exceptions=falling(statistics.exceptions),
        close_codes=falling(statistics.close_codes),
        workers=_workers(statistics, around),
        open=ended.get("open", 0),
        oldest_open=_oldest(statistics, around),
        lifespans=falling(outcomes(statistics.lifespans, around.exits)),
        lost_records=min(around.missing.lost_records, _MOST),
        lost=_losses(around.missing),
        skipped_conns=min(around.missing.skipped_conns, _MOST),
        skipped=falling(around.missing.skipped),
        blocked_us=around.blocked_us,
        estimated=estimated_figures(statistics, around.exits, span_us) if statistics.rates else None,
    )


def _losses(missing: Missing) -> list[LossFigures]:
    found = [
        LossFigures(
            why=why,
            records=min(loss.records, _MOST),
            connections=min(loss.connections, _MOST),
            bytes=min(loss.bytes, _MOST),
        )
        for why, loss in missing.lost.items()
    ]
    return sorted(found, key=lambda loss: (-loss.records, loss.why))


def _between(first: str | None, last: str | None) -> int | None:
    begin, end = moment_of(first), moment_of(last)
    if begin is None or end is None:
        return None
    return max(0, round((_utc(end) - _utc(begin)).total_seconds() * 1_000_000))


def _utc(moment: datetime) -> datetime:
    """Without its offset where that would lead out of the years that there are."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)


# --- groups ---


def _groups(statistics: Statistics, around: Around, sort: Sort) -> list[GroupFigures]:
    named: dict[Key, Group] = {}
    for key, group in statistics.groups.items():
        named.setdefault(_named(key, statistics.by, around), Group()).merge(group)
    found = [group_figures(key, group) for key, group in named.items()]
    others = [group_figures(Key(kind, None, OTHER), group) for kind, group in statistics.others.items()]
    return [*sorted(found, key=lambda group: _rank(group, sort)), *sorted(others, key=_type_rank)]


def _named(key: Key, by: By, around: Around) -> Key:
    """A process is called by its id, and a machine by its name, as far as they are known."""
    process = around.processes.get(key.name) if by in ("worker", "machine") else None
    if process is None:
        return key
    return key._replace(name=process.host if by == "machine" else _worker_name(process, around))


def _worker_name(process: Process, around: Around) -> str:
    several = len({other.host for other in around.processes.values()}) > 1
    return f"{process.pid} on {process.host}" if several else str(process.pid)


def group_figures(key: Key, group: Group) -> GroupFigures:
    """What a group comes to."""
    return GroupFigures(
        type=key.type,
        method=key.method,
        name=key.name,
        connections=group.connections,
        errors=group.errors,
        error_share=round(group.errors / group.connections, 6) if group.connections else 0.0,
        without_end=group.without_end,
        duration_us=_spread(group.durations),
        answered_us=_spread(group.answers),
        request_bytes=min(group.request_bytes, _MOST),
        response_bytes=min(group.response_bytes, _MOST),
        received=group.received,
        sent=group.sent,
        total_us=group.durations.total,
        durations=_bins(group.durations),
        estimated=None if group.extra is None else estimate_of(group, group.extra),
    )


def _spread(times: Distribution) -> Spread | None:
    count = times.count
    if not count:
        return None
    p50, p95, p99 = times.percentiles(50, 95, 99)
    return Spread(p50, p95, p99, times.most, round(times.total / count))


def _bins(times: Distribution) -> list[Bin]:
    """In steps of 1, 2, 5; those in which nothing fell are left out."""
    bins: dict[int, int] = {}
    at = 0
    for us, count in times.times():
        while at < len(_STEPS) - 1 and us >= _STEPS[at]:
            at += 1
        bins[at] = bins.get(at, 0) + count
    return [Bin(_STEPS[at - 1] if at else 0, _STEPS[at], count) for at, count in bins.items()]


def steps_between(bins: Sequence[Bin]) -> list[tuple[int, int]]:
    """All steps from the first to the last of these bins, each with its end: those in which nothing fell as well."""
    if not bins:
        return []
    first, last = min(found.from_us for found in bins), max(found.from_us for found in bins)
    edges = (0, *_STEPS)
    return [(begin, below) for begin, below in pairwise(edges) if first <= begin <= last]


def _totals(statistics: Statistics) -> list[GroupFigures]:
    sums: dict[str, Group] = {}
    for key, group in statistics.groups.items():
        sums.setdefault(key.type, Group()).merge(group)
    for kind, group in statistics.others.items():
        sums.setdefault(kind, Group()).merge(group)
    return sorted((group_figures(Key(kind, None, ""), group) for kind, group in sums.items()), key=_type_rank)


def _type_rank(group: GroupFigures) -> tuple[bool, str]:
    return (not group.type, group.type)


def _rank(group: GroupFigures, sort: Sort) -> tuple[Any, ...]:
    name = (group.name, group.method or "")
    return (_type_rank(group), *(() if sort == "name" else (-_amount(group, sort), -scaled(group).connections)), *name)


def scaled(group: GroupFigures) -> GroupFigures | Estimate:
    """What the group stands for."""
    return group.estimated or group


def _amount(group: GroupFigures, sort: Sort) -> int:
    durations, answers = group.duration_us, group.answered_us
    scale = scaled(group)
    match sort:
        case "errors":
            return scale.errors
        case "p50" | "p95" | "p99" | "max":
            return -1 if durations is None else int(getattr(durations, sort))
        case "ttfb":
            return -1 if answers is None else answers.p95
        case "time":
            return scale.total_us
        case "in":
            return scale.request_bytes
        case "out":
            return scale.response_bytes
        case _:
            return scale.connections


# --- the rest ---


def _workers(statistics: Statistics, around: Around) -> list[WorkerFigures]:
    found = []
    stand_for = estimated_by_process(statistics) if statistics.rates else {}
    for proc, count in sums(statistics.cases, "proc").items():
        process = around.processes.get(proc)
        found.append(
            WorkerFigures(
                proc=proc,
                pid=None if process is None else process.pid,
                host=None if process is None else process.host,
                server=None if process is None else process.server,
                app=None if process is None else process.app,
                connections=count,
                estimated_connections=stand_for.get(proc),
            )
        )
    return found


def _oldest(statistics: Statistics, around: Around) -> list[OpenFigures]:
    still = [one for proc, some in statistics.oldest.items() if proc not in around.exits for one in some]
    return [_open(one, statistics.last) for one in sorted(still)[:OLDEST]]


def _open(one: Open, last: str | None) -> OpenFigures:
    return OpenFigures(
        conn=one.conn,
        type=one.type,
        method=one.method,
        path=one.path,
        at=one.at or None,
        open_us=max(_between(one.at, last) or 0, min(one.last_us, _MOST)),
    )
