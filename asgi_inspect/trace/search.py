"""Read traces of any size: a glance at all of it, in blocks and on all cores; then whole records of what was found alone.

A file is cut into parts, each is read by whichever process is free, and what stands in two parts is put together in the order
of the file. A filter that names a text which every match must hold does not even glance at the rest: then the text is looked
for, and around each hit the lines of its connection. However a connection was found, the filter is decided on all its facts.
"""

import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from types import TracebackType
from typing import Final, Self, TypeAlias, TypeVar

from ..errors import DamagedRecordError
from .blocks import blocks
from .codec import decode_record
from .connection import Connection, Fold, proc_of
from .facts import Want
from .filter import Filter, parse_filter
from .glance import glance_of
from .ids import Ids
from .overview import Overview
from .parts import WORTH_IT, Part, divided, in_parts
from .places import Places
from .read import Damage, OnDamage, report_damage
from .records import ProcessRecord
from .scan import (
    Glanced,
    Hit,
    Selected,
    Sink,
    all_lines,
    conn_in,
    find,
    lines_with,
    look_at,
    select,
    selected_lines,
)
from .source import Renamed, Source, is_file, open_source
from .summary import Summary
from .vicinity import around

S = TypeVar("S", bound=Sink)
Progress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes that were read and those there are, on the disk; the latter 0 where it is not known."""

_MOST_HITS: Final = 100  # connections that are worth being looked up one by one
_PROCESS: Final = b'{"record":"process"'
_OF_PROCESSES: Final = ("conn", "proc")  # the terms that may name a process id
_ENDED_KEPT: Final = 1000  # connections, for records that come a little after the end


def connections(
    source: Source | Sequence[Source],
    filter: str | Filter = "",  # noqa: A002
    *,
    on_damage: OnDamage | None = None,
) -> Iterator[Connection]:
    """The connections of one or more traces, each with its events, as they end; at last those without an end.

    source: a path (also of a gzip or zstd file), `"-"` for standard input, a file object, or several of these.
    filter: which ones, in the words that `asgi-inspect help filters` lists, such as `"status:5xx path:/api/*"`.
    on_damage: called for what cannot be read; by default a warning of the logger `asgi_inspect`.
    Raises FilterError (a ValueError), NotATraceError, OSError.
    """
    with Traces(_several(source), on_damage=on_damage) as traces:
        yield from traces.connections(parse_filter(filter) if isinstance(filter, str) else filter)


class Traces:
    """One or more traces that are read together. Close it, or use it as a context manager."""

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        on_damage: OnDamage | None = None,
        progress: Progress | None = None,
        jobs: int | None = None,
    ) -> None:
        """sources: as of `connections`; a file that is named twice is read once. jobs: how many processes read (None: all)."""
        self.processes: Final[dict[str, ProcessRecord]] = {}
        """The processes that were met so far, by their `proc`."""
        self._sources = _distinct(sources)
        self._report = on_damage or report_damage
        self._progress = progress
        self._jobs = jobs
        self._kept = ExitStack()
        self._damaged: defaultdict[int, set[int]] = defaultdict(set)
        self._divided: list[Part] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was kept of standard input."""
        self._kept.close()

    # --- what one can ask ---

    def survey(self, make_sink: Callable[[], S], filter: Filter, want: Want | None = None) -> tuple[S, Overview]:  # noqa: A002
        """Give each connection that the filter wants to a sink; the sink, and what else was seen.

        make_sink: makes an empty one; there is one for each part, which `merge` then puts together.
        want: what must be kept of each connection for the sink, beside what the filter needs.
        """
        sink, overview = make_sink(), Overview()
        for found in self._glance(make_sink, filter, want, overview):
            sink.merge(found.sink)
            _take(sink, overview.absorb(found.overview), filter)
            self.processes.update(overview.processes)
        _take(sink, overview.left, filter)
        return sink, overview

    def summaries(self, filter: Filter, want: Want | None = None) -> Iterator[Summary]:  # noqa: A002
        """Each connection that the filter wants, as it ends; at last those without an end."""
        overview = Overview()
        for found in self._glance(_Listed, filter, want, overview):
            joined = overview.absorb(found.overview)
            self.processes.update(overview.processes)
            listed = _Listed()
            _take(listed, joined, filter)
            yield from sorted([*found.sink.summaries, *listed.summaries], key=_when)
        yield from (summary for summary in overview.left if filter.decide(summary, final=True))

    def lines(self, filter: Filter) -> Iterator[bytes]:  # noqa: A002
        """The lines of the connections that the filter wants, without line breaks, in the order of the trace.

        Those of processes come along: they name no connection.
        """
        if not filter:
            for source in self._sources:
                yield from all_lines(source, self._report)
            return
        self.keep_what_is_read_once()
        hits = self._hits(filter)
        if hits is None:
            chosen, overview = self.survey(_Chosen, filter)
            chosen.places.merge(Places(overview.asides))
            # Where lines are damaged, blocks are looked up by where they begin, and all of them are read again.
            places = None if any(self._damaged.values()) else chosen.places
            yield from self._select(chosen, places)
            return
        lines = self._around(hits)
        matching = {c.conn.encode() for c in _whole(lines) if filter.decide(c, final=True)} if lines else set()
        if matching:
            yield from self._process_lines(matching)
            yield from (line for line in lines if conn_in(line) in matching)

    def connections(self, filter: Filter) -> Iterator[Connection]:  # noqa: A002
        """The whole connections that the filter wants, as they end; at last those without an end."""
        return _whole(self.lines(filter), self.processes)

    # --- at a glance ---

    def _glance(
        self,
        make_sink: Callable[[], S],
        filter: Filter,  # noqa: A002
        want: Want | None,
        before: Overview,
    ) -> Iterator[Glanced[S]]:
        """A glance at each part, in their order; `before` is what was seen of all before it."""
        wanted = filter.want if want is None else _Both(filter.want, want)
        parts = self._parts()
        alone = len(parts) == 1
        total = sum(part.size for part in parts)
        told = _Told(self._progress, total)

        matches: Callable[[Summary], bool | None] = partial(filter.decide, final=True) if filter else _any
        pids = self._pids() if any(term.name in _OF_PROCESSES for term in filter.terms) else None

        def job(part: Part, known: Ids | None = None) -> Glanced[S]:
            progress = told.add if alone else None
            return look_at(
                self._sources,
                part,
                make_sink(),
                want=wanted,
                matches=matches,
                pids=pids,
                known=known,
                progress=progress,
            )

        jobs = 1 if wanted.bodies else self._jobs  # what is decoded on its way from one part to the next cannot be sent
        lines: defaultdict[int, int] = defaultdict(int)
        for part, found in zip(parts, in_parts(job, parts, jobs=jobs), strict=True):
            for damage in found.damages.all():
                self._report(Damage(damage.file, damage.line + lines[part.source], damage.reason))
            lines[part.source] += found.lines
            self._damaged[part.source] |= found.damaged_blocks
            if not alone:
                told.add(part.size)
            apart = before.given.isdisjoint(found.overview.given)
            yield found if apart else job(part, before.given)  # the file is there twice, by two names

    def _pids(self) -> dict[str, int]:
        """The process ids by `proc`, before all else is read."""
        self.keep_what_is_read_once()
        job = partial(_processes_in, self._sources)
        return {
            process.proc: process.pid for found in in_parts(job, self._parts(), jobs=self._jobs) for process, _ in found
        }

    def _parts(self) -> list[Part]:
        """All parts, the same ones whenever this is asked, also of a file that grows meanwhile."""
        parts = self._divided
        if parts:
            return parts
        offset = 0
        for number, source in enumerate(self._sources):
            size = _plain_size(source)
            if size is None:
                parts.append(Part(number, 0, None, _size(source)))
            else:
                parts += divided(number, size, offset)
                offset += size
        return parts

    # --- the lines of some ---

    def _select(self, wanted: Container[bytes], places: Places | None = None) -> Iterator[bytes]:
        """The lines of these connections. places: where alone they stand."""
        parts = self._parts()
        if any(_plain_size(source) is None for source in self._sources):
            for part in parts:
                yield from selected_lines(self._sources, part, wanted, self._damaged[part.source])
            return
        job = partial(_select_part, self._sources, wanted, self._damaged, places)
        for part, found in zip(parts, in_parts(job, parts, jobs=self._jobs), strict=True):
            yield from _lines_at(self._sources[part.source], found)

    # --- by a text ---

    def _hits(self, filter: Filter) -> list[Hit] | None:  # noqa: A002
        """Where the connections are that may match; None where a glance at all of them is the better way."""
        parts = self._parts()
        plain = all(_plain_size(source) is not None for source in self._sources)
        if not filter.literals or not plain or sum(part.size for part in parts) <= WORTH_IT:
            return None
        hits: dict[str, Hit] = {}
        told = _Told(self._progress, sum(part.size for part in parts))
        job = partial(find, self._sources, texts=filter.literals, most=_MOST_HITS)
        for part, found in zip(parts, in_parts(job, parts, jobs=self._jobs), strict=True):
            told.add(part.size)
            for hit in found:
                hits.setdefault(hit.conn, hit)
            if len(hits) > _MOST_HITS:
                return None
        return list(hits.values())

    def _around(self, hits: list[Hit]) -> list[bytes]:
        """All lines of the connections that were hit."""
        wanted = {hit.conn.encode("utf-8", "surrogatepass") for hit in hits}
        lines: list[bytes] = []
        for number, source in enumerate(self._sources):
            here = [hit for hit in hits if hit.source == number]
            found = around(source, here, wanted) if here else []
            if found is None:  # a long connection, or one that goes on in another file
                return [line for line in self._select(wanted) if conn_in(line) is not None]
            lines += found
        return lines

    def _process_lines(self, conns: Iterable[bytes]) -> Iterator[bytes]:
        """The `process` records of these connections."""
        procs = {proc_of(conn.decode("utf-8", "surrogatepass")) for conn in conns}
        job = partial(_processes_in, self._sources)
        for found in in_parts(job, self._parts(), jobs=self._jobs):
            for process, line in found:
                if process.proc in procs:
                    procs.discard(process.proc)
                    yield line
            if not procs:
                return

    # --- sources ---

    def keep_what_is_read_once(self) -> None:
        """Standard input and the like go into a file first, where they are read a second time."""
        for number, source in enumerate(self._sources):
            if is_file(source):
                continue
            self._divided = []
            with open_source(source) as opened:
                kept = self._kept.enter_context(tempfile.NamedTemporaryFile(prefix="asgi-inspect-"))  # noqa: SIM115
                for block in blocks(opened.file):
                    kept.write(block.data)
                kept.flush()
                self._sources[number] = Renamed(kept.name, opened.name)


