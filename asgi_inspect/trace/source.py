"""Where a trace is read from: a file, gzip or zstd told by its first bytes, standard input, or a file object.

What is coded is decoded as it is read. A file that is cut off, or damaged below its coding, gives what can be had of it; then
it ends, and `trouble` says why.
"""

import contextlib
import errno
import io
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Final, Protocol, Self, TypeAlias, TypeGuard

Source: TypeAlias = str | os.PathLike[str] | IO[bytes] | IO[str]

CUT_OFF: Final = "the file is cut off"
_MOVED: Final = "the trace was rotated while it was read; it has more files than may be open at once: raise `ulimit -n`"

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE: Final = b"\x2a\x4d\x18"  # behind a first byte of 0x50 to 0x5f
_CODED: Final = 1 << 16  # bytes that are read at once
_DECODED: Final = 1 << 20  # bytes that are held at once: a kilobyte may make megabytes
_ZSTD_SLICE: Final = (
    1 << 10
)  # bytes that are decoded at once, as its decoder holds all that comes of them: up to 32 MiB
_GZIP_WINDOW: Final = 31  # zlib's word for a gzip header with the largest window


def is_path(source: Source) -> TypeGuard[str | os.PathLike[str]]:
    """Whether a source is named by its path."""
    return isinstance(source, str | os.PathLike) and source != "-"


def is_file(source: Source) -> TypeGuard[str | os.PathLike[str]]:
    """Whether a source can be opened again and again, as one that has a path and is no pipe; or what cannot be opened at all."""
    if not is_path(source):
        return False
    try:
        return not stat.S_ISFIFO(os.stat(source).st_mode) and not stat.S_ISCHR(os.stat(source).st_mode)
    except OSError:  # who opens it says so
        return True


class Renamed(str):
    """A path, and the name for people of what is kept there."""

    shown: str

    def __new__(cls, path: str, shown: str) -> Self:
        """path: where it lies. shown: what it is called."""
        new = super().__new__(cls, path)
        new.shown = shown
        return new


class Standing(str):
    """The path of a file that is not held open; by the time when it is opened, another one may stand there."""

    _identity: tuple[int, int]

    def __new__(cls, path: str, status: os.stat_result) -> Self:
        """status: of the file that is meant."""
        new = super().__new__(cls, path)
        new._identity = status.st_dev, status.st_ino
        return new

    def is_there(self) -> bool:
        """Whether it still is the same."""
        try:
            status = os.stat(self)
        except FileNotFoundError:
            return False
        return self._identity == (status.st_dev, status.st_ino)


@dataclass
class Opened:
    """A source that is open."""

    file: IO[Any]
    """The bytes of the lines, decoded."""
    name: str
    """Its name for people."""
    raw: IO[Any]
    """The bytes as they lie on the disk, by which one tells how far the reading is."""

    @property
    def trouble(self) -> str | None:
        """Once all is read: why it ends before its end; None where it does not."""
        file = getattr(self.file, "raw", None)
        return file.trouble if isinstance(file, Decoded) else None

    @property
    def plain_size(self) -> int | None:
        """The size of a file in which the lines lie as they are, so that one may begin anywhere; None of any other."""
        if self.file is not self.raw:
            return None
        try:
            status = os.fstat(self.raw.fileno())
        except (OSError, ValueError, AttributeError):
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None


@contextlib.contextmanager
def open_source(source: Source) -> Iterator[Opened]:
    """Open a source, and close what was opened here; raises OSError where it cannot be opened or read.

    source: a path, `"-"` for standard input, or a binary or text file object (read from where it stands, left open).
    """
    if isinstance(source, str | os.PathLike) and source != "-":
        with open(source, "rb") as opened:
            if isinstance(source, Standing) and not source.is_there():
                raise OSError(errno.ESTALE, _MOVED, str(source))
            yield _decoded(opened, source.shown if isinstance(source, Renamed) else os.fsdecode(source))
        return
    file: IO[Any] = sys.stdin if isinstance(source, str | os.PathLike) else source
    name = "standard input" if file is sys.stdin else str(getattr(file, "name", "<stream>"))
    if isinstance(file, io.TextIOWrapper):
        if file.seekable():
            file.seek(file.tell())  # the bytes beneath go on where the text stands
        file = file.buffer
    is_text = issubclass(type(file), io.TextIOBase)
    yield Opened(file, name, file) if is_text else _decoded(file, name)


