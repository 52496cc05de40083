"""Read a trace, line by line, in constant memory: damage is reported and skipped, and what follows it is read.

A line is damaged when it is no whole record: a write was cut short, two lines ran into one, rubbish was written between.
Its own beginning is lost, but a whole record that stands inside it is not: each `{"record":"` is tried again.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Final, NamedTuple, TypeAlias

from ..errors import DamagedRecordError, NotATraceError
from .chain import held_files
from .codec import TORN, decode_record
from .records import Record
from .source import CUT_OFF, Opened, Source, is_path, open_source

LINE_LIMIT: Final = 48 * 1024 * 1024
PREFACE_LIMIT: Final = 1024 * 1024
MARK: Final = b'{"record":"'

_BOM: Final = b"\xef\xbb\xbf"
_BLANK: Final = b" \t\r\n"
# What shows that a file was meant to be a trace, though its first line is damaged: a mark, also as other writers space it.
_MARK_OF_ANYONE: Final = re.compile(rb'\{\s*"record"\s*:\s*"')
# What stands behind an object that is a part of another value, so that it is no record of its own.
_INSIDE: Final = re.compile(rb"[ \t\r\n]*[,\]}]")
# A string, also one that never ends, or a brace: what is needed to find the end of an object.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[{}]', re.DOTALL)
# A damaged line may cost as much as reading it so many times: a hostile nest of marks would else cost its square.
_EFFORT: Final = 16


@dataclass(frozen=True, slots=True)
class Damage:
    """One line that could not be read: the file's name, the line's number (from 1; 0 where it is all of the file), and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


class Line(NamedTuple):
    """One record of a trace: the number of its line, its bytes without the line break, and itself.

    `record` is None for a kind of a later version. Out of a damaged line, `raw` is the part that is the record.
    """

    number: int
    raw: bytes
    record: Record | None


OnDamage: TypeAlias = Callable[[Damage], None]


def read_trace(source: Source, *, on_damage: OnDamage | None = None) -> Iterator[Record]:
    """The records of a trace, `scope` and `message` as the Python values that passed; of one that was rotated, all its files.

    source: a path, `"-"` for standard input, or a binary or text file object (read from where it stands, left open).
    on_damage: called for each line that cannot be read; by default a warning of the logger `asgi_inspect`.
    Raises NotATraceError where no record is to be found, OSError where the file cannot be opened or read; both when the first
    record is asked for. Records of kinds that this version does not know are left out.
    """
    for line in read_lines(source, on_damage=on_damage):
        if line.record is not None:
            yield line.record


def read_lines(source: Source, *, on_damage: OnDamage | None = None) -> Iterator[Line]:
    """The same as `read_trace`, each record with its raw line, for those who pass lines on unchanged."""
    with ExitStack() as stack:
        for one in held_files(source, stack) if is_path(source) else [source]:
            with open_source(one) as opened:
                parser = Parser(opened.name, on_damage=on_damage, trouble_of=opened)
                for line in raw_lines(opened.file):
                    yield from parser.line(line)
                parser.finish(opened.trouble)


def raw_lines(file: IO[bytes] | IO[str], *, limit: int = LINE_LIMIT) -> Iterator[bytes]:
    """The lines of a file with their line breaks; of one longer than `limit` only its first `limit + 1` bytes."""
    while line := _as_bytes(file.readline(limit + 1)):
        yield line
        while len(line) > limit and not line.endswith(b"\n"):
            line = _as_bytes(file.readline(limit + 1))


def _as_bytes(line: bytes | str) -> bytes:
    return line.encode("utf-8", "surrogatepass") if isinstance(line, str) else line


def parse_lines(
    lines: Iterable[bytes], *, file: str, on_damage: OnDamage | None = None, limit: int = LINE_LIMIT
) -> Iterator[Line]:
    """The records of raw lines, from whichever source: a file, or a file that is followed while it grows.

    lines: with or without their line breaks; empty ones are skipped. A line of more than `limit` bytes is damage.
    file: the name that a `Damage` bears.
    Raises NotATraceError where no line is a record or the ruin of one, or the first of them is further than `PREFACE_LIMIT`
    bytes away: a log of a container may begin with the server's own lines.
    """
    parser = Parser(file, on_damage=on_damage, limit=limit)
    for line in lines:
        yield from parser.line(line)
    parser.finish()


