"""Times in words: durations with three digits that count, clocks from the records' time stamps."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_LONGEST_AT: Final = 40  # characters; a time stamp of ours has 27
_LONGEST_US: Final = 1 << 62  # whatever a damaged trace says
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def duration(us: int) -> str:
    """Microseconds as `0.31 ms`, `12.4 ms`, `240 ms`, `1.92 s`, `2 min 03 s`, `1 h 02 min`."""
    us = max(-_LONGEST_US, min(us, _LONGEST_US))
    if us < 999_500:
        return f"{_three_digits(us / 1000)} ms"
    if us < 59_950_000:
        return f"{_three_digits(us / 1_000_000)} s"
    seconds = round(us / 1_000_000)
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"


def short_duration(us: int) -> str:
    """The same in at most eight columns, for a table: `2m 03s`, `1h 02m`, `3d 04h`."""
    seconds = round(min(abs(us), _LONGEST_US) / 1_000_000)
    if abs(us) < 59_950_000:
        return duration(us)
    sign = "-" if us < 0 else ""
    if seconds < 3600:
        return f"{sign}{seconds // 60}m {seconds % 60:02}s"
    if seconds < 86_400:
        return f"{sign}{seconds // 3600}h {seconds % 3600 // 60:02}m"
    days = seconds // 86_400
    return f"{sign}{days}d {seconds % 86_400 // 3600:02}h" if days < 1000 else f"{sign}{min(days, 999_999)}d"


def _three_digits(amount: float) -> str:
    if amount < 9.995:
        return f"{amount:.2f}"
    return f"{amount:.1f}" if amount < 99.95 else f"{amount:.0f}"


def micros(at: str) -> int | None:
    """The time stamp of a record, in microseconds since 1970; None where it is none."""
    parsed = moment(at)
    return None if parsed is None else (parsed - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=256)
def moment(at: str) -> datetime | None:
    """The time stamp of a record, in UTC; None where it is none."""
    try:
        parsed = datetime.fromisoformat(at)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def clock(at: str, *, utc: bool, plus_us: int = 0) -> str:
    """The time of day to the millisecond, in local time or in UTC; a time stamp that is none, as it stands."""
    parsed = moment(at)
    if parsed is None:
        return at[:_LONGEST_AT]
    try:
        shown = parsed + timedelta(microseconds=plus_us)
        return (shown if utc else shown.astimezone()).strftime("%H:%M:%S.%f")[:-3]
    except (OverflowError, ValueError, OSError):
        return at


def day(at: str, *, utc: bool) -> str:
    """The date, likewise."""
    parsed = moment(at)
    if parsed is None:
        return at[:_LONGEST_AT]
    try:
        return (parsed if utc else parsed.astimezone()).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return at