def _decoded(file: IO[bytes], name: str) -> Opened:
    """The file, or what decodes it; its first bytes are looked at and not taken."""
    begin = _peek(file)
    if begin.startswith(_GZIP):
        return Opened(io.BufferedReader(Decoded(file, "gzip", _Gzip)), name, file)
    if begin.startswith(_ZSTD) or (begin[1:] == _ZSTD_SKIPPABLE and 0x50 <= begin[0] <= 0x5F):
        return Opened(io.BufferedReader(Decoded(file, "zstd", _Zstd)), name, file)
    return Opened(file, name, file)


def _peek(file: IO[bytes]) -> bytes:
    peek: Callable[[int], bytes] | None = getattr(file, "peek", None)
    if peek is not None:  # of a pipe it waits for the first bytes
        return peek(4)[:4]
    if not file.seekable():
        return b""
    at = file.tell()
    begin = file.read(4)
    file.seek(at)
    return begin


class _DamagedError(Exception):
    """What is coded is damaged; the text is the library's reason."""

    def __init__(self, reason: Exception, before: bytes = b"") -> None:
        """before: what could be decoded before the damage."""
        super().__init__(str(reason))
        self.before = before


class _Member(Protocol):
    """One gzip member or zstd frame on its way."""

    def decode(self, data: bytes) -> bytes:
        """What comes of these bytes. Raises _DamagedError."""
        ...

    def pending(self) -> bytes:
        """Bytes that were given and not decoded yet, as so much came of those before."""
        ...

    def rest(self) -> bytes | None:
        """Once it has ended, the bytes behind its end."""
        ...


class _Gzip:
    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(_GZIP_WINDOW)

    def decode(self, data: bytes) -> bytes:
        before = self._decoder.copy()
        try:
            return self._decoder.decompress(data, _DECODED)
        except zlib.error as error:
            raise _DamagedError(error, _up_to_damage(before, data)) from error

    def pending(self) -> bytes:
        return self._decoder.unconsumed_tail

    def rest(self) -> bytes | None:
        return self._decoder.unused_data if self._decoder.eof else None


def _up_to_damage(decoder: Any, data: bytes) -> bytes:
    """What comes of the bytes before the first that is wrong."""
    pieces = []
    with contextlib.suppress(zlib.error):
        for at in range(len(data)):
            pieces.append(decoder.decompress(data[at : at + 1]))
    return b"".join(pieces)


class _Zstd:
    def __init__(self) -> None:
        import zstandard

        self._decoder = zstandard.ZstdDecompressor().decompressobj()
        self._pending = memoryview(b"")
        self._error = zstandard.ZstdError

    def decode(self, data: bytes) -> bytes:
        self._pending = memoryview(data)[_ZSTD_SLICE:]
        try:
            return self._decoder.decompress(data[:_ZSTD_SLICE])
        except self._error as error:
            raise _DamagedError(error) from error

    def pending(self) -> bytes:
        return bytes(self._pending)

    def rest(self) -> bytes | None:
        return self._decoder.unused_data + self._pending if self._decoder.eof else None


class Decoded(io.RawIOBase):
    """A coded file as the bytes that were coded: any number of members, one after the other."""

    def __init__(self, file: IO[bytes], coding: str, member: Callable[[], _Member]) -> None:
        self.trouble: str | None = None
        self._file = file
        self._coding = coding
        self._new_member = member
        self._member: _Member | None = None
        self._coded = b""
        self._ready = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            self._ready = memoryview(self._next())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _next(self) -> bytes:
        coded = self._coded or self._file.read(_CODED)
        self._coded = b""
        if not coded:
            self._ended = True
            self.trouble = None if self._member is None else f"{self._coding}: {CUT_OFF}"
            return b""
        if self._member is None:
            coded = coded.lstrip(b"\0")  # which some writers pad with, between members and at the end
            if not coded:
                return b""
            self._member = self._new_member()
        try:
            data = self._member.decode(coded)
        except _DamagedError as error:
            self._ended = True
            self.trouble = f"{self._coding}: damaged, and not readable from there on ({error})"
            return error.before
        rest = self._member.rest()
        if rest is None:
            self._coded = self._member.pending()
        else:
            self._member, self._coded = None, rest
        return data