class Parser:
    """Makes records of raw lines, one after the other, and reports what is none."""

    def __init__(
        self,
        file: str,
        *,
        on_damage: OnDamage | None = None,
        limit: int = LINE_LIMIT,
        is_trace: bool = False,
        trouble_of: Opened | None = None,
    ) -> None:
        """file: the name that a `Damage` bears. is_trace: whether that is known already, as this is a later part of it.

        trouble_of: the source of the lines; where that is cut off, so is its last line, which is said once.
        """
        self.number = 0
        """The number of the latest line, from 1."""
        self._file = file
        self._report = on_damage or report_damage
        self._limit = limit
        self._before: list[Damage] | None = None if is_trace else []  # what stood before the first record
        self._searched = 0
        self._source = trouble_of
        self._told = False

    def skip(self, lines: int) -> None:
        """Count lines that were found to be records by somebody else."""
        self.number += lines
        self._met()

    def line(self, line: bytes) -> Iterator[Line]:
        """The record in the next line, or those in a damaged one.

        Raises NotATraceError where no record came for too long.
        """
        self.number += 1
        raw = (line.removeprefix(_BOM) if self.number == 1 else line).strip(_BLANK)
        if not raw:
            return
        try:
            if len(line) > self._limit:
                raise DamagedRecordError(f"longer than {self._limit:,} bytes")
            record = decode_record(raw)
        except DamagedRecordError as error:
            yield from self._damaged(line, raw, error)
        else:
            self._met()
            yield Line(self.number, raw, record)

    def overlong(self, beginning: bytes) -> None:
        """The next line is longer than the limit, and was not kept."""
        self.number += 1
        damage = Damage(self._file, self.number, f"longer than {self._limit:,} bytes")
        if self._before is not None and not _was_meant_as_record(beginning):
            self._before.append(damage)
            return
        self._met()
        self._report(damage)

    def finish(self, trouble: str | None = None) -> None:
        """All is read. trouble: why the source ended before its end. Raises NotATraceError where there was no record."""
        nothing_came = not self.number and trouble is not None and trouble.endswith(CUT_OFF)
        if trouble is not None and self._before is not None and not nothing_came:
            raise NotATraceError(f"{self._file} is no trace of asgi-inspect: {trouble}.")
        if trouble is not None and not self._told:
            self._report(Damage(self._file, self.number + 1, trouble))
        if self._before:
            raise NotATraceError(f"{self._file} is no trace of asgi-inspect: it holds no record.")

    def _damaged(self, line: bytes, raw: bytes, error: DamagedRecordError) -> Iterator[Line]:
        reason = str(error) if line.endswith(b"\n") else self._reason_at_the_end(error)
        damage = Damage(self._file, self.number, reason)
        if self._before is not None and not _was_meant_as_record(raw):
            self._before.append(damage)
            self._searched += len(raw)
            if self._searched > PREFACE_LIMIT:
                self.finish()
            return
        self._met()
        self._report(damage)
        if len(line) <= self._limit:
            yield from (Line(self.number, part, inner) for part, inner in whole_records(raw))

    def _reason_at_the_end(self, error: DamagedRecordError) -> str:
        """Without a line break the line's end is missing, whatever else the decoder met first; the source may know why."""
        trouble = None if self._source is None else self._source.trouble
        if trouble is None:
            return TORN if str(error).startswith("not JSON") else str(error)
        self._told = True
        return trouble

    def _met(self) -> None:
        """This is a trace: what stood before its first record was damage."""
        if self._before is None:
            return
        before, self._before = self._before, None
        for damage in before:
            self._report(damage)


def report_damage(damage: Damage) -> None:
    """What is done with damage where nobody asked for it: a warning of the logger `asgi_inspect`."""
    logging.getLogger("asgi_inspect").warning("%s", damage)


def _was_meant_as_record(raw: bytes) -> bool:
    return _MARK_OF_ANYONE.search(raw) is not None or (len(raw) > 1 and MARK.startswith(raw))


def whole_records(line: bytes) -> Iterator[tuple[bytes, Record | None]]:
    """The whole records that stand inside a damaged line, each with its bytes."""
    effort = _EFFORT * len(line) + (1 << 20)
    at = line.find(MARK)
    while at >= 0 and effort > 0:
        end = _object_end(line, at)
        if end is None:
            effort -= len(line) - at
            at = line.find(MARK, at + 1)
            continue
        try:
            part, record = line[at:end], decode_record(line[at:end])
        except DamagedRecordError:
            effort -= end - at
            at = line.find(MARK, at + 1)
            continue
        if not _INSIDE.match(line, end):
            yield part, record
        at = line.find(MARK, end)


def _object_end(line: bytes, at: int) -> int | None:
    """Where the JSON object that begins here ends, if it is one; None where its braces never close."""
    depth = 0
    for token in _TOKEN.finditer(line, at):
        match line[token.start()]:
            case 0x7B:  # {
                depth += 1
            case 0x7D:  # }
                depth -= 1
                if depth == 0:
                    return token.end()
    return None
