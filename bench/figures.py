"""What was measured, and the one place with statistics.

A sample belongs to a round. Two ways are compared round by round, each with the one that ran right beside it, so that what else
happens on the machine hits both; then the median of these comparisons is taken. A spread holds the middle eight of ten samples.
What two revisions differ by counts as certain where the interval of its median leaves no doubt (by the sign test: no
assumption about how the noise is distributed).
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import comb, inf
from typing import Any, Final, Literal, NamedTuple

BARE: Final = "bare"
CONTROL: Final = "control"
NOOP: Final = "no-op"
FILE: Final = "file"
UNREDACTED: Final = "file redact=None"
OFF: Final = "off"
"""The ways that others are compared with, or that a target is about."""

Part = Literal["inside", "outside", "footprint"]
Quantity = Literal["us", "cpu_us", "per_second", "p50_ms", "p99_ms", "bytes", "ns", "ms"]
"""`us`: CPU microseconds in process, a call or a message. `cpu_us`: those of a server's process, a request. `bytes`: of memory."""

# What `footprint` measures, as the `app` of its keys; each with its bare counterpart, so that `added` holds there, too.
IDLE: Final = "idle"  # `bytes` for each of many WebSockets that say nothing
CONNECTION: Final = "connection"  # `ns` of one that does nothing, bare and OFF
IMPORT: Final = "import"  # `ms` of `import asgi_inspect` (FILE); bare: of an interpreter that does nothing
FIRST: Final = "first"  # `ms` of the first connection, which imports what is imported late
# And `download`, `upload`: `bytes`, the most that the process had for itself.

_DOUBT: Final = 0.01  # how likely an interval of the median may miss it
_LOW, _HIGH = 0.1, 0.9  # what a spread leaves out at each end


@dataclass(frozen=True)
class Figure:
    """Some samples of one thing; there is at least one."""

    samples: tuple[float, ...]

    @cached_property
    def median(self) -> float:
        return statistics.median(self.samples)

    @cached_property
    def low(self) -> float:
        """Where the spread begins."""
        return _quantile(sorted(self.samples), _LOW)

    @cached_property
    def high(self) -> float:
        """Where it ends."""
        return _quantile(sorted(self.samples), _HIGH)

    @cached_property
    def certain(self) -> tuple[float, float]:
        """Between these the true median lies, with 99 % certainty; anywhere, where there are fewer than eight samples."""
        ordered, count = sorted(self.samples), len(self.samples)
        outside, missed = 0, 0.0
        while (missed := missed + 2 * comb(count, outside) / 2**count) <= _DOUBT:
            outside += 1
        return (ordered[outside - 1], ordered[-outside]) if outside else (-inf, inf)

    def each(self, change: Callable[[float], float]) -> "Figure":
        """The same in another unit."""
        return Figure(tuple(change(sample) for sample in self.samples))


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def bare_beside(way: str) -> str:
    """The name of the bare application as it was measured for one way alone, in a process of theirs."""
    return f"{BARE} beside {way}"


class Key(NamedTuple):
    """What a sample is of. source: the revision it was measured with; empty: what lies in the working tree."""

    part: Part
    app: str
    way: str
    quantity: Quantity
    source: str = ""


