"""Follow a trace that still grows: whole lines as they come, through truncation, rotation and replacement of its file.

No clock and no thread: who follows says when to look again and when the end has come. A line is handed out once its line
break is there; what stands behind the last line break is handed out at the end only. One look reads all files to their ends,
so the order of things is: ask whether the end has come, read, and only then stop or wait. What was written before the end
is thus always read.

A file that was rotated away may be written to for a moment, by a process that has not seen it yet: it is read on until nobody
holds its lock any more. What a process wrote into one file comes before what it wrote into the next: the sizes are taken from
the newest file to the oldest, and then they are read the other way round, each so far.

Between two looks files may come and be removed again. Where the one that was read last is removed, those behind it may be
missed: who has to know is told.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import BinaryIO, Final, Self

from .chain import Opened, goes_on, opened_at_once
from .read import LINE_LIMIT

if sys.platform != "win32":
    import fcntl

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
    """A trace that still grows, and how far it was read; for a reader that must also see how far it is behind."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        begin: int = 0,
        limit: int = LINE_LIMIT,
        on_gap: Callable[[], None] = lambda: None,
    ) -> None:
        """path: need not exist yet. limit: of a longer line only the first `limit + 1` bytes are handed out.

        begin: where the reading begins in the file that is found first; from 0 on, its story is read from its beginning.
        on_gap: called between two lines where files may be missing: what came before may have gone on in those.
        """
        self._path = path
        self._begin = begin or None  # in the file that is found next; None: with its story
        self._limit = limit
        self._on_gap = on_gap
        self._files: list[_File] = []  # the oldest first; the last one was found under the path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files; what was held is forgotten."""
        for file in self._files:
            file.close()
        self._files = []

    def lines(self) -> Iterator[bytes]:
        """The whole lines that are there now; where the file was replaced, those of the old one and then of the new one.

        The beginning of a line whose end was lost with its file is handed out as it is.
        """
        while self._find():
            final = [file for file in self._files[:-1] if file.is_final(self._files)]
            sizes = [file.size for file in reversed(self._files)][::-1]
            moved = False
            for file, size in zip(list(self._files), sizes, strict=True):
                if file.after_gap and (moved or not file.position):
                    self._on_gap()
                before = file.position
                yield from file.lines(size)
                moved = moved or file.position != before
                if file in final:
                    yield from file.rest()
                    self._files.remove(file)
                    file.close()
            newest = self._files[-1]
            if newest.was_truncated():
                yield from newest.rest()
                newest.close()  # opened anew: a seek may stay in the buffer, which is stale
                self._files.pop()
                self._begin = 0
            elif not newest.was_replaced(self._path):
                return

    def rest(self) -> Iterator[bytes]:
        """What stands behind the last line breaks, if anything: at the end of all."""
        for file in self._files:
            yield from file.rest()

    @property
    def earlier(self) -> int:
        """How many files there are that were rotated away and that somebody may still write to."""
        return max(0, len(self._files) - 1)

    @property
    def behind(self) -> int:
        """How many bytes were not handed out yet; 0 where there is no file, or none that has a size."""
        return sum(file.behind for file in self._files)

    def skip_to_recent(self, limit: int) -> int:
        """Jump to the first line that begins within the last `limit` bytes, if more than that lie unread.

        Returns how many bytes were jumped; 0 where the reader is not that far behind, or no line begins there.
        """
        if not self._find() or self.behind <= limit:
            return 0
        *earlier, newest = self._files
        return sum(file.skip_to_recent(0) for file in earlier) + newest.skip_to_recent(limit)

    def _find(self) -> bool:
        """Open what has come since the last look; whether there is anything."""
        if self._files and not self._files[-1].was_replaced(self._path):
            return True
        with ExitStack() as stack:
            found = self._new_files(stack)
            stack.pop_all()
        new = [_File(file, self._limit) for file in found]
        if new and self._files and self._files[-1].was_removed():
            new[0].after_gap = True
        self._files += new
        if found and self._begin:
            self._files[-1].seek(self._begin)
        self._begin = None if found else self._begin
        return bool(self._files)

    def _new_files(self, stack: ExitStack) -> list[BinaryIO]:
        """The files that are not known yet, the oldest first."""
        try:
            regular = stat.S_ISREG(os.stat(self._path).st_mode)
            if not regular or (self._begin is not None and not self._files):
                return [stack.enter_context(open(self._path, "rb"))]
        except FileNotFoundError:
            return []
        if self._files:
            return [one.file for one in self._since(self._files[-1], stack)]
        found = opened_at_once(self._path, _is_first, stack)
        return [one.file for one in reversed(found) if not _is_coded(one)]

    def _since(self, newest: "_File", stack: ExitStack) -> list[Opened]:
        """The files that have come since this one was the newest."""
        found = opened_at_once(self._path, lambda files: _is_coded(files[-1]) or newest.is_same(files[-1].file), stack)
        later = [one for one in found if not _is_coded(one) and not newest.is_same(one.file)]
        if len(later) == len(found):  # it is gone: who removed it has left what was before it
            later = [*found[:1], *(one for one in found[1:] if newest.is_before(one.file))]
        for one in found:
            if one not in later:
                one.file.close()
        return later[::-1]