def _several(source: Source | Sequence[Source]) -> Sequence[Source]:
    if isinstance(source, Sequence) and not isinstance(source, str):
        return source
    return [source]


def _distinct(sources: Sequence[Source]) -> list[Source]:
    """The sources without the files that are named a second time, by whichever path."""
    found: list[Source] = []
    known: set[tuple[int, int]] = set()
    for source in sources:
        if isinstance(source, str | os.PathLike) and source != "-":
            try:
                status = os.stat(source)
            except OSError:  # who opens it says so
                found.append(source)
                continue
            if (status.st_dev, status.st_ino) in known:
                continue
            known.add((status.st_dev, status.st_ino))
        found.append(source)
    return found


def _plain_size(source: Source) -> int | None:
    if not is_file(source):
        return None
    with open_source(source) as opened:
        return opened.plain_size


def _size(source: Source) -> int:
    return os.stat(source).st_size if is_file(source) else 0


# --- sinks -----------------------------------------------------------------------------------------------------------------


class _Chosen:
    """The ids of what it takes, and where their records stand."""

    def __init__(self) -> None:
        self.places = Places()
        self._ids = Ids()

    def take(self, summary: Summary) -> None:
        self._ids.add(summary.conn)
        self.places.add(summary.first_place, summary.last_place)

    def merge(self, other: Self) -> None:
        self._ids.merge(other._ids)
        self.places.merge(other.places)

    def __contains__(self, conn: object) -> bool:
        return isinstance(conn, bytes) and conn.decode("utf-8", "surrogatepass") in self._ids