@dataclass
class Figures:
    """All that was measured so far; parts add to it as they go, so that an interrupted run keeps what it has."""

    rounds: dict[Key, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    remarks: dict[tuple[Part, str, str, str], str] = field(default_factory=dict)
    """Why there is nothing of (part, app, way, source), or what to know of it."""
    facts: dict[str, Any] = field(default_factory=dict)
    """Of the run: the machine, versions, which load generator …"""

    def add(self, key: Key, number: int, sample: float) -> None:
        """A sample of this round."""
        self.rounds[key][number] = sample

    def remark(self, part: Part, app: str, way: str, why: str, source: str = "") -> None:
        self.remarks[part, app, way, source] = why

    def why_not(self, part: Part, app: str, way: str, source: str = "") -> str | None:
        return self.remarks.get((part, app, way, source))

    def of(self, key: Key) -> Figure | None:
        """Its samples; None where there are none."""
        rounds = self.rounds.get(key)
        return Figure(tuple(rounds.values())) if rounds else None

    def compared(self, one: Key, other: Key, how: Callable[[float, float], float]) -> Figure | None:
        """The two compared round by round; None where they have no round in common."""
        mine, others = self.rounds.get(one, {}), self.rounds.get(other, {})
        both = [how(sample, others[number]) for number, sample in mine.items() if number in others]
        return Figure(tuple(both)) if both else None

    def added(self, key: Key) -> Figure | None:
        """What a way adds to the bare application."""
        added = self._added(key)
        return Figure(tuple(added.values())) if added else None

    def difference(self, one: Key, other: Key) -> Figure | None:
        """What one adds, less what the other adds, round by round: each to its own bare application."""
        mine, others = self._added(one), self._added(other)
        both = [sample - others[number] for number, sample in mine.items() if number in others]
        return Figure(tuple(both)) if both else None

    def _added(self, key: Key) -> dict[int, float]:
        bare = self.rounds.get(self._bare(key), {})
        return {number: sample - bare[number] for number, sample in self.rounds.get(key, {}).items() if number in bare}

    def kept(self, key: Key) -> Figure | None:
        """The share of the bare application's that a way keeps."""
        return self.compared(key, self._bare(key), lambda one, other: one / other if other else inf)

    def _bare(self, key: Key) -> Key:
        own = key._replace(way=bare_beside(key.way))
        return own if own in self.rounds else key._replace(way=BARE)

    def times(self, one: Key, other: Key) -> "Ratio | None":
        """What one adds, divided by what the other does."""
        mine, others = self.added(one), self.added(other)
        return None if mine is None or others is None else Ratio(mine, others)

    def names(self, part: Part, what: Literal["app", "way"]) -> list[str]:
        """The applications or ways of which a part has figures or remarks, as they came."""
        keys = [
            getattr(key, what) for key in self.rounds if key.part == part and not key.way.startswith(bare_beside(""))
        ]
        told = [app if what == "app" else way for of, app, way, _ in self.remarks if of == part]
        return list(dict.fromkeys([*keys, *told]))

    def dump(self) -> dict[str, Any]:
        """All of it, as JSON has it: every sample, so that others may reckon otherwise."""
        return {
            "facts": self.facts,
            "samples": [
                {
                    **key._asdict(),
                    **_told(self.of(key)),
                    "rounds": {str(number): value for number, value in got.items()},
                }
                for key, got in self.rounds.items()
            ],
            "remarks": [
                {"part": part, "app": app, "way": way, "source": source, "why": why}
                for (part, app, way, source), why in self.remarks.items()
            ],
        }

    def take(self, dumped: dict[str, Any]) -> None:
        """What `dump` gave, in another process or earlier."""
        self.facts |= dumped["facts"]
        for entry in dumped["samples"]:
            key = Key(*(entry[name] for name in Key._fields))
            for number, sample in entry["rounds"].items():
                self.add(key, int(number), sample)
        for entry in dumped["remarks"]:
            self.remark(entry["part"], entry["app"], entry["way"], entry["why"], entry["source"])

    def __iter__(self) -> Iterator[Key]:
        return iter(self.rounds)


def _told(figure: Figure | None) -> dict[str, float]:
    return {} if figure is None else {"median": figure.median, "low": figure.low, "high": figure.high}


class Ratio(NamedTuple):
    """One figure divided by another: the ratio of the medians, which a round with a divisor near zero does not spoil."""

    above: Figure
    below: Figure

    @property
    def median(self) -> float:
        return self.above.median / self.below.median if self.below.median > 0 else inf

    @property
    def low(self) -> float:
        return max(0.0, self.above.low) / self.below.high if self.below.high > 0 else inf

    @property
    def high(self) -> float:
        return self.above.high / self.below.low if self.below.low > 0 else inf
