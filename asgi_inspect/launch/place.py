"""Where the trace of a run goes: a file that the user named, or one of the state folder; held open as long as the run lasts.

The servers may rotate it, or somebody take it away: then the file is held that is under its name now. A trace that is
emptied is emptied with all that was rotated away from it; a `.1` of another story stays. It is made for its owner only, and nothing that another user may have planted under its name is used: see `capture/opening`.
"""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO, Self

from ..capture.opening import exposed, open_trace
from ..capture.rotation import lock_name
from ..errors import DamagedRecordError, UsageError
from ..text import safe
from ..trace.chain import begins_as_trace, earlier_names, files_of
from ..trace.codec import decode_record
from . import locks, state

_FIRST_LINE = 1 << 20
_STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")


@dataclass
class Place:
    """The trace file of a run. `fd` appends to it, and its lock says that the run is alive."""

    path: Path
    fd: int
    ours: bool
    """Whether the file was made for this run: if nothing is ever written to it, it goes again."""
    begin: int = 0
    """Where this run begins in the file: not at 0 where it is appended to."""
    trouble: str | None = None
    """Why the file is not in the state folder, where it belongs."""
    exposed: str | None = None
    """What others may do with the file, where that is anything at all."""
    before: Path | None = None
    """The trace that stood in the file before, kept aside until this run has recorded something: it may fail to start."""
    first: BinaryIO | None = None
    """The file in which the run begins, where that is not at its beginning."""

    @classmethod
    def named(cls, out: str, *, append: bool) -> Self:
        """The file that `--out` names; a trace of before is emptied, unless `append`.

        Raises UsageError where it cannot be written, is something else than a trace, or is in use.
        """
        if os.path.abspath(out).startswith(_STREAMS):
            # As a file it would have an offset of its own, and be written over by what the server prints.
            raise UsageError(f"{safe(out)} is a stream: `-o -` writes the records to standard output.")
        path = Path(os.path.realpath(out) if os.path.islink(out) else os.path.abspath(out))
        if not _is_text(path):
            raise UsageError(
                f"{_show(path)} is no name in UTF-8, which a trace's must be; name another file with --out."
            )
        existed = os.path.exists(path)
        before = None
        fd = _open(path, os.path.abspath(out))
        try:
            _require_trace(path, fd)
            if not append:
                if os.fstat(fd).st_size and locks.in_use(path):
                    raise UsageError(
                        f"{_show(path)} is being written by another run: name another file, or add to it with --append."
                    )
                before = _set_aside(path) if os.fstat(fd).st_size else None
                with suppress(OSError):  # left by a process that was killed while it rotated that one
                    os.unlink(lock_name(str(path)))
                if before is None:
                    os.ftruncate(fd, 0)
                else:
                    os.close(fd)
                    fd = _open(path)
            elif _is_torn(fd):
                os.write(fd, b"\n")
            locks.hold(fd)
        except BaseException:
            os.close(fd)
            raise
        begin = os.fstat(fd).st_size
        first = open(path, "rb") if begin else None  # noqa: SIM115 - `close` closes it
        return cls(path, fd, ours=not existed, begin=begin, exposed=exposed(str(path)), before=before, first=first)

    @classmethod
    def in_state_folder(cls, directory: Path, environ: Mapping[str, str] = os.environ) -> Self:
        """A new file of the state folder; the oldest ones there are removed."""
        run = state.new_run(directory, datetime.now(UTC), environ)
        fd = os.open(run.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        locks.hold(fd)
        if run.trouble is None:
            state.prune(run.path.parent)
        return cls(run.path, fd, ours=True, trouble=run.trouble, exposed=exposed(str(run.path)))

    def begun(self) -> None:
        """The run has recorded something: it takes the place of the trace before."""
        if self.before is not None:
            with suppress(OSError):  # somebody removed it, or its folder
                state.remove_trace(self.before)
            self.before = None

    def follow(self) -> None:
        """Hold the file that is under the name now: the servers have rotated the trace, or somebody has taken it away."""
        with suppress(OSError):  # it is not there for the moment, or cannot be opened: the one before is as good
            found = os.stat(self.path)
            if os.path.samestat(os.fstat(self.fd), found) or not stat.S_ISREG(found.st_mode):
                return
            fd = open_trace(str(self.path), os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            locks.hold(fd)
            os.close(self.fd)
            self.fd = fd

    def files(self) -> list[tuple[str, int]]:
        """The files that this run has written, in their order, and where it begins in each."""
        names = [str(self.path)]
        with suppress(OSError):  # somebody tidies up there; whoever opens them says so
            names = files_of(self.path)
            if self.first is not None:
                mine = os.fstat(self.first.fileno())
                begun = [os.path.samestat(mine, os.stat(name)) for name in names]
                if True in begun:
                    first, *later = names[begun.index(True) :]
                    return [(first, self.begin), *((name, 0) for name in later)]
        return [(name, 0) for name in names]

    def _put_in_place(self) -> None:
        """Rename back what was renamed last, where its process ended before it could begin a new file."""
        last = f"{self.path}.1"
        if not os.path.lexists(self.path) and os.path.samestat(os.fstat(self.fd), os.lstat(last)):
            os.rename(last, self.path)

    def close(self, *, keep: bool) -> bool:
        """End of the run; whether the file is still there: it goes if it is not to be kept, or if nothing came of it.

        Never raises: somebody may have removed or replaced it meanwhile, or its folder, and how the server ended is still to be told.
        """
        with suppress(OSError):
            self._put_in_place()
        os.close(self.fd)
        if self.first is not None:
            self.first.close()
        empty = True
        with suppress(OSError):  # what stands there now, which servers may have begun anew
            empty = os.path.getsize(self.path) == 0
        if self.before is not None and empty:
            with suppress(OSError):
                _rename_trace(self.before, self.path, earlier_names(self.before))
            return False
        self.begun()
        if not keep or (empty and self.ours):
            with suppress(OSError):
                if keep:
                    self.path.unlink()
                else:
                    state.remove_trace(self.path)
                if self.trouble is not None:  # a temporary folder of its own
                    self.path.parent.rmdir()
        return os.path.exists(self.path)


def _open(path: Path, named: str | None = None) -> int:
    """Open the file, making it if it is not there; `named`: the same as the user named it, if that may be a link."""
    try:
        if os.path.exists(path) and not stat.S_ISREG(path.stat().st_mode):
            kind = "a folder: name a file in it" if path.is_dir() else "no regular file"
            raise UsageError(f"{_show(path)} is {kind}; `-o -` writes the records to standard output.")
        return open_trace(named or str(path), os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.parent.exists():
            raise UsageError(
                f"{_show(path)} cannot be written: there is no folder {_show(path.parent)}; make it first."
            ) from None
        raise UsageError(f"{_show(path)} cannot be written: {error.strerror}; name another file with --out.") from None


def _set_aside(path: Path) -> Path | None:
    """Give the trace of before another name beside its own; None where the folder does not let us."""
    aside = path.with_name(f"{path.name}.before-{os.getpid()}")
    try:
        _rename_trace(path, aside, list(takewhile(begins_as_trace, files_of(path)[-2::-1])))
    except OSError:
        return None
    return aside


def _rename_trace(path: Path, to: Path, earlier: list[str]) -> None:
    """Give a trace another name, and those of its files that were rotated away. Raises OSError where its name has to stay."""
    os.rename(path, to)
    for name in earlier:
        number = name[len(str(path)) :]
        with suppress(OSError):
            os.rename(name, f"{to}{number}")


def _require_trace(path: Path, fd: int) -> None:
    """What is not empty must be a trace: nothing else is ever emptied or added to."""
    begin = os.pread(fd, _FIRST_LINE, 0)
    line, newline, _ = begin.partition(b"\n")
    if not begin or (not newline and len(begin) == _FIRST_LINE and begin.startswith(b'{"record":"')):
        return
    try:
        decode_record(line)
    except DamagedRecordError:
        raise UsageError(
            f"{_show(path)} exists and is no trace: it stays as it is; name another file with --out."
        ) from None


def _is_text(path: Path) -> bool:
    """Whether the name can be told to the server's processes, as JSON."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_torn(fd: int) -> bool:
    """Whether the last line of the file has no end."""
    size = os.fstat(fd).st_size
    return size > 0 and os.pread(fd, 1, size - 1) != b"\n"


def _show(path: Path) -> str:
    return safe(str(path))
