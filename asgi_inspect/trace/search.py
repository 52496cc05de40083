"""Read traces of any size: a glance at all of it, in blocks and on all cores; then whole records of what was found alone.

A file is cut into parts, each is read by whichever process is free, and what stands in two parts is put together in the order
of the file. A filter that names a text which every match must hold does not even glance at the rest: then the text is looked
for, and around each hit the lines of its connection. However a connection was found, the filter is decided on all its facts.
"""

import logging
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

from ..errors import NotATraceError
from .chain import all_files
from .connection import Connection, proc_of
from .facts import Facts, Want
from .filter import Filter, parse_filter
from .ids import Ids
from .lines import PROCESS, in_order, lines_at, proc_in, processes_in, select_part, whole
from .naming import names_connection
from .overview import Overview
from .parts import WORTH_IT, Part, divided, in_parts
from .patterns import plain
from .places import Places
from .read import Damage, OnDamage, read_lines, report_damage
from .records import ProcessRecord
from .scan import (
    Glanced,
    Hit,
    Sink,
    all_lines,
    conn_in,
    find,
    look_at,
    needles_of,
    selected_lines,
)
from .sinks import Both, Chosen, Listed, Progress, Told, take_matching, when
from .source import Renamed, Source, is_file, open_source
from .vicinity import around

S = TypeVar("S", bound=Sink)
_BEHIND_IDS: Final = (b'","n":', b'","at":', b'","layer":')
_MOST_HITS: Final = 100  # connections that are worth being looked up one by one
_COPIED: Final = 1 << 20  # bytes at once
_OF_PROCESSES: Final = ("conn", "proc")  # the terms that may name a process id