def _is_coded(one: Opened) -> bool:
    return not one.name[-1:].isdigit() and one.name.endswith((".gz", ".zst"))


def _is_first(files: Sequence[Opened]) -> bool:
    return _is_coded(files[-1]) or not goes_on(*files[-1])


class _File:
    """One of the files, and how far it was read."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._held = bytearray()  # the beginning of a line whose line break is not there yet
        self._read = 0  # bytes of the file read so far, the held ones and those beyond the limit among them
        self._unheld = 0  # bytes of the line's beginning that were not kept, because of the limit
        self.after_gap = False
        """Whether there may have been others between this one and the one before it."""

    def close(self) -> None:
        self._file.close()

    @property
    def size(self) -> int | None:
        """None where it has none, as a pipe."""
        status = os.fstat(self._file.fileno())
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    @property
    def position(self) -> int:
        return self._read

    @property
    def behind(self) -> int:
        size = self.size
        return 0 if size is None else max(0, size - self._handed_out)

    @property
    def _handed_out(self) -> int:
        return self._read - len(self._held) - self._unheld

    def lines(self, size: int | None) -> Iterator[bytes]:
        """The whole lines up to there; None: as many as there are."""
        while size is None or self._read < size:
            piece = self._file.readline(_PIECE if size is None else min(_PIECE, size - self._read))
            if not piece:
                return
            self._read += len(piece)
            whole = piece.endswith(b"\n")
            if whole and not self._held and len(piece) <= self._limit:
                yield piece
                continue
            self._hold(piece)
            if whole:
                yield from self.rest()

    def rest(self) -> Iterator[bytes]:
        """What stands behind the last line break, if anything."""
        if self._held:
            rest = bytes(self._held)
            self._forget_held()
            yield rest

    def is_same(self, other: BinaryIO) -> bool:
        return os.path.samestat(os.fstat(self._file.fileno()), os.fstat(other.fileno()))

    def is_before(self, other: BinaryIO) -> bool:
        """Whether another file was written to when this one was not any more."""
        return os.fstat(self._file.fileno()).st_mtime_ns <= os.fstat(other.fileno()).st_mtime_ns

    def was_replaced(self, path: str | os.PathLike[str]) -> bool:
        try:
            there = os.stat(path)
        except FileNotFoundError:  # renamed, and the next one does not exist yet: this one may still grow
            return False
        return not os.path.samestat(os.fstat(self._file.fileno()), there)

    def was_removed(self) -> bool:
        return os.fstat(self._file.fileno()).st_nlink == 0

    def was_truncated(self) -> bool:
        size = self.size
        return size is not None and size < self._read

    def is_final(self, files: Sequence["_File"]) -> bool:
        """Whether nobody writes to this one any more; where there are no locks, that is so when it is not the last but one."""
        if sys.platform != "win32":
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(self._file, fcntl.LOCK_UN)
            except BlockingIOError:
                return False
            except OSError:
                pass
            else:
                return True
        return self not in files[-2:]

    def skip_to_recent(self, limit: int) -> int:
        before, behind = self._handed_out, self.behind
        if behind <= limit:
            return 0
        begin = self._line_begin(before + behind - limit)
        if begin is None:
            self.seek(before)
            return 0
        self.seek(begin)
        return begin - before

    def seek(self, position: int) -> None:
        self._file.seek(position)
        self._read = position
        self._forget_held()

    def _forget_held(self) -> None:
        self._held = bytearray()
        self._unheld = 0

    def _hold(self, piece: bytes) -> None:
        kept = piece[: max(0, self._limit + 1 - len(self._held))]
        self._held += kept
        self._unheld += len(piece) - len(kept)

    def _line_begin(self, position: int) -> int | None:
        """Where the first line at or behind `position` begins."""
        position -= 1  # a line that begins exactly there has its line break just before
        self._file.seek(position)
        while piece := self._file.readline(_PIECE):
            position += len(piece)
            if piece.endswith(b"\n"):
                return position
        return None
