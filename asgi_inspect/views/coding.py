"""Content codings (gzip, deflate, br, zstd, several in a row), undone as the bytes come; in pieces, and never more than a limit.

Nothing raises, whatever the bytes are: what could be decoded is given out, and `trouble` says in words what could not. A body
that bears the name of a coding and is none (a middleware forgot to code it) is given out as it is.
"""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any, Final, Protocol, TypeAlias

from .spans import size_text

LIMIT: Final = 64 << 20  # bytes decoded; a bomb of some KiB makes gigabytes
_PIECE: Final = 1 << 16  # bytes that are decoded at once, where the library can be told
_SLICE: Final = (
    256  # bytes coded that br and zstd get at once; zstd, which knows no bound, makes at most 128 KiB of 4 bytes
)
_STREAMED: Final = 1 << 14  # bytes coded: what follows a stream that ends is copied, and should not be much
_ZLIB_SLICE: Final = 1 << 14  # bytes coded between two marks to which a damaged body goes back
_ZSTD_WINDOW: Final = 8 << 20  # bytes; RFC 9659 forbids more in HTTP
_MOST_CODINGS: Final = 4  # in a row; real ones have one
_MOST_STREAMS: Final = 10_000  # one after the other; to begin an empty one, of 20 bytes, takes its time
_LONGEST_NAME: Final = 40
_HELD: Final = 1 << 12  # bytes that are remembered until the first of them is decoded

_Pieces: TypeAlias = Iterator[bytes]


class Decoder:
    """The codings of one body. Feed it the body chunk by chunk, and finish."""

    def __init__(self, codings: list[str], *, limit: int = LIMIT) -> None:
        """codings: their names in the order in which they were applied. limit: in bytes decoded, of each of them."""
        self._stages: Final[list[_Stage]] = []
        self._unknown: str | None = None
        for name in reversed(codings):
            maker = _MAKERS.get(name)
            if maker is None or len(self._stages) == _MOST_CODINGS:  # what lies below stays as it is
                self._unknown = f"content coding {name[:_LONGEST_NAME]} is unknown: as it was sent"
                break
            self._stages.append(_Stage(name, maker, limit))

    @property
    def trouble(self) -> str | None:
        """What could not be decoded, and why; None where all went well so far."""
        return next((stage.trouble for stage in self._stages if stage.trouble), self._unknown)

    def feed(self, chunk: bytes) -> bytes:
        """What the next chunk of the body adds."""
        return _joined(self.pieces(chunk))

    def finish(self) -> bytes:
        """What was still held back; after this, a body that breaks off is a trouble."""
        return b"".join(self._finished())

    def pieces(self, chunk: bytes) -> _Pieces:
        """The same as `feed`, bit by bit, for those who need not hold all of it at once: exhaust it."""
        given: Iterable[bytes] = (chunk,)
        for stage in self._stages:
            given = _through(stage, given)
        yield from given

    def _finished(self) -> _Pieces:
        for number, stage in enumerate(self._stages):
            given: Iterable[bytes] = stage.finish()
            for later in self._stages[number + 1 :]:
                given = _through(later, given)
            yield from given


def decoder_for(content_encoding: str | None, *, limit: int = LIMIT) -> Decoder | None:
    """What undoes the codings that a content-encoding header names; None where there are none."""
    names = [name.strip().lower() for name in (content_encoding or "").split(",")]
    names = [name for name in names if name not in ("", "identity")]
    return Decoder(names, limit=limit) if names else None


def _through(stage: "_Stage", given: Iterable[bytes]) -> _Pieces:
    for chunk in given:
        yield from stage.feed(chunk)


def _joined(pieces: _Pieces) -> bytes:
    """All of them; their bytes are held once."""
    whole = BytesIO()
    for piece in pieces:
        whole.write(piece)
    return whole.getvalue()


class _Codec(Protocol):
    """One coding by its library; raises whatever that raises."""

    ended: bool
    """Whether it stands behind the end of a stream."""
    rest: bytes
    """What followed that end."""

    def feed(self, chunk: bytes) -> _Pieces: ...


class _Stage:
    """One coding, guarded: bounded, and silent after the first trouble."""

    def __init__(self, name: str, maker: "type[_Codec]", limit: int) -> None:
        self.trouble: str | None = None
        self._name = name
        self._maker = maker
        self._limit = limit
        self._codec: _Codec | None = None
        self._given = 0
        self._fed = False
        self._streams = 0
        self._held: bytes | None = b""
        self._plain = False

    def feed(self, chunk: bytes) -> _Pieces:
        if self._plain:
            yield chunk
        if self.trouble is not None or not chunk:
            return
        self._fed = True
        self._hold(chunk)
        try:
            yield from self._decoded(chunk)
        except ImportError:
            self.trouble = f"{self._name} cannot be decoded here: its package is not installed"
            yield from self._as_it_is()
        except Exception:  # noqa: BLE001 - each library has its own; what was wrong is said in our own words
            begin = _BEGIN.get(self._name)
            if self._held is not None and (begin is None or not self._held.startswith(begin)):
                self.trouble = f"said to be {self._name}, but is not"
                yield from self._as_it_is()
            else:
                self.trouble = f"{self._name} data damaged after {size_text(self._given)} decoded"

    def _hold(self, chunk: bytes) -> None:
        """Remember what came, for it may prove to be no such coding at all."""
        if self._held is not None:
            self._held = self._held + chunk if len(self._held) <= _HELD else None

    def _as_it_is(self) -> _Pieces:
        held, self._held, self._plain = self._held, None, True
        if held:
            yield held

    def _decoded(self, chunk: bytes) -> _Pieces:
        for begin in range(0, len(chunk), _STREAMED):
            yield from self._decoded_slice(chunk[begin : begin + _STREAMED])
            if self.trouble is not None:
                return

    def _decoded_slice(self, chunk: bytes) -> _Pieces:
        while chunk:
            codec = self._codec
            if codec is None or codec.ended:  # another stream may follow the first, of gzip and of zstd
                self.trouble = self._why_no_other(chunk)
                if self.trouble is not None:
                    return
                codec = self._codec = self._maker()
                self._streams += 1
            for piece in codec.feed(chunk):
                yield from self._bounded(piece)
                if self.trouble is not None:
                    return
            chunk = codec.rest if codec.ended else b""

    def _why_no_other(self, chunk: bytes) -> str | None:
        """Why no stream is decoded that begins with these bytes."""
        if self._codec is not None and not _begins_again(self._name, chunk):
            return f"more bytes after the end of the {self._name} data"
        if self._streams >= _MOST_STREAMS:
            return f"only the first {_MOST_STREAMS:,} streams of the {self._name} data decoded"
        return None

    def _bounded(self, piece: bytes) -> _Pieces:
        if not piece:
            return
        self._held = None
        room = self._limit - self._given
        if len(piece) > room:
            piece = piece[: max(0, room)]
            self.trouble = f"only the first {size_text(self._limit)} decoded"
        self._given += len(piece)
        if piece:
            yield piece

    def finish(self) -> _Pieces:
        if self._fed and self.trouble is None and (self._codec is None or not self._codec.ended):
            self.trouble = f"{self._name} data breaks off"
        return iter(())


