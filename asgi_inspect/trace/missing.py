"""What a trace lacks: records that could not be written, connections that were left out on purpose; by reason."""

from typing import Final

import msgspec

from .folding import clipped
from .records import LostRecord, SkippedRecord

OTHER: Final = "(other)"
_REASONS: Final = 100  # that are told apart; a real trace has a few


class Loss(msgspec.Struct):
    """Records that were lost for one reason, of how many connections, and how many bytes."""

    records: int = 0
    connections: int = 0
    bytes: int = 0


class Missing:
    """What is missing in one trace, or in a part of it."""

    def __init__(self) -> None:
        self.lost: dict[str, Loss] = {}
        """By reason."""
        self.skipped: dict[str, int] = {}
        """How many connections were left out, by reason."""

    @property
    def lost_records(self) -> int:
        """How many records were lost in all."""
        return sum(loss.records for loss in self.lost.values())

    @property
    def skipped_conns(self) -> int:
        """How many connections were left out in all."""
        return sum(self.skipped.values())

    def add(self, record: LostRecord | SkippedRecord) -> None:
        """Take in one such record."""
        if isinstance(record, LostRecord):
            self._lose(clipped(record.why), Loss(record.records, record.conns, record.bytes))
        else:
            self._skip(clipped(record.why), record.conns)

    def merge(self, other: "Missing") -> None:
        """Add what is missing elsewhere."""
        for why, loss in other.lost.items():
            self._lose(why, loss)
        for why, conns in other.skipped.items():
            self._skip(why, conns)

    def _lose(self, why: str, loss: Loss) -> None:
        known = self.lost.setdefault(why if why in self.lost or len(self.lost) < _REASONS else OTHER, Loss())
        known.records += loss.records
        known.connections += loss.connections
        known.bytes += loss.bytes

    def _skip(self, why: str, conns: int) -> None:
        why = why if why in self.skipped or len(self.skipped) < _REASONS else OTHER
        self.skipped[why] = self.skipped.get(why, 0) + conns
