"""The lines of a file in blocks: whole lines, many at once, as that is how they are searched and decoded fast.

A part of a file has the lines that begin in it; so the parts of a file, one after the other, are its lines, each once.
"""

from collections.abc import Iterator
from typing import IO, Any, Final, NamedTuple

from .read import LINE_LIMIT

_BEGINNING: Final = 4096  # bytes that are kept of a line that is too long
BLOCK: Final = 64 << 10  # bytes: with what is decoded of them, about what a core's own cache holds


class Block(NamedTuple):
    """Whole lines: where they begin in the file, and their bytes, each but the last of the file with its line break."""

    begin: int
    data: bytes
    overlong: bytes | None = None
    """Where this is one line that is longer than the limit: how it begins; there are no data then."""


def blocks(file: IO[Any], begin: int = 0, end: int | None = None, *, limit: int = LINE_LIMIT) -> Iterator[Block]:
    """The lines that begin between two places in the file, the end not included; of a file that is no plain one, all.

    A line that is longer than `limit` is a block of its own, without its data: these are never in memory all at once.
    """
    at = begin
    if begin:
        found = _line_begin(file, begin)
        if found is None or (end is not None and found >= end):
            return
        at = found
    held: list[bytes] = []
    size = 0
    # One read at a time, where that can be had: a `read` that goes on until a block is full answers no Ctrl-C in between.
    read_once = getattr(file, "read1", file.read)
    while data := read_once(BLOCK):
        if isinstance(data, str):
            data = data.encode("utf-8", "surrogatepass")
        last = False
        read = at + size + len(data)
        if end is not None and read >= end:
            cut = data.find(b"\n", max(0, end - 1 - (at + size))) + 1
            last = cut > 0
        else:
            cut = data.rfind(b"\n") + 1
        if not cut:
            size += len(data)
            held.append(data)
            if size > limit:
                held = [_beginning(held)]
            continue
        yield from _whole(at, held, data[:cut], size, limit)
        at += size + cut
        if last:
            return
        held, size = [data[cut:]], len(data) - cut
    if size:
        yield Block(at, b"".join(held)) if size <= limit else Block(at, b"", _beginning(held))


def _whole(at: int, held: list[bytes], data: bytes, size: int, limit: int) -> Iterator[Block]:
    """What was held with what has come, where the line that was held is not too long."""
    first = data.index(b"\n") + 1
    if size + first <= limit:
        yield Block(at, b"".join([*held, data]))
        return
    yield Block(at, b"", _beginning([*held, data[:first]]))
    if len(data) > first:
        yield Block(at + size + first, data[first:])


def _beginning(held: list[bytes]) -> bytes:
    return next(filter(None, held), b"")[:_BEGINNING]


def _line_begin(file: IO[Any], place: int) -> int | None:
    """Where the first line at or behind a place begins; the file then stands there."""
    place -= 1  # a line that begins exactly there has its line break just before
    file.seek(place)
    while data := file.read(BLOCK):
        found = data.find(b"\n")
        if found >= 0:
            file.seek(place + found + 1)
            return int(place + found + 1)
        place += len(data)
    return None