# With what each begins, as far as it can be told; of these, a second stream may follow the first.
_BEGIN: Final = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"(\xb5/\xfd"}


def _begins_again(name: str, rest: bytes) -> bool:
    begin = _BEGIN.get(name)
    return begin is not None and rest.startswith(begin[: len(rest)])


class _Zlib:
    """zlib's own loop: at most so much at once, and what was not used yet comes again."""

    def __init__(self, wbits: int) -> None:
        self._library = zlib.decompressobj(wbits)
        self.rest = b""

    @property
    def ended(self) -> bool:
        return self._library.eof

    def feed(self, chunk: bytes) -> _Pieces:
        for begin in range(0, len(chunk), _ZLIB_SLICE):
            mark, given = self._library.copy(), 0
            coded = chunk[begin : begin + _ZLIB_SLICE]
            try:
                for piece in self._decoded(coded):
                    yield piece
                    given += len(piece)
            except zlib.error:  # which takes along what was decoded just before the fault
                yield from self._up_to_the_fault(mark, coded, given)
                raise
            if self._library.eof:
                self.rest = self._library.unused_data + chunk[begin + _ZLIB_SLICE :]
                return

    def _decoded(self, coded: bytes) -> _Pieces:
        while True:
            piece = self._library.decompress(coded, _PIECE)
            yield piece
            coded = self._library.unconsumed_tail
            if self._library.eof or (not coded and len(piece) < _PIECE):
                return

    def _up_to_the_fault(self, mark: Any, coded: bytes, given: int) -> _Pieces:
        """Byte by byte from the mark on, without what was given out already."""
        self._library = mark
        with suppress(zlib.error):
            for index in range(len(coded)):
                for piece in self._decoded(coded[index : index + 1]):
                    yield piece[given:]
                    given = max(0, given - len(piece))


class _Gzip(_Zlib):
    def __init__(self) -> None:
        super().__init__(16 + zlib.MAX_WBITS)


class _Deflate:
    """The specification's deflate is in zlib's frame; some send it bare. The first two bytes tell."""

    def __init__(self) -> None:
        self._head = b""
        self._inner: _Zlib | None = None

    @property
    def ended(self) -> bool:
        return self._inner is not None and self._inner.ended

    @property
    def rest(self) -> bytes:
        return b"" if self._inner is None else self._inner.rest

    def feed(self, chunk: bytes) -> _Pieces:
        if self._inner is None:
            chunk = self._head + chunk
            if len(chunk) < 2:
                self._head = chunk
                return
            framed = chunk[0] & 0x0F == 8 and (chunk[0] << 8 | chunk[1]) % 31 == 0
            self._inner = _Zlib(zlib.MAX_WBITS if framed else -zlib.MAX_WBITS)
        yield from self._inner.feed(chunk)


class _Brotli:
    def __init__(self) -> None:
        import brotli  # type: ignore[import-untyped]  # it has no annotations

        self._library: Any = brotli.Decompressor()
        self.rest = b""  # what follows in the same slice is damage to the library

    @property
    def ended(self) -> bool:
        return bool(self._library.is_finished())

    def feed(self, chunk: bytes) -> _Pieces:
        for begin in range(0, len(chunk), _SLICE):
            yield from self._decoded(chunk[begin : begin + _SLICE])
            if self._library.is_finished():
                self.rest = chunk[begin + _SLICE :]
                return

    def _decoded(self, coded: bytes) -> _Pieces:
        yield self._library.process(coded, output_buffer_limit=_PIECE)
        while not self._library.is_finished():
            piece = self._library.process(b"", output_buffer_limit=_PIECE)
            if not piece and self._library.can_accept_more_data():
                return
            yield piece


class _Zstd:
    def __init__(self) -> None:
        import zstandard

        self._library: Any = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        self.rest = b""

    @property
    def ended(self) -> bool:
        return bool(self._library.eof)

    def feed(self, chunk: bytes) -> _Pieces:
        for begin in range(0, len(chunk), _SLICE):
            yield self._library.decompress(chunk[begin : begin + _SLICE])
            if self._library.eof:
                self.rest = self._library.unused_data + chunk[begin + _SLICE :]
                return


_MAKERS: Final[dict[str, Any]] = {
    "gzip": _Gzip,
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}
