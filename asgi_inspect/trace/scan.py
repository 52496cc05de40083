"""What is done with one part of a trace: a glance at all of it, a search for a text in it, the lines of some connections."""

import io
import json
import operator
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Final, Generic, NamedTuple, Protocol, Self, TypeAlias, TypeVar

import orjson

from ..errors import DamagedRecordError
from .blocks import Block, blocks
from .codec import decode_record
from .facts import Facts, Want
from .glance import Glance, glance_at, glance_of, glances_of
from .ids import Ids
from .overview import Overview
from .parts import Part
from .read import Damage, Line, OnDamage, Parser
from .records import ConnectionRecord, Record
from .seen import Asked, Seen
from .source import Source, open_source

_DAMAGES_KEPT: Final = 1000
_ENDS: Final = operator.itemgetter(0, -2)  # of a line that ends with a newline
_OF_OBJECT: Final = {(ord("{"), ord("}"))}


class Sink(Protocol):
    """Takes the connections of one part, and those of the parts behind it."""

    def take(self, facts: Facts, /) -> None:
        """One more connection."""
        ...

    def merge(self, other: Self, /) -> None:
        """All that another one took."""
        ...


S = TypeVar("S", bound=Sink)


@dataclass
class Damages:
    """What could not be read of one part."""

    first: list[Damage] = field(default_factory=list)
    count: int = 0
    last: Damage | None = None

    def add(self, damage: Damage) -> None:
        """One more; of very many only the count is kept."""
        self.count += 1
        self.last = damage
        if self.count <= _DAMAGES_KEPT:
            self.first.append(damage)

    def all(self) -> Iterator[Damage]:
        """As many as there were: where too many to be kept, the last one stands for the others."""
        yield from self.first
        if self.last is not None:
            yield from repeat(self.last, self.count - len(self.first))


@dataclass
class Glanced(Generic[S]):
    """What was seen of one part."""

    overview: Overview
    sink: S
    lines: int = 0
    damages: Damages = field(default_factory=Damages)
    damaged_blocks: set[int] = field(default_factory=set)
    """Where blocks begin in which not each line is a record."""


def look_at(
    sources: list[Source],
    part: Part,
    sink: S,
    *,
    want: Want,
    matches: Callable[[Facts], bool | None],
    pids: Mapping[str, int] | None,
    known: Ids | None = None,
    progress: Callable[[int], None] | None = None,
) -> Glanced[S]:
    """A glance at all of a part: its connections that match go to the sink, but for those that are known already."""
    found = Glanced(Overview(want, pids, known), sink)
    overview = found.overview
    needles = {text: needles_of(text) for text in want.texts}
    with open_source(sources[part.source]) as opened:
        parser = Parser(opened.name, on_damage=found.damages.add, is_trace=part.begin > 0, trouble_of=opened)
        read = 0
        for block in blocks(opened.file, part.begin, part.end):
            place = part.offset + block.begin
            overview.place = (place, place + len(block.data))
            glances = glances_of(block.data) if block.overlong is None else None
            if glances is not None and _is_line_by_line(glances, block.data):
                parser.skip(len(glances))
            else:
                found.damaged_blocks.add(block.begin)
                lines = list(_parsed(block, parser))
                block = Block(block.begin, b"\n".join(line.raw for line in lines))  # noqa: PLW2901 - what is whole of it
                each = (glance_of(line.raw) or glance_at(line.record) for line in lines)
                glances = [glance for glance in each if glance is not None]
            for text, forms in needles.items():
                for conn in _conns_with(text, forms, block.data, overview):
                    overview.mark(conn, text)
            for summary in overview.feed(glances):
                if matches(summary):
                    sink.take(summary)
            if progress is not None:
                now = opened.raw.tell() if opened.raw.seekable() else 0
                progress(now - read)
                read = now
        parser.finish(opened.trouble)
    overview.linger()
    found.lines = parser.number
    return found


def _is_line_by_line(glances: list[Glance], data: bytes) -> bool:
    """Whether each line is a record: the decoder would also take two on one line, one on two lines, and empty lines."""
    lines = io.BytesIO(data).readlines()  # twice as fast as `count`
    if len(lines) != len(glances):
        return False
    last = lines.pop() if lines else b""
    # Where each line begins and ends as an object does, each of its ends is the end of one: none goes on behind it.
    try:
        ends = set(map(_ENDS, lines))
    except IndexError:  # an empty line
        return False
    return ends <= _OF_OBJECT and last[:1] == b"{" and last.rstrip(b"\n")[-1:] == b"}"


def _parsed(block: Block, parser: Parser) -> Iterator[Line]:
    """The records of a block line by line, as they are read one by one."""
    if block.overlong is not None:
        parser.overlong(block.overlong)
        return
    lines = block.data.split(b"\n")
    last = lines.pop()
    for line in lines:
        yield from parser.line(line + b"\n")
    if last:
        yield from parser.line(last)


# --- texts ---------------------------------------------------------------------------------------------------------------


def needles_of(text: str) -> list[bytes]:
    """How a text may be written in JSON: as the capture does, and with everything escaped that is not ASCII."""
    try:
        usual = orjson.dumps(text)[1:-1]
    except TypeError:  # lone surrogates
        usual = json.dumps(text)[1:-1].encode()
    return list(dict.fromkeys([usual, json.dumps(text)[1:-1].encode()]))


