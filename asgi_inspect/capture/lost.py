"""The count of records that could not be kept."""

import threading
from typing import Final

import msgspec

from ..trace.records import LostRecord
from .process import current_process, timestamp

_CONNS: Final = 10_000  # beyond as many, connections are no longer told apart


class Lost:
    """Records that were dropped since the last `lost` record; any thread may count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self.records = 0
        self._bytes = 0
        self._conns: set[bytes] = set()
        self._why = ""

    def add(self, line: bytes, why: str) -> None:
        """Count a line that is dropped."""
        with self._lock:
            self.records += 1
            self._bytes += len(line)
            self._why = why
            begin = line.find(b'"conn":"') + 8
            if begin >= 8 and len(self._conns) < _CONNS:
                self._conns.add(line[begin : line.find(b'"', begin)])

    def add_written(self, records: int, size: int, why: str) -> None:
        """Count what was written in vain; of which connections it was is not known any more."""
        with self._lock:
            self.records += records
            self._bytes += size
            self._why = why

    def line(self) -> bytes:
        """The `lost` record, as a line."""
        record = LostRecord(
            proc=current_process().proc,
            at=timestamp(),
            records=self.records,
            conns=len(self._conns),
            bytes=self._bytes,
            why=self._why,
        )
        return msgspec.json.encode(record) + b"\n"

    def take(self) -> bytes | None:
        """The `lost` record of what was dropped, which is forgotten; None where nothing was."""
        if not self.records:
            return None
        with self._lock:
            line = self.line()
            self._clear()
        return line
