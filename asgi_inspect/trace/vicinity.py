"""Around the one line that is known of a connection, all its lines: they stand near each other, as a connection is written
when it ends.
"""

import os
from collections.abc import Container, Iterable, Iterator
from typing import IO, Final

from .blocks import BLOCK, blocks
from .glance import EndGlance, glance_of
from .places import Places
from .scan import Hit, lines_with, select_in
from .source import Source

_FAR: Final = 64 << 20  # bytes: what goes on for longer is looked for in all of the file
_EVERYWHERE: Final = 1 << 62
_AFTER: Final = 4 << 20  # bytes behind the end, for records that come a little later


def around(source: Source, hits: Iterable[Hit], wanted: Container[bytes]) -> list[bytes] | None:
    """The lines of the connections that were hit, in their order; None where one of them is too long for that.

    source: the plain file in which the hits are. wanted: the ids of these connections.
    """
    assert isinstance(source, str | os.PathLike)
    with open(source, "rb", buffering=0) as file:
        found = Places()
        for hit in hits:
            begin, end = _begin_of(file, hit), _end_of(file, hit)
            if begin is None or end is None:
                return None
            found.add(begin, end + _AFTER)
        return [line for begin, end in found.within(0, _EVERYWHERE) for line in _lines(file, begin, end, wanted)]


def _lines(file: IO[bytes], begin: int, end: int, wanted: Container[bytes]) -> Iterator[bytes]:
    file.seek(begin)
    for block in blocks(file, begin, end):
        yield from select_in(block, wanted)


def _begin_of(file: IO[bytes], hit: Hit) -> int | None:
    """Where the outermost scope of a connection stands, at or before the line that was hit."""
    needle = f'{{"record":"scope","conn":"{hit.conn}","at":'.encode()
    if len(needle) > BLOCK:
        return None
    end = hit.at + len(needle)
    while end > max(0, hit.at - _FAR):
        begin = max(0, end - BLOCK)
        file.seek(begin)
        data = _read(file, end - begin)
        at = data.rfind(needle)
        if at >= 0:
            return begin + at
        end = begin + len(needle) - 1 if begin else 0
    return None


def _end_of(file: IO[bytes], hit: Hit) -> int | None:
    """Where the line of its end begins, at or behind the line that was hit."""
    needle = f'{{"record":"end","conn":"{hit.conn}",'.encode()
    file.seek(hit.at)
    for block in blocks(file, hit.at, hit.at + _FAR):
        for begin, line in lines_with(needle, block.data):
            glance = glance_of(line)
            if isinstance(glance, EndGlance) and not glance.layer:
                return block.begin + begin
    return None


def _read(file: IO[bytes], size: int) -> bytes:
    pieces = []
    while size > 0 and (data := file.read(size)):
        pieces.append(data)
        size -= len(data)
    return b"".join(pieces)
