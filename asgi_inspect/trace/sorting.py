"""The lines of several traces in order of time, however many they are: sorted in runs, of which those that do not fit into
memory wait in temporary files, and the runs put together.

The time of a record is its own `at`, or that of its connection's scope and the microseconds since. A record that tells
neither stays behind the one that it followed. Records of the same time keep the order in which they came, and a record that
came twice, as a file and its copy were given, is there once.
"""

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import IO, Final, NamedTuple

import msgspec

from .connection import proc_of
from .quantities import moment_of

_RUN: Final = 24 << 20  # bytes of lines that are sorted at once; with their keys, about twice that in memory
_LINE: Final = Struct("<qqI")
_CONNECTIONS_KEPT: Final = 100_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LATEST: Final = 1 << 62  # microseconds; what is later is as wrong as any other


class _Timed(msgspec.Struct, gc=False):
    """What a record says of its time."""

    record: str
    proc: str | None = None
    conn: str | None = None
    layer: int = 0
    at: str | None = None
    t_us: int | None = None
    started_us: int | None = None


class Keyed(NamedTuple):
    """A line, when it was, and as which it came."""

    time: int
    """In microseconds since 1970."""
    number: int
    line: bytes


_DECODER: Final = msgspec.json.Decoder(_Timed)
_NOTHING: Final = _Timed("")


def in_order_of_time(lines: Iterable[bytes], *, run: int = _RUN) -> Iterator[bytes]:
    """The lines (without line breaks) in order of time, each of them once.

    run: how many bytes are sorted at once. Raises OSError where no temporary file can be written.
    """
    processes: dict[str, bytes] = {}
    with ExitStack() as stack:
        runs: list[Iterable[Keyed]] = []
        held: list[Keyed] = []
        size = 0
        for keyed in _keyed(lines, processes):
            held.append(keyed)
            size += len(keyed.line)
            if size > run:
                file = stack.enter_context(tempfile.TemporaryFile(prefix="asgi-inspect-"))
                runs.append(_kept(sorted(held), file))
                held, size = [], 0
        yield from _processes_first(_once(heapq.merge(*runs, sorted(held))), processes)


def _keyed(lines: Iterable[bytes], processes: dict[str, bytes]) -> Iterator[Keyed]:
    """The lines with their times. processes: where the first record of each process is put."""
    begun: dict[str, int] = {}  # when the scope of each connection was
    latest = 0
    for number, line in enumerate(lines):
        record = _timed(line)
        if record.record == "process" and record.proc is not None:
            processes.setdefault(record.proc, line)
        time = _time_of(record, begun)
        latest = latest if time is None else max(-_LATEST, min(_LATEST, time))
        yield Keyed(latest, number, line)


def _timed(line: bytes) -> _Timed:
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _NOTHING


def _time_of(record: _Timed, begun: dict[str, int]) -> int | None:
    if record.at is not None:
        moment = moment_of(record.at)
        time = None if moment is None else (moment - _EPOCH) // _MICROSECOND
        if time is not None and record.conn is not None and not record.layer:
            begun[record.conn] = time
            if len(begun) > _CONNECTIONS_KEPT:
                del begun[next(iter(begun))]
        return time
    since = record.started_us if record.t_us is None else record.t_us
    base = begun.get(record.conn or "")
    return None if base is None or since is None else base + since


def _kept(run: list[Keyed], file: IO[bytes]) -> Iterator[Keyed]:
    """The run, from now on in a file."""
    for time, number, line in run:
        file.write(_LINE.pack(time, number, len(line)) + line)
    file.seek(0)
    return _read(file)


def _read(file: IO[bytes]) -> Iterator[Keyed]:
    while head := file.read(_LINE.size):
        time, number, size = _LINE.unpack(head)
        yield Keyed(time, number, file.read(size))


def _processes_first(ordered: Iterable[bytes], processes: dict[str, bytes]) -> Iterator[bytes]:
    """Each process before all that it did: its record is made when something is written, and bears that time."""
    waiting, known = dict(processes), set(processes.values())
    for line in ordered:
        if waiting:
            record = _timed(line)
            proc = proc_of(record.conn) if record.conn is not None else record.proc
            first = waiting.pop(proc or "", None)
            if first is not None:
                yield first
        if line not in known:
            yield line


def _once(ordered: Iterable[Keyed]) -> Iterator[bytes]:
    time: int | None = None
    now: set[bytes] = set()
    for keyed in ordered:
        if keyed.time != time:
            time, now = keyed.time, set()
        if keyed.line not in now:
            now.add(keyed.line)
            yield keyed.line