def lines_with(needle: bytes, data: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines in which the needle stands, and where each begins."""
    at = data.find(needle)
    while at >= 0:
        begin = data.rfind(b"\n", 0, at) + 1
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        yield begin, data[begin:end]
        at = data.find(needle, end)


def _conns_with(text: str, forms: list[bytes], data: bytes, known: Overview) -> Iterator[str]:
    """The connections in whose scope, messages or errors the text stands."""
    for needle in forms:
        for _, line in lines_with(needle, data):
            raw = conn_in(line)
            conn = None if raw is None else raw.decode("utf-8", "replace")
            if conn is not None and not known.is_marked(conn, text) and line_holds(line, text):
                yield conn


def line_holds(line: bytes, text: str) -> bool:
    """Whether a text stands in what a record carries, rather than in the record's own words."""
    record = _record_in(line)
    seen = Seen(Asked(texts=(text,)))
    if isinstance(record, ConnectionRecord):
        seen.feed(record)
    return text in seen.texts


class Hit(NamedTuple):
    """A connection in one of whose lines a text stands, and where this line begins in which source."""

    conn: str
    source: int
    at: int


def find(sources: list[Source], part: Part, *, needles: list[bytes], most: int) -> list[Hit]:
    """The connections of a part in a line of which one of these stands, wherever in it; at most so many, and one more."""
    hits: dict[str, Hit] = {}
    with open_source(sources[part.source]) as opened:
        for block in blocks(opened.file, part.begin, part.end):
            for needle in needles:
                for begin, line in lines_with(needle, block.data):
                    raw = conn_in(line)
                    if raw is not None:
                        conn = raw.decode("utf-8", "replace")
                        hits.setdefault(conn, Hit(conn, part.source, block.begin + begin))
                        if len(hits) > most:
                            return list(hits.values())
    return list(hits.values())


# --- lines ---------------------------------------------------------------------------------------------------------------

# Where the id begins in a line as the capture writes it, by the kind's first two letters.
_AT: Final = {
    kind[:2].encode(): len(f'{{"record":"{kind}","conn":"') for kind in ("scope", "receive", "send", "end", "pending")
}


def conn_in(line: bytes) -> bytes | None:
    """The id of the connection that a line names, as it stands there."""
    at = _AT.get(line[11:13])
    if at is None or line[at - 8 : at] != b'"conn":"':
        return _conn_decoded(line)
    found = line[at : line.find(b'"', at)]
    return _conn_decoded(line) if b"\\" in found else found


def _conn_decoded(line: bytes) -> bytes | None:
    conn = getattr(glance_of(line) or _record_in(line), "conn", None)
    return conn.encode("utf-8", "surrogatepass") if isinstance(conn, str) else None


def _record_in(line: bytes) -> Record | None:
    try:
        return decode_record(line)
    except DamagedRecordError:
        return None


Selected: TypeAlias = tuple[int, int] | bytes
"""Lines that were chosen: where they stand in the file, or, out of a damaged block, themselves."""


def select(
    sources: list[Source], part: Part, wanted: Container[bytes], damaged_blocks: Container[int]
) -> list[Selected]:
    """Where the lines of a part stand that name one of these connections, in order; the records of processes come along."""
    found: list[Selected] = []
    with open_source(sources[part.source]) as opened:
        for block in blocks(opened.file, part.begin, part.end):
            if block.begin in damaged_blocks:
                found.append(b"".join(line + b"\n" for line in whole_lines(block) if _names(line, wanted)))
            else:
                _select_in(block, wanted, found)
    return found


def all_lines(source: Source, on_damage: OnDamage, progress: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """The records of a source as they stand there, without line breaks; out of damaged lines, the whole ones.

    progress: called with the bytes that were read since it was called last.
    """
    with open_source(source) as opened:
        parser = Parser(opened.name, on_damage=on_damage, trouble_of=opened)
        read = 0
        for block in blocks(opened.file):
            if progress is not None and opened.raw.seekable():
                now = opened.raw.tell()
                progress(now - read)
                read = now
            glances = glances_of(block.data) if block.overlong is None else None
            if glances is not None and _is_line_by_line(glances, block.data):
                parser.skip(len(glances))
                yield from filter(None, block.data.split(b"\n"))
            else:
                yield from (line.raw for line in _parsed(block, parser))
        parser.finish(opened.trouble)


def selected_lines(
    sources: list[Source], part: Part, wanted: Container[bytes], damaged_blocks: Container[int]
) -> Iterator[bytes]:
    """The same lines themselves, as they are read: of a source that is no plain file."""
    with open_source(sources[part.source]) as opened:
        for block in blocks(opened.file, part.begin, part.end):
            whole = whole_lines(block) if block.begin in damaged_blocks else block.data.split(b"\n")
            yield from (line for line in whole if line and _names(line, wanted))


def whole_lines(block: Block) -> Iterator[bytes]:
    """The whole records of a damaged block, without line breaks."""
    parser = Parser("", on_damage=lambda damage: None, is_trace=True)
    return (line.raw for line in _parsed(block, parser))


def _select_in(block: Block, wanted: Container[bytes], found: list[Selected]) -> None:
    at = begin = block.begin
    last: bytes | None = None
    keep = False
    for line in block.data.split(b"\n"):
        conn = conn_in(line)
        if conn != last or conn is None:
            chosen = conn is None or conn in wanted
            if chosen != keep:
                if keep:
                    found.append((begin, at))
                begin, keep = at, chosen
            last = conn
        at += len(line) + 1
    if keep:
        found.append((begin, min(at, block.begin + len(block.data))))


def select_in(block: Block, wanted: Container[bytes]) -> Iterator[bytes]:
    """The lines of a block that name one of these connections."""
    return (line for line in block.data.split(b"\n") if conn_in(line) in wanted)


def _names(line: bytes, wanted: Container[bytes]) -> bool:
    conn = conn_in(line)
    return conn is None or conn in wanted
