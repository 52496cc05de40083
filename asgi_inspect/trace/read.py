"""Read a trace, line by line, in constant memory: damage is reported and skipped, and what follows it is read.

A line is damaged when it is no whole record: a write was cut short, two lines ran into one, rubbish was written between.
Its own beginning is lost, but a whole record that stands inside it is not: each `{"record":"` is tried again.
"""

import contextlib
import io
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Final, NamedTuple, TypeAlias

from ..errors import DamagedRecordError, NotATraceError
from .codec import TORN, decode_record
from .records import Record

LINE_LIMIT: Final = 256 * 1024 * 1024
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

Source: TypeAlias = str | os.PathLike[str] | IO[bytes] | IO[str]


@dataclass(frozen=True, slots=True)
class Damage:
    """One line that could not be read: the file's name, the line's number (from 1), and the reason."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


class Line(NamedTuple):
    """One record of a trace: the number of its line, its bytes without the line break, and itself.

    `record` is None for a kind of a later version. Out of a damaged line, `raw` is the part that is the record.
    """

    number: int
    raw: bytes
    record: Record | None


OnDamage: TypeAlias = Callable[[Damage], None]


def read_trace(source: Source, *, on_damage: OnDamage | None = None) -> Iterator[Record]:
    """The records of a trace, `scope` and `message` as the Python values that passed.

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
    with open_source(source) as (file, name):
        yield from parse_lines(raw_lines(file), file=name, on_damage=on_damage)


@contextlib.contextmanager
def open_source(source: Source) -> Iterator[tuple[IO[Any], str]]:
    """The file behind a source, and its name for people; only what was opened here is closed at the end."""
    if isinstance(source, str | os.PathLike) and source != "-":
        with open(source, "rb") as opened:
            yield opened, os.fsdecode(source)
        return
    file: IO[Any] = sys.stdin if isinstance(source, str | os.PathLike) else source
    name = str(getattr(file, "name", "<stream>"))
    if isinstance(file, io.TextIOWrapper):
        if file.seekable():
            file.seek(file.tell())  # the bytes beneath go on where the text stands
        file = file.buffer
    yield file, name


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
    report = on_damage or _warn
    before: list[Damage] | None = []  # what stood before the first record; None once there was one
    searched = 0
    for number, line in enumerate(lines, 1):
        raw = (line.removeprefix(_BOM) if number == 1 else line).strip(_BLANK)
        if not raw:
            continue
        record: Record | None = None
        damage: Damage | None = None
        try:
            if len(line) > limit:
                raise DamagedRecordError(f"longer than {limit:,} bytes")
            record = decode_record(raw)
        except DamagedRecordError as error:
            damage = Damage(file, number, str(error) if line.endswith(b"\n") else _reason_at_the_end(error))
            if before is not None and not _was_meant_as_record(raw):
                before.append(damage)
                searched += len(raw)
                if searched > PREFACE_LIMIT:
                    break
                continue
        for earlier in before or ():
            report(earlier)
        before = None
        if damage is None:
            yield Line(number, raw, record)
        else:
            report(damage)
            if len(line) <= limit:
                yield from (Line(number, part, inner) for part, inner in whole_records(raw))
    if before:
        raise NotATraceError(f"{file} is no trace of asgi-inspect: it holds no record.")


def _warn(damage: Damage) -> None:
    logging.getLogger("asgi_inspect").warning("%s", damage)


def _was_meant_as_record(raw: bytes) -> bool:
    return _MARK_OF_ANYONE.search(raw) is not None or (len(raw) > 1 and MARK.startswith(raw))


def _reason_at_the_end(error: DamagedRecordError) -> str:
    """Without a line break the line's end is missing, whatever else the decoder met first."""
    return TORN if str(error).startswith("not JSON") else str(error)


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