class _Listed:
    """All that it takes."""

    def __init__(self) -> None:
        self.summaries: list[Summary] = []

    def take(self, summary: Summary) -> None:
        self.summaries.append(summary)

    def merge(self, other: Self) -> None:
        self.summaries += other.summaries


def _take(sink: Sink, summaries: Iterable[Summary], filter: Filter) -> None:  # noqa: A002
    for summary in summaries:
        if filter.decide(summary, final=True):
            sink.take(summary)


def _any(summary: Summary) -> bool:
    return True


def _when(summary: Summary) -> str:
    return summary.at or ""


class _Both:
    """What two want."""

    def __init__(self, one: Want, other: Want) -> None:
        self.message_types = one.message_types or other.message_types
        self.headers = one.headers or other.headers
        self.bodies = (*one.bodies, *other.bodies)
        self.texts = (*one.texts, *other.texts)


class _Told:
    """Tells how far the reading is."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def add(self, size: int) -> None:
        self._done += size
        if self._progress is not None:
            self._progress(self._done, self._total)


# --- lines -----------------------------------------------------------------------------------------------------------------


def _whole(lines: Iterable[bytes], processes: dict[str, ProcessRecord] | None = None) -> Iterator[Connection]:
    """The connections of which these are the lines, a little after they have ended; at last those without an end."""
    fold = Fold()
    given = Ids()
    ended: dict[str, Connection] = {}
    for line in lines:
        try:
            record = decode_record(line)
        except DamagedRecordError:  # a glance has taken it for whole
            continue
        if record is None or getattr(record, "conn", None) in given:  # one that comes too late, or a second time
            continue
        if isinstance(record, ProcessRecord) and processes is not None:
            processes.setdefault(record.proc, _glance_at(line))
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


def _glance_at(line: bytes) -> ProcessRecord:
    glance = glance_of(line)
    assert isinstance(glance, ProcessRecord)  # the line is a whole process record
    return glance


def _select_part(
    sources: list[Source],
    wanted: Container[bytes],
    damaged: Mapping[int, Container[int]],
    places: Places | None,
    part: Part,
) -> list[Selected]:
    parts = [part]
    if places is not None:
        begin = part.offset + part.begin
        end = begin + part.size if part.end is None else part.offset + part.end
        parts = [
            part._replace(begin=first - part.offset, end=last - part.offset)
            for first, last in places.within(begin, end)
        ]
    return [found for one in parts for found in select(sources, one, wanted, damaged.get(part.source, ()))]


def _lines_at(source: Source, selected: Iterable[Selected]) -> Iterator[bytes]:
    assert isinstance(source, str | os.PathLike)
    with open(source, "rb", buffering=0) as file:
        for one in selected:
            if isinstance(one, bytes):
                yield from filter(None, one.split(b"\n"))
                continue
            for block in blocks(file, *one):
                yield from filter(None, block.data.split(b"\n"))


def _processes_in(sources: list[Source], part: Part) -> list[tuple[ProcessRecord, bytes]]:
    found: list[tuple[ProcessRecord, bytes]] = []
    with open_source(sources[part.source]) as opened:
        for block in blocks(opened.file, part.begin, part.end):
            for _, line in lines_with(_PROCESS, block.data):
                glance = glance_of(line)
                if isinstance(glance, ProcessRecord):
                    found.append((glance, line))
    return found
