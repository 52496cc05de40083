"""Follow a file that still grows: whole lines as they come, through truncation and replacement of the file.

No clock and no thread: who follows says when to look again and when the end has come. A line is handed out once its line
break is there; what stands behind the last line break is handed out at the end only. One look reads a file to its end, so
the order of things is: ask whether the end has come, read, and only then stop or wait. What was written before the end
is thus always read.
"""

import os
import stat
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, Self

from .read import LINE_LIMIT

_PIECE: Final = 1 << 20


def follow(path: str | os.PathLike[str], *, ended: Callable[[], bool], wait: Callable[[], None]) -> Iterator[bytes]:
    """The lines of a file, from its beginning, with their line breaks, until `ended` and all is read.

    path: need not exist yet.
    ended: whether nothing more will be written; asked before each look at the file.
    wait: called where nothing is left to read; returns when it is time to look again.
    Raises OSError where the file is there but cannot be read.
    """
    with Follower(path) as follower:
        while True:
            last = ended()
            yield from follower.lines()
            if last:
                yield from follower.rest()
                return
            wait()


class Follower:
    """A file that still grows, and how far it was read; for a reader that must also see how far it is behind."""

    def __init__(self, path: str | os.PathLike[str], *, begin: int = 0, limit: int = LINE_LIMIT) -> None:
        """path: need not exist yet. limit: of a longer line only the first `limit + 1` bytes are handed out.

        begin: where the reading begins in the file that is found first; those that take its place are read whole.
        """
        self._path = path
        self._begin = begin
        self._limit = limit
        self._file: BinaryIO | None = None
        self._held = bytearray()  # the beginning of a line whose line break is not there yet
        self._read = 0  # bytes of the file read so far, the held ones and those beyond the limit among them
        self._unheld = 0  # bytes of the line's beginning that were not kept, because of the limit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was held is forgotten."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._forget_held()

    def lines(self) -> Iterator[bytes]:
        """The whole lines that are there now; where the file was replaced, those of the old one and then of the new one.

        The beginning of a line whose end was lost with its file is handed out as it is.
        """
        if self._file is None and not self._open():
            return
        while True:
            yield from self._lines_of_this_file()
            if self._was_replaced():
                yield from self._lines_of_this_file()  # what was written between the two looks
            elif not self._was_truncated():
                return
            yield from self.rest()
            self.close()  # opened anew after a truncation too: a seek may stay in the buffer, which is stale
            if not self._open():
                return

    def rest(self) -> Iterator[bytes]:
        """What stands behind the last line break, if anything: at the end of all, or of this file."""
        if self._held:
            rest = bytes(self._held)
            self._forget_held()
            yield rest

    @property
    def behind(self) -> int:
        """How many bytes of the file were not handed out yet; 0 where there is no file, or none that has a size."""
        status = self._status()
        if status is None or not stat.S_ISREG(status.st_mode):
            return 0
        return max(0, status.st_size - self._handed_out)

    def skip_to_recent(self, limit: int) -> int:
        """Jump to the first line that begins within the last `limit` bytes, if more than that lie unread.

        Returns how many bytes were jumped; 0 where the reader is not that far behind, or no line begins there.
        """
        if self._file is None and not self._open():
            return 0
        before, behind = self._handed_out, self.behind
        if behind <= limit:
            return 0
        begin = self._line_begin(before + behind - limit)
        if begin is None:
            self._seek(before)
            return 0
        self._seek(begin)
        return begin - before

    @property
    def _handed_out(self) -> int:
        return self._read - len(self._held) - self._unheld

    def _open(self) -> bool:
        try:
            self._file = open(self._path, "rb")  # noqa: SIM115 - closed by `close`
        except FileNotFoundError:
            return False
        self._read = 0
        if self._begin:  # a pipe, which cannot seek, is read from where it stands
            self._seek(self._begin)
            self._begin = 0
        return True

    def _status(self) -> os.stat_result | None:
        return None if self._file is None else os.fstat(self._file.fileno())

    def _seek(self, position: int) -> None:
        assert self._file is not None
        self._file.seek(position)
        self._read = position
        self._forget_held()

    def _forget_held(self) -> None:
        self._held = bytearray()
        self._unheld = 0

    def _lines_of_this_file(self) -> Iterator[bytes]:
        assert self._file is not None
        while piece := self._file.readline(_PIECE):
            self._read += len(piece)
            whole = piece.endswith(b"\n")
            if whole and not self._held and len(piece) <= self._limit:
                yield piece
                continue
            self._hold(piece)
            if whole:
                yield from self.rest()

    def _hold(self, piece: bytes) -> None:
        kept = piece[: max(0, self._limit + 1 - len(self._held))]
        self._held += kept
        self._unheld += len(piece) - len(kept)

    def _was_truncated(self) -> bool:
        status = self._status()
        return status is not None and stat.S_ISREG(status.st_mode) and status.st_size < self._read

    def _was_replaced(self) -> bool:
        status = self._status()
        try:
            there = os.stat(self._path)
        except FileNotFoundError:  # renamed, and the next one does not exist yet: this one may still grow
            return False
        return status is not None and not os.path.samestat(status, there)

    def _line_begin(self, position: int) -> int | None:
        """Where the first line at or behind `position` begins."""
        assert self._file is not None
        position -= 1  # a line that begins exactly there has its line break just before
        self._file.seek(position)
        while piece := self._file.readline(_PIECE):
            position += len(piece)
            if piece.endswith(b"\n"):
                return position
        return None
