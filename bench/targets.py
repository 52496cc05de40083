"""What the project promises of its cost, and whether the figures keep it."""

from collections.abc import Callable
from typing import Final, NamedTuple

from .figures import CONNECTION, FILE, IDLE, IMPORT, NOOP, OFF, Figure, Figures, Key, Part, Quantity, Ratio
from .footprint import MIDDLEWARE
from .units import number_text, size_text

_KIB: Final = 1024
_MIB: Final = 1024 * _KIB


class Found(NamedTuple):
    """A figure of one target, and what it is of where the target is about several things."""

    figure: Figure | Ratio
    of: str = ""


class Target(NamedTuple):
    """One promise: a figure at most, or at least, so much; `beyond` is what would be better still."""

    name: str
    find: Callable[[Figures], list[Found]]
    show: Callable[[float], str]
    limit: float | None
    """None: what `find` gives is a distance to what is allowed, and must not be above zero."""
    beyond: float | None = None
    least: bool = False
    """The figure has to reach the limit; otherwise to stay below it."""

    def reaches(self, value: float, limit: float | None) -> bool:
        bound = limit or 0.0
        return value >= bound if self.least else value <= bound


class Verdict(NamedTuple):
    """A target and what was measured of it."""

    target: Target
    found: list[Found]

    @property
    def reached(self) -> bool | None:
        """None: nothing of it was measured."""
        target = self.target
        return all(target.reaches(one.figure.median, target.limit) for one in self.found) if self.found else None

    @property
    def beyond(self) -> bool | None:
        """None: there is nothing beyond it, or nothing was measured."""
        target = self.target
        if target.beyond is None or not self.found:
            return None
        return all(target.reaches(one.figure.median, target.beyond) for one in self.found)


def verdicts(figures: Figures) -> list[Verdict]:
    """All targets."""
    return [Verdict(target, target.find(figures)) for target in TARGETS]


def _added(part: Part, quantity: Quantity, way: str, *apps: str) -> Callable[[Figures], list[Found]]:
    def find(figures: Figures) -> list[Found]:
        found = ((app, figures.added(Key(part, app, way, quantity))) for app in apps)
        return [Found(figure, app if len(apps) > 1 else "") for app, figure in found if figure is not None]

    return find


def _kept(*apps: str) -> Callable[[Figures], list[Found]]:
    def find(figures: Figures) -> list[Found]:
        found = ((app, figures.kept(Key("outside", app, FILE, "per_second"))) for app in apps)
        return [Found(figure, app if len(apps) > 1 else "") for app, figure in found if figure is not None]

    return find


def _times_noop(figures: Figures) -> list[Found]:
    ratio = figures.times(Key("inside", "hello", FILE, "us"), Key("inside", "hello", NOOP, "us"))
    return [] if ratio is None else [Found(ratio)]


def _above_noop(figures: Figures) -> list[Found]:
    """How far the 99th percentile is above the spread of the no-op wrapper's, in milliseconds."""
    found = []
    for app in ("hello", "fastapi-get"):
        mine = figures.of(Key("outside", app, FILE, "p99_ms"))
        noop = figures.of(Key("outside", app, NOOP, "p99_ms"))
        if mine is not None and noop is not None:
            found.append(Found(mine.each((-noop.high).__add__), app))
    return found


def _percent(value: float) -> str:
    return f"{value * 100:.0f} %"


def _micro(value: float) -> str:
    return f"{number_text(value)} µs"


def _times(value: float) -> str:
    return f"{number_text(value)}×"  # noqa: RUF001 (a sign of its own)


def _milli(value: float) -> str:
    return f"{number_text(value)} ms"


def _nano(value: float) -> str:
    return f"{value:.0f} ns"


def _signed(value: float) -> str:
    return f"{value:+.2f} ms"


TARGETS: Final = (
    Target("hello in process: added, ÷ what the no-op wrapper adds", _times_noop, _times, 10, 7),
    Target("a small message of a WebSocket: added", _added("inside", "us", FILE, "websocket"), _micro, 2, 1.2),
    Target("hello, requests/s kept", _kept("hello"), _percent, 0.75, 0.82, least=True),
    Target("FastAPI GET, requests/s kept", _kept("fastapi-get"), _percent, 0.95, 0.97, least=True),
    Target("stream of 200 chunks, kept", _kept("stream"), _percent, 0.60, 0.75, least=True),
    Target("p99 at 16 connections, above the no-op wrapper's spread", _above_noop, _signed, None),
    Target("10 MiB, kept", _kept("download", "upload"), _percent, 0.90, least=True),
    Target("10 MiB, memory added", _added("footprint", "bytes", FILE, "download", "upload"), size_text, 16 * _MIB),
    Target(
        "an idle WebSocket of 10,000: memory added", _added("footprint", "bytes", FILE, IDLE), size_text, 2 * _KIB, _KIB
    ),
    Target("off, added to a connection", _added("footprint", "ns", OFF, CONNECTION), _nano, 200),
    Target("import asgi_inspect; with its middleware", _added("footprint", "ms", FILE, IMPORT, MIDDLEWARE), _milli, 60),
)
