"""What many connections have in common, counted as they pass: for each route, or whatever they are grouped by, and in all.

Bounded, whatever passes: times are counted in buckets, and of more than `2 * KEPT` groups the smallest become one. Two
halves of a trace, counted apart, give the same with `merge` as the whole; `figures` says what was counted.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

from .connection import proc_of
from .distribution import Distribution
from .estimates import Extra, extra_of
from .facts import Facts
from .folding import clipped, folded
from .messages import as_text

By: TypeAlias = Literal["route", "path", "client", "worker", "machine", "method", "status", "type"]
BY: Final[tuple[By, ...]] = get_args(By)
KEPT: Final = 500
OLDEST: Final = 5
"""How many open connections of a process are remembered."""
OTHER: Final = "(other)"
"""What stands for those of which there are too many to be kept apart."""

_KINDS: Final = 2000  # of exceptions, close codes … that are told apart
_SETTLED: Final = 0xFF  # times are counted when so many more have come
_TYPES: Final = frozenset({"http", "websocket"})

Count: TypeAlias = dict[Any, int]


class Key(NamedTuple):
    """What the connections of a group share: the type (empty: neither HTTP nor WebSocket), the method, the name."""

    type: str
    method: str | None
    name: str


class Case(NamedTuple):
    """How a connection went, and in which process."""

    status: int | str | None
    outcome: str
    proc: str


class Open(NamedTuple):
    """A connection without an end, for a list of the oldest."""

    at: str
    conn: str
    last_us: int
    type: str
    method: str | None
    path: str


class Group:
    """What connections add up to."""

    __slots__ = (
        "_answers",
        "_durations",
        "connections",
        "errors",
        "extra",
        "latest_answers",
        "latest_durations",
        "received",
        "request_bytes",
        "response_bytes",
        "sent",
        "without_end",
    )

    def __init__(self) -> None:
        self.connections = 0
        self.errors = 0
        self.without_end = 0
        self.request_bytes = 0
        self.response_bytes = 0
        self.received = 0
        self.sent = 0
        self.extra: Extra | None = None
        """What those of them stand for that are of a sample."""
        self.latest_durations: list[int] = []
        """What `durations` is still to count; likewise the answers."""
        self.latest_answers: list[int] = []
        self._durations = Distribution()
        self._answers = Distribution()

    @property
    def durations(self) -> Distribution:
        """From the call of the application to its end."""
        self.settle()
        return self._durations

    @property
    def answers(self) -> Distribution:
        """From the call of the application to the beginning of its response."""
        self.settle()
        return self._answers

    def settle(self) -> None:
        """Count the latest times."""
        self._durations.add(self.latest_durations)
        self._answers.add(self.latest_answers)
        self.latest_durations, self.latest_answers = [], []

    def merge(self, other: "Group") -> None:
        """Add what another group adds up to."""
        self.connections += other.connections
        self.errors += other.errors
        self.without_end += other.without_end
        self.request_bytes += other.request_bytes
        self.response_bytes += other.response_bytes
        self.received += other.received
        self.sent += other.sent
        if other.extra is not None:
            self.extra = self.extra or Extra()
            self.extra.merge(other.extra)
        self.latest_durations += other.latest_durations
        self.latest_answers += other.latest_answers
        self._durations.merge(other._durations)
        self._answers.merge(other._answers)
        if len(self.latest_durations) > _SETTLED or len(self.latest_answers) > _SETTLED:
            self.settle()


class Extras:
    """What the connections of a sample stand for beside themselves, in parts: as `Statistics` counts them."""

    def __init__(self) -> None:
        self.cases: dict[Case, int] = {}
        self.exceptions: Count = {}
        self.close_codes: Count = {}
        self.disconnected = 0

    def merge(self, other: "Extras") -> None:
        """Add what others stand for."""
        for case, extra in other.cases.items():
            _count_case(self.cases, case, extra)
        _add(self.exceptions, other.exceptions)
        _add(self.close_codes, other.close_codes)
        self.disconnected += other.disconnected


class Statistics:
    """The sum so far of all connections that were taken in."""

    def __init__(self, by: By = "route") -> None:
        self.by: Final = by
        self.groups: dict[Key, Group] = {}
        self.others: dict[str, Group] = {}
        """Of each type, what became of the groups that were too many."""
        self.cases: dict[Case, int] = {}
        """How many connections went in which way."""
        self.lifespans: dict[Case, int] = {}
        """Lifespans likewise; the outcome `unsupported` is that of an application that has none and says so."""
        self.exceptions: Count = {}
        self.close_codes: Count = {}
        self.rates: Count = {}
        """How many connections were recorded at which rate, where not all such were."""
        self.extra = Extras()
        self.oldest: dict[str, list[Open]] = {}
        """Of each process, the oldest connections without an end."""
        self.disconnected = 0
        self.first: str | None = None
        """When the first connection began, as it stands in the trace."""
        self.last: str | None = None
        """When the last one began."""
        self._name = _NAMES[by]
        self._by_route = by == "route"
        self._by_method = by in ("route", "path")

    # --- in: what is done for each connection of millions, and so in one piece ---

    def take(self, facts: Facts) -> None:
        """Count a connection, which is not taken in again."""
        kind = facts.type
        if kind == "lifespan":
            self._take_lifespan(facts)
            return
        status, outcome = facts.status, facts.outcome
        case = (status, outcome, facts.conn.rpartition(".")[0])
        try:
            self.cases[case] += 1  # type: ignore[index]
        except KeyError:
            _count_case(self.cases, Case(*case))
        method = facts.method if self._by_method else None
        name = (facts.route if self._by_route else None) or self._name(facts)
        try:
            group = self.groups[kind, method, name]  # type: ignore[index]
        except KeyError:
            group = self._begin(kind, method, name)
        group.connections += 1
        group.request_bytes += facts.request_bytes
        group.response_bytes += facts.response_bytes
        group.received += facts.received
        group.sent += facts.sent
        us = facts.duration_us
        if us is not None:
            group.latest_durations.append(us)
        us = facts.answered_us
        if us is not None:
            group.latest_answers.append(us)
        if not group.connections & _SETTLED:
            group.settle()
        if outcome != "returned" or (status is not None and 500 <= status < 600) or kind == "websocket":
            self._take_rest(facts, group)
        if facts.disconnected:
            self.disconnected += 1
        if facts.sample is not None:
            self._take_sampled(facts, group, case)
        at = facts.at
        if at is not None and (self.last is None or self.first is None or at > self.last or at < self.first):
            self._span(at, at)

    def _take_rest(self, facts: Facts, group: Group) -> None:
        """What most connections have nothing of."""
        if facts.outcome == "raised" or (facts.status is not None and 500 <= facts.status < 600):
            group.errors += 1
        if facts.outcome == "raised":
            _count(self.exceptions, clipped(next(iter(facts.error_types), "")))
        elif facts.outcome == "open":
            group.without_end += 1
            self._remember(_open(facts))
        if facts.type == "websocket" and facts.closed_by is not None:
            _count(self.close_codes, facts.close_code)

    def _take_sampled(self, facts: Facts, group: Group, case: tuple[Any, ...]) -> None:
        extra = extra_of(facts.sample)
        if not extra:
            return
        failed = facts.outcome == "raised" or (facts.status is not None and 500 <= facts.status < 600)
        group.extra = group.extra or Extra()
        group.extra.take(facts, extra, failed=failed)
        _count(self.rates, facts.sample)
        _count_case(self.extra.cases, Case(*case), extra)
        if facts.outcome == "raised":
            _count(self.extra.exceptions, clipped(next(iter(facts.error_types), "")), extra)
        if facts.type == "websocket" and facts.closed_by is not None:
            _count(self.extra.close_codes, facts.close_code, extra)
        if facts.disconnected:
            self.extra.disconnected += extra

    def _take_lifespan(self, facts: Facts) -> None:
        silent = not facts.received and not facts.sent
        outcome = "unsupported" if silent and facts.outcome == "raised" else facts.outcome
        _count_case(self.lifespans, Case(None, outcome, proc_of(facts.conn)))

    def _begin(self, kind: str, method: str | None, name: str) -> Group:
        """The group of connections that are the first of their kind, or of a kind that is no key as it stands."""
        key = Key(kind if kind in _TYPES else "", None if method is None else clipped(method), clipped(name))
        if key not in self.groups:
            if len(self.groups) >= 2 * KEPT:
                self._fold()
            self.groups[key] = Group()
        return self.groups[key]

    def _fold(self) -> None:
        """Make one of all but the largest groups."""
        falling = sorted(self.groups, key=lambda key: self.groups[key].connections, reverse=True)
        for key in falling[KEPT:]:
            self.others.setdefault(key.type, Group()).merge(self.groups.pop(key))

    def _remember(self, *some: Open) -> None:
        for one in some:
            proc = proc_of(one.conn)
            if proc in self.oldest or len(self.oldest) < _KINDS:
                self.oldest[proc] = sorted([*self.oldest.get(proc, []), one])[:OLDEST]

    def _span(self, first: str, last: str) -> None:
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    def merge(self, other: "Statistics") -> None:
        """Add what was counted elsewhere, by the same."""
        for key, group in other.groups.items():
            self._begin(*key).merge(group)
        for kind, group in other.others.items():
            self.others.setdefault(kind, Group()).merge(group)
        self.extra.merge(other.extra)
        for case, count in other.cases.items():
            _count_case(self.cases, case, count)
        for case, count in other.lifespans.items():
            _count_case(self.lifespans, case, count)
        for mine, others in (
            (self.exceptions, other.exceptions),
            (self.close_codes, other.close_codes),
            (self.rates, other.rates),
        ):
            _add(mine, others)
        for some in other.oldest.values():
            self._remember(*some)
        self.disconnected += other.disconnected
        if other.first is not None and other.last is not None:
            self._span(other.first, other.last)


def _open(facts: Facts) -> Open:
    method = None if facts.method is None else clipped(facts.method)
    return Open(facts.at or "", facts.conn, facts.last_us, clipped(facts.type), method, clipped(facts.path or ""))


def _count_case(counts: dict[Case, int], case: Case, count: int = 1) -> None:
    if case not in counts and len(counts) >= _KINDS:
        case = Case(None if case.status is None else OTHER, case.outcome, OTHER)
    counts[case] = counts.get(case, 0) + count


def _count(counts: Count, key: Any, count: int = 1) -> None:
    key = key if key in counts or len(counts) < _KINDS else OTHER
    counts[key] = counts.get(key, 0) + count


def _add(counts: Count, others: Count) -> None:
    for what, count in others.items():
        _count(counts, what, count)


# --- what connections are grouped by ---


def _route(facts: Facts) -> str:
    route = facts.route
    return clipped(route) if route else folded(clipped(facts.path or ""))


def _path(facts: Facts) -> str:
    return clipped(facts.path or "")


def _client(facts: Facts) -> str:
    """The client's address without its port, which is another one each time."""
    host, _, port = (facts.client or "").rpartition(":")
    return clipped(host.strip("[]") if host and port.isdecimal() else facts.client or "")


def _proc(facts: Facts) -> str:
    return proc_of(facts.conn)


def _method(facts: Facts) -> str:
    return clipped(facts.method or "")


def _status(facts: Facts) -> str:
    return clipped(as_text(facts.status))


def _type(facts: Facts) -> str:
    return clipped(facts.type)


_NAMES: Final[dict[str, Callable[[Facts], str]]] = {
    "route": _route,
    "path": _path,
    "client": _client,
    "worker": _proc,
    "machine": _proc,  # which machine that was, the records of the processes tell in the end
    "method": _method,
    "status": _status,
    "type": _type,
}
