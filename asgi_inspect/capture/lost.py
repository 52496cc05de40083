"""The count of records that could not be kept, for each reason."""

import threading
from typing import Final

import msgspec

from ..trace.records import LostRecord
from .process import current_process, timestamp

_CONNS: Final = 10_000  # beyond as many, connections are no longer told apart
_REASONS: Final = 20  # likewise
_OTHER: Final = "other reasons"


class _Count:
    """What was dropped for one reason."""

    __slots__ = ("bytes", "conns", "records")

    def __init__(self) -> None:
        self.records = 0
        self.bytes = 0
        self.conns: set[bytes] = set()


class Lost:
    """Records that were dropped since the last `lost` records; any thread may count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, _Count] = {}
        self.records = 0
        """How many there are, for whatever reason."""

    def add(self, line: bytes, why: str) -> None:
        """Count a line that is dropped."""
        begin = line.find(b'"conn":"') + 8
        conn = line[begin : line.find(b'"', begin)] if begin >= 8 else None
        self.count(why, size=len(line), conn=conn)

    def count(self, why: str, *, records: int = 1, size: int = 0, conn: bytes | None = None) -> None:
        """Count records of so many bytes in all. conn: of which connection, if that is known."""
        with self._lock:
            if why not in self._counts and len(self._counts) >= _REASONS:
                why = _OTHER
            count = self._counts.setdefault(why, _Count())
            count.records += records
            self.records += records
            count.bytes += size
            if conn is not None and len(count.conns) < _CONNS:
                count.conns.add(conn)

    def first(self) -> tuple[str, bytes] | None:
        """One reason, and the `lost` record of what was dropped for it, as a line; None where nothing was."""
        with self._lock:
            return next(((why, _line(why, count)) for why, count in self._counts.items()), None)

    def forget(self, why: str) -> None:
        """What was dropped for this reason has been told."""
        with self._lock:
            told = self._counts.pop(why, None)
            self.records -= 0 if told is None else told.records

    def take(self) -> list[bytes]:
        """The `lost` records of what was dropped, one for each reason; it is forgotten."""
        with self._lock:
            counts, self._counts, self.records = self._counts, {}, 0
        return [_line(why, count) for why, count in counts.items()]


def _line(why: str, count: _Count) -> bytes:
    record = LostRecord(
        proc=current_process().proc,
        at=timestamp(),
        records=count.records,
        conns=len(count.conns),
        bytes=count.bytes,
        why=why,
    )
    return msgspec.json.encode(record) + b"\n"