def connections(
    source: Source | Sequence[Source],
    filter: str | Sequence[str] | Filter = "",
    *,
    on_damage: OnDamage | None = None,
) -> Iterator[Connection]:
    """The connections of one or more traces, each with its events, as they end; at last those without an end.

    source: a path (also of a gzip or zstd file), `"-"` for standard input, a file object, or several of these.
    filter: which ones, in the words that `asgi-inspect help filters` lists, such as `"status:5xx path:/api/*"`; of several
    texts, all must hold.
    on_damage: called for what cannot be read; by default a warning of the logger `asgi_inspect`. That older files are gone,
    as a trace keeps no more than `keep_files` says, is no damage: that logger has it as info.
    Raises FilterError (a ValueError), NotATraceError, OSError.
    """
    with Traces(_several(source), on_damage=on_damage) as traces:
        if traces.lateness:
            logging.getLogger("asgi_inspect").info("%s", traces.lateness)
        yield from traces.connections(filter if isinstance(filter, Filter) else parse_filter(filter))


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
        """sources: as of `connections`; a file that is named twice is read once, and what was rotated away from one before it.

        jobs: how many processes read (None: all).
        """
        self.processes: Final[dict[str, ProcessRecord]] = {}
        """The processes that were met so far, by their `proc`."""
        self.begun_late: Final[list[str]] = []
        """The names of those whose older files are gone, as no more are kept than `keep_files` says."""
        self._report = on_damage or report_damage
        self._kept = ExitStack()
        self._sources = self._readable(all_files(sources, self._kept, self._cannot_read, self.begun_late.append))
        self._progress = progress
        self._jobs = jobs
        self._damaged: defaultdict[int, set[int]] = defaultdict(set)
        self._divided: list[Part] = []

    @property
    def sources(self) -> list[Source]:
        """What is read: each file, also where one source has several."""
        return self._sources

    @property
    def lateness(self) -> str:
        """The same in a sentence; empty where there are none."""
        if not self.begun_late:
            return ""
        more = f" and {len(self.begun_late) - 1:,} more" if len(self.begun_late) > 1 else ""
        return (
            f"older files of {self.begun_late[0]}{more} are gone, as a trace keeps no more than keep_files says: "
            "what it tells begins later."
        )

    def _cannot_read(self, name: str, why: str) -> None:
        self._report(Damage(name, 0, why))

    def _readable(self, sources: list[Source]) -> list[Source]:
        """Those of several that are traces; the others are reported. One alone raises its error when it is read."""
        found: list[Source] = []
        first: Exception | None = None
        for source in sources if len(sources) > 1 else ():
            try:
                if is_file(source):
                    next(read_lines(source, on_damage=lambda damage: None), None)
            except (OSError, NotATraceError) as error:
                first = first or error
                why = str(error.strerror) if isinstance(error, OSError) else "no trace of asgi-inspect"
                self._cannot_read(getattr(source, "shown", None) or os.fsdecode(source), why)  # type: ignore[arg-type]
            else:
                found.append(source)
        if first is not None and not found:
            raise first
        return found or sources

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

    def survey(self, make_sink: Callable[[], S], filter: Filter, want: Want | None = None) -> tuple[S, Overview]:
        """Give each connection that the filter wants to a sink; the sink, and what else was seen.

        make_sink: makes an empty one; there is one for each part, which `merge` then puts together.
        want: what must be kept of each connection for the sink, beside what the filter needs.
        """
        sink, overview = make_sink(), Overview()
        for found in self._glance(make_sink, filter, want, overview):
            sink.merge(found.sink)
            take_matching(sink, overview.absorb(found.overview), filter)
            self.processes.update(overview.processes)
        take_matching(sink, overview.rest(), filter)
        if overview.disordered:
            sink = make_sink()
            take_matching(sink, self._in_order(), filter)
        return sink, overview

    def summaries(self, filter: Filter, want: Want | None = None) -> Iterator[Facts]:
        """Each connection that the filter wants, as it ends; at last those without an end."""
        if filter.want.bodies:  # which may stand there in any order, and no row that was given can be taken back
            yield from sorted(self.survey(Listed, filter, want)[0].connections, key=when)
            return
        overview = Overview()
        for found in self._glance(Listed, filter, want, overview):
            joined = overview.absorb(found.overview)
            self.processes.update(overview.processes)
            listed = Listed()
            take_matching(listed, joined, filter)
            yield from sorted([*found.sink.connections, *listed.connections], key=when)
        yield from (summary for summary in overview.rest() if filter.decide(summary, final=True))

    def lines(self, filter: Filter) -> Iterator[bytes]:
        """The lines of the connections that the filter wants, without line breaks, in the order of the trace.

        Those of processes come along: they name no connection.
        """
        if not filter:
            told = Told(self._progress, sum(map(_size, self._sources)))
            for source in self._sources:
                yield from all_lines(source, self._report, told.add)
            return
        self.keep_what_is_read_once()
        hits = self._hits(filter)
        if hits is None:
            chosen, overview = self.survey(Chosen, filter)
            chosen.places.merge(Places(overview.asides))
            # Where lines are damaged, blocks are looked up by where they begin, and all of them are read again.
            places = None if any(self._damaged.values()) or overview.disordered else chosen.places
            yield from self._select(chosen, places)
            return
        lines = self._around(hits)
        processes = list(self._process_lines(hit.conn for hit in hits)) if hits else []
        found = whole([*processes, *lines])
        matching = {c.conn.encode("utf-8", "surrogatepass") for c in found if filter.decide(c, final=True)}
        if matching:
            procs = {proc_of(conn.decode("utf-8", "replace")) for conn in matching}
            yield from (line for line in processes if proc_in(line) in procs)
            yield from (line for line in lines if conn_in(line) in matching or proc_in(line) in procs)

    def connections(self, filter: Filter, clean: Callable[[bytes], bytes | None] | None = None) -> Iterator[Connection]:
        """The whole connections that the filter wants, as they end; at last those without an end.

        clean: what makes of a line the one that is taken; None: left out.
        """
        lines = self.lines(filter)
        if clean is not None:
            lines = (line for line in map(clean, lines) if line is not None)
        return whole(lines, self.processes)

    def _in_order(self) -> Iterable[Connection]:
        """All connections, their events put in order: of a trace in which they are not, as somebody has sorted its lines."""
        return in_order(line for source in self._sources for line in all_lines(source, lambda damage: None))

    # --- at a glance ---

    def _glance(
        self,
        make_sink: Callable[[], S],
        filter: Filter,
        want: Want | None,
        before: Overview,
    ) -> Iterator[Glanced[S]]:
        """A glance at each part, in their order; `before` is what was seen of all before it."""
        wanted = filter.want if want is None else Both(filter.want, want)
        if wanted.bodies:  # one that is decoded on its way from part to part cannot be sent from process to process
            self._divided = [Part(number, 0, None, _size(source)) for number, source in enumerate(self._sources)]
        parts = self._parts()
        alone = len(parts) == 1
        total = sum(part.size for part in parts)
        told = Told(self._progress, total)

        matches = partial(filter.decide, final=True)
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

        jobs = 1 if wanted.bodies else self._jobs
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
        job = partial(processes_in, self._sources)
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
        job = partial(select_part, self._sources, wanted, self._damaged, places)
        for part, found in zip(parts, in_parts(job, parts, jobs=self._jobs), strict=True):
            yield from lines_at(self._sources[part.source], found)

    # --- by a text ---

    def _hits(self, filter: Filter) -> list[Hit] | None:
        """Where the connections are that may match; None where a glance at all of them is the better way."""
        parts = self._parts()
        plain = all(_plain_size(source) is not None for source in self._sources)
        if not plain or sum(part.size for part in parts) <= WORTH_IT:
            return None
        needles = self._needles(filter)
        if not needles:
            return None
        hits: dict[str, Hit] = {}
        told = Told(self._progress, sum(part.size for part in parts))
        job = partial(find, self._sources, needles=needles, most=_MOST_HITS)
        for part, found in zip(parts, in_parts(job, parts, jobs=self._jobs), strict=True):
            told.add(part.size)
            for hit in found:
                hits.setdefault(hit.conn, hit)
            if len(hits) > _MOST_HITS:
                return None
        return list(hits.values())

    def _needles(self, filter: Filter) -> list[bytes]:
        """What stands in some line of each match, as it is written there; one of these, or none is known."""
        for term in filter.terms:
            if term.name == "conn" and not term.negated:
                return [needle for value in term.values for needle in self._ids_called(plain(value))]
        return [needle for text in filter.literals for needle in needles_of(text)]

    def _ids_called(self, text: str) -> list[bytes]:
        """The ids, or their ends, that a person may call so, as they are written."""
        number = text.rpartition("#")[2]
        if "#" not in text and not text.isdecimal():
            return [needle + b'"' for needle in needles_of(text)]
        pids = self._pids()
        ids = [f"{proc}.{number}" for proc, pid in pids.items() if names_connection(text, f"{proc}.{number}", pid)]
        lost = [needle + key for needle in needles_of(f".{number}") for key in _BEHIND_IDS]  # that of the process
        return lost + [b'"%s"' % needle for conn in ids for needle in needles_of(conn)]

    def _around(self, hits: list[Hit]) -> list[bytes]:
        """All lines of the connections that were hit."""
        wanted = {hit.conn.encode("utf-8", "surrogatepass") for hit in hits}
        lines: list[bytes] = []
        for number, source in enumerate(self._sources):
            here = [hit for hit in hits if hit.source == number]
            found = around(source, here, wanted) if here else []
            if found is None:  # a long connection, or one that goes on in another file
                return [line for line in self._select(wanted) if not line.startswith(PROCESS)]
            lines += found
        return lines

    def _process_lines(self, conns: Iterable[str]) -> Iterator[bytes]:
        """The `process` records of these connections."""
        procs = set(map(proc_of, conns))
        job = partial(processes_in, self._sources)
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
                while data := opened.file.read(_COPIED):
                    kept.write(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
                kept.flush()
                self._sources[number] = Renamed(kept.name, opened.name)


def _several(source: Source | Sequence[Source]) -> Sequence[Source]:
    if isinstance(source, Sequence) and not isinstance(source, str):
        return source
    return [source]


def _plain_size(source: Source) -> int | None:
    if not is_file(source):
        return None
    with open_source(source) as opened:
        return opened.plain_size


def _size(source: Source) -> int:
    return os.stat(source).st_size if is_file(source) else 0
