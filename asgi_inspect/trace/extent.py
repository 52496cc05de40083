"""From when to when a trace goes, told by its beginning and its end alone, however long it is.

A lifespan does not count: it lasts as long as its process, which may wait for its first connection for days.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from .glance import EndGlance, ReceiveGlance, ScopeGlance, SendGlance, glance_of
from .quantities import moment_of
from .source import Source, open_source

_PIECE: Final = 256 << 10  # bytes at each end
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Span(NamedTuple):
    """A stretch of time, in microseconds since 1970."""

    begin_us: int
    end_us: int

    @property
    def length_us(self) -> int:
        """At least one."""
        return max(1, self.end_us - self.begin_us)


def span_of(sources: Sequence[Source]) -> Span | None:
    """From when to when these traces go, as far as can be seen; None where one of them is no plain file."""
    times: list[int] = []
    for source in sources:
        found = _times_at_both_ends(source)
        if found is None:
            return None
        times += found
    return Span(min(times), max(times)) if times else None


def _times_at_both_ends(source: Source) -> list[int] | None:
    if not isinstance(source, str | os.PathLike) or source == "-":
        return None
    with open_source(source) as opened:
        size, file = opened.plain_size, opened.file
        if size is None:
            return None
        begin = file.read(_PIECE)
        file.seek(max(0, size - _PIECE))
        end = file.read(_PIECE)
    return [*_times(begin.splitlines()), *_times(end.splitlines())]


def _times(lines: Iterable[bytes]) -> Iterator[int]:
    """When things happened to connections, of those of which it can be told."""
    begun: dict[str, int] = {}
    for line in lines:
        glance = glance_of(line)
        if isinstance(glance, ScopeGlance) and _counts(glance):
            at = moment_of(glance.at)
            if at is not None:
                begun[glance.conn] = (at - _EPOCH) // _MICROSECOND
                yield begun[glance.conn]
        elif isinstance(glance, ReceiveGlance | SendGlance | EndGlance) and glance.conn in begun:
            yield begun[glance.conn] + glance.t_us


def _counts(glance: ScopeGlance) -> bool:
    return not glance.layer and (glance.scope is None or glance.scope.type != "lifespan")
