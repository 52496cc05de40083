"""The lines of traces: those of some connections, wherever they stand, and whole connections made of them."""

import os
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from ..errors import DamagedRecordError
from .blocks import blocks
from .codec import decode_record
from .connection import Connection
from .fold import Fold
from .glance import glance_of
from .ids import Ids
from .parts import Part
from .places import Places
from .records import ProcessRecord, Record
from .scan import Selected, conn_in, lines_with, select
from .source import Source, open_source

PROCESS: Final = b'{"record":"process"'
_ENDED_KEPT: Final = 1000  # connections, for records that come a little after the end


def whole(lines: Iterable[bytes], processes: dict[str, ProcessRecord] | None = None) -> Iterator[Connection]:
    """The connections of which these are the lines, a little after they have ended; at last those without an end."""
    fold = Fold()
    given = Ids()
    ended: dict[str, Connection] = {}
    for line in lines:
        record = _record_in(line)
        if record is None or getattr(record, "conn", None) in given:  # one that comes too late, or a second time
            continue
        if isinstance(record, ProcessRecord) and processes is not None:
            processes.setdefault(record.proc, record)
        connection = fold.feed(record)
        if connection is not None and connection.end is not None:
            ended[connection.conn] = connection
            if len(ended) > 2 * _ENDED_KEPT:
                yield from _let_go(fold, ended, _ENDED_KEPT, given)
    yield from _let_go(fold, ended, len(ended), given)
    yield from fold.connections.values()


def _let_go(fold: Fold, ended: dict[str, Connection], count: int, given: Ids) -> Iterator[Connection]:
    for conn in list(islice(ended, count)):
        given.add(conn)
        del fold.connections[conn]
        yield ended.pop(conn)


def in_order(lines: Iterable[bytes]) -> Collection[Connection]:
    """All connections of these lines at once, with their events in order, whatever the order of the lines is."""
    fold = Fold()
    for line in lines:
        record = _record_in(line)
        if record is not None:
            fold.feed(record)
    return fold.connections.values()


def _record_in(line: bytes) -> Record | None:
    try:
        return decode_record(line)
    except DamagedRecordError:  # a glance has taken it for whole
        return None


def proc_in(line: bytes) -> str | None:
    """The process that a line is about, and no connection of it."""
    if conn_in(line) is not None:
        return None
    proc = getattr(glance_of(line), "proc", None)
    return proc if isinstance(proc, str) else None


def select_part(
    sources: list[Source],
    wanted: Container[bytes],
    damaged: Mapping[int, Container[int]],
    places: Places | None,
    part: Part,
) -> list[Selected]:
    """Where the lines of these connections stand in a part. places: where alone they are looked for, in all sources."""
    parts = [part]
    if places is not None:
        begin = part.offset + part.begin
        end = begin + part.size if part.end is None else part.offset + part.end
        parts = [
            part._replace(begin=first - part.offset, end=last - part.offset)
            for first, last in places.within(begin, end)
        ]
    return [found for one in parts for found in select(sources, one, wanted, damaged.get(part.source, ()))]


def lines_at(source: Source, selected: Iterable[Selected]) -> Iterator[bytes]:
    """The lines that were selected."""
    assert isinstance(source, str | os.PathLike)
    with open(source, "rb", buffering=0) as file:
        for one in selected:
            if isinstance(one, bytes):
                yield from filter(None, one.split(b"\n"))
                continue
            for block in blocks(file, *one):
                yield from filter(None, block.data.split(b"\n"))


def processes_in(sources: list[Source], part: Part) -> list[tuple[ProcessRecord, bytes]]:
    """The `process` records of a part, each with its line."""
    found: list[tuple[ProcessRecord, bytes]] = []
    with open_source(sources[part.source]) as opened:
        for block in blocks(opened.file, part.begin, part.end):
            for _, line in lines_with(PROCESS, block.data):
                glance = glance_of(line)
                if isinstance(glance, ProcessRecord):
                    found.append((glance, line))
    return found
