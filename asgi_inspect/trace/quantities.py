"""Numbers, sizes, durations and moments as a filter writes them: `404`, `4xx`, `10k`, `200ms`, `2h`, `14:30`; and what may
stand around them: `>=400`, `400+`, `400-`, `400-499`.

The readers raise ValueError for what is none; who calls them says what the term takes.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, NamedTuple, TypeAlias

_COMPARED: Final = re.compile(r"(>=|<=|>|<|=)(.+)")
_SUFFIXED: Final = re.compile(r"(.+?)([+-])")
_BETWEEN: Final = re.compile(r"(.+?)(?:\.\.|-)(.+)")
_DIGITS: Final = re.compile(r"\d{1,12}", re.ASCII)
_CLASS: Final = re.compile(r"(\d{1,5})(x{1,5})", re.ASCII | re.IGNORECASE)
_AMOUNT: Final = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([a-zµμ]*)", re.ASCII | re.IGNORECASE)
_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?", re.ASCII)

_SIZES: Final = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SECOND: Final = 1_000_000
_DURATIONS: Final = {
    **dict.fromkeys(("us", "µs", "μs"), 1),
    "ms": 1000,
    **dict.fromkeys(("s", "sec"), _SECOND),
    **dict.fromkeys(("m", "min"), 60 * _SECOND),
    "h": 3600 * _SECOND,
    "d": 86_400 * _SECOND,
    "w": 604_800 * _SECOND,
}

Reader: TypeAlias = "Callable[[str], Span]"
Plain: TypeAlias = Literal["=", ">", ">="]


class Span(NamedTuple):
    """What one value stands for: `4xx` is 400 to 499, both included; `404` is itself."""

    first: int
    last: int


class Range(NamedTuple):
    """All values from `low` to `high`, both included; None: no bound there."""

    low: int | None
    high: int | None

    def holds(self, value: int) -> bool:
        """Whether a value is in it."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def will_hold(self, so_far: int) -> bool | None:
        """The same of a value that can only grow; None where that cannot be told yet."""
        if self.high is not None:
            return False if so_far > self.high else None
        return True if self.low is None or so_far >= self.low else None


def read_range(text: str, read: Reader, plain: Plain) -> Range:
    """A range as it is written. read: reads a value. plain: what a value alone means."""
    compared = _COMPARED.fullmatch(text)
    if compared:
        return _compare(compared[1], read(compared[2]))
    suffixed = _SUFFIXED.fullmatch(text)
    if suffixed:
        return _compare(">=" if suffixed[2] == "+" else "<=", read(suffixed[1]))
    between = _BETWEEN.fullmatch(text)
    if between:
        return _between(between[1], between[2], read)
    return _compare(plain, read(text))


def _compare(sign: str, span: Span) -> Range:
    match sign:
        case ">":
            return Range(span.last + 1, None)
        case ">=":
            return Range(span.first, None)
        case "<":
            return Range(None, span.first - 1)
        case "<=":
            return Range(None, span.last)
    return Range(span.first, span.last)


def _between(low: str, high: str, read: Reader) -> Range:
    """`400-499`, and GitHub's `400..*`."""
    first = None if low == "*" else read(low).first
    last = None if high == "*" else read(high).last
    if first is None and last is None:
        raise ValueError("no bound")
    if first is not None and last is not None and first > last:
        raise ValueError("the wrong way round")
    return Range(first, last)


def number(text: str) -> Span:
    """`404`, or `4xx`."""
    if _DIGITS.fullmatch(text):
        return Span(int(text), int(text))
    digits = _CLASS.fullmatch(text)
    if not digits:
        raise ValueError("no number")
    wide = 10 ** len(digits[2])
    first = int(digits[1]) * wide
    return Span(first, first + wide - 1)


def size(text: str) -> Span:
    """Bytes: `65536`, `64k`, `1.5MiB`; a k is 1024."""
    amount, unit = _amount(text)
    if unit not in ("b", "k", "m", "g", "t"):
        unit = unit.removesuffix("b").removesuffix("i")
    return _exactly(amount, _SIZES.get(unit))


def duration(text: str) -> Span:
    """Microseconds: `200ms`, `1.5s`, `2min`."""
    amount, unit = _amount(text)
    return _exactly(amount, _DURATIONS.get(unit))


def _amount(text: str) -> tuple[float, str]:
    found = _AMOUNT.fullmatch(text)
    if not found:
        raise ValueError("no amount")
    return float(found[1]), found[2].lower()


def _exactly(amount: float, unit: int | None) -> Span:
    if unit is None:
        raise ValueError("no such unit")
    value = round(amount * unit)
    return Span(value, value)


def moment(text: str, now: datetime, *, end: bool = False) -> datetime:
    """A point in time: `10m` before `now`, `14:30` of its day, a date, or ISO 8601; without a zone, in that of `now`.

    end: a date alone means the end of that day.
    """
    if _AMOUNT.fullmatch(text):
        return _ago(text, now)
    if _CLOCK.fullmatch(text):
        return _at_clock(text, now)
    found = datetime.fromisoformat(text)
    zoned = found if found.tzinfo is not None else _in_zone_of(now, found)
    if end and _is_date(text):
        zoned += timedelta(days=1, microseconds=-1)
    return zoned


def _ago(text: str, now: datetime) -> datetime:
    if text.isdecimal() and len(text) == 8:  # 20261122, as ISO 8601 has it too
        return _in_zone_of(now, datetime.fromisoformat(text))
    try:
        return now - timedelta(microseconds=duration(text).first)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _at_clock(text: str, now: datetime) -> datetime:
    clock = time.fromisoformat(text if text.index(":") == 2 else f"0{text}")
    return _in_zone_of(now, datetime.combine(now.date(), clock))


def _in_zone_of(now: datetime, found: datetime) -> datetime:
    """A naive time in the zone of `now`; where that is this machine's, with the offset that it had on that day."""
    try:
        return (
            found.astimezone() if now.utcoffset() == now.astimezone().utcoffset() else found.replace(tzinfo=now.tzinfo)
        )
    except (OverflowError, OSError):
        return found.replace(tzinfo=now.tzinfo)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def moment_of(at: str | None) -> datetime | None:
    """The time stamp of a record; None where it is none that can be read."""
    try:
        found = datetime.fromisoformat(at or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
