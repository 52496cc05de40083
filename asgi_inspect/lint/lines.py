"""Lines of a trace to findings, on all cores: connections know nothing of each other, so each process judges some of them.

The first process reads and hands the lines out, by the connection that they name; those of processes and of lifespans, on which
what is right elsewhere depends, go to all. A short trace is judged here. What a process has found comes back as a list.
"""

import contextlib
import multiprocessing
import os
import pickle
import signal
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple

from ..errors import DamagedRecordError
from ..trace.codec import decode_record
from ..trace.parts import cores
from ..trace.records import Record, ScopeRecord
from ..trace.scan import conn_in
from .choice import Choice
from .finding import Finding
from .findings import Findings
from .linter import Linter

_WORTH_IT: Final = 24 << 20  # bytes: below that, starting processes costs more than they save
_CHUNK: Final = 1 << 18  # bytes that are handed out at once
_SCOPE: Final = b'{"record":"scope"'
_LIFESPAN: Final = b'"lifespan"'


class Linted(NamedTuple):
    """What came of a trace."""

    findings: list[Finding]
    """Worst first."""
    connections: int
    """How many were looked at."""
    failures: Counter[str]
    """The types of the exceptions that a fault of ours has raised, each of which cost a record its judgement."""


class WorkerLostError(Exception):
    """A process of ours was ended by somebody else, and with it went what it had found."""


def lint_lines(lines: Iterable[bytes], choice: Choice, *, jobs: int | None = None) -> Linted:
    """Judge the records that these lines hold, without line breaks; those that hold none are passed over.

    jobs: how many processes judge (None: as many as there are cores, if the trace is long). Raises WorkerLostError.
    """
    rest = iter(lines)
    jobs = cores() if jobs is None else jobs
    if jobs < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return _lint(rest, choice)
    first = list(_until(rest, _WORTH_IT))
    workers = _Workers(choice, jobs) if sum(map(len, first)) >= _WORTH_IT else None
    if workers is None or not workers.pipes:
        return _lint(chain(first, rest), choice)
    try:
        _hand_out(chain(first, rest), workers)
        return workers.finish()
    finally:
        workers.end()


def _until(lines: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The first lines, up to that many bytes."""
    for line in lines:
        yield line
        size -= len(line)
        if size <= 0:
            return


def _lint(lines: Iterable[bytes], choice: Choice, *, lifespans: bool = True) -> Linted:
    linter = Linter(choice, lifespans=lifespans)
    connections = 0
    failures = Counter[str]()
    for line in lines:
        record = _record_in(line)
        if record is not None:
            if isinstance(record, ScopeRecord) and not record.layer:
                connections += lifespans or not _is_of_lifespan(record)
            try:
                linter.feed(record)
            except Exception as own:  # noqa: BLE001 (whatever a trace holds, the rest of it is judged)
                failures[type(own).__name__] += 1
    linter.finish()
    return Linted(linter.findings, connections, failures)


def _record_in(line: bytes) -> Record | None:
    try:
        return decode_record(line)
    except DamagedRecordError:
        return None


# --- several processes ---------------------------------------------------------------------------------------------------


def _hand_out(lines: Iterable[bytes], workers: "_Workers") -> None:
    """Give each line to whom it concerns."""
    count = len(workers.pipes)
    chunks: list[list[bytes]] = [[] for _ in range(count)]
    sizes = [0] * count
    lifespans: set[bytes] = set()
    for line in lines:
        conn = conn_in(line)
        if conn is None or conn in lifespans or _begins_lifespan(line, conn, lifespans):
            numbers: Iterable[int] = range(count)
        else:
            numbers = (zlib.crc32(conn) % count,)
        for number in numbers:
            chunks[number].append(line)
            sizes[number] += len(line)
            if sizes[number] > _CHUNK:
                workers.give(number, chunks[number])
                chunks[number], sizes[number] = [], 0
    for number, chunk in enumerate(chunks):
        workers.give(number, chunk)


def _begins_lifespan(line: bytes, conn: bytes, lifespans: set[bytes]) -> bool:
    if _LIFESPAN not in line or not line.startswith(_SCOPE):
        return False
    record = _record_in(line)
    found = isinstance(record, ScopeRecord) and _is_of_lifespan(record)
    if found:
        lifespans.add(conn)
    return found


def _is_of_lifespan(record: ScopeRecord) -> bool:
    return isinstance(record.scope, dict) and record.scope.get("type") == "lifespan"


class _Workers:
    """Processes, each with a pipe of its own."""

    def __init__(self, choice: Choice, jobs: int) -> None:
        context = multiprocessing.get_context("fork")
        choice.rules()  # imported once, for all
        self.pipes: list[Connection[Any, Any]] = []
        self._processes: list[Any] = []
        with contextlib.suppress(OSError):  # no more processes are to be had
            for _ in range(jobs):
                pipe, end = context.Pipe()
                process = context.Process(target=_work, args=(choice, end, [*self.pipes, pipe]), daemon=True)
                process.start()
                end.close()
                self.pipes.append(pipe)
                self._processes.append(process)

    def give(self, number: int, chunk: list[bytes]) -> None:
        """Hand lines to one of them."""
        if not chunk:
            return
        try:
            self.pipes[number].send_bytes(b"\n".join(chunk))
        except OSError:
            raise WorkerLostError from None

    def finish(self) -> Linted:
        """Nothing more comes: what all of them have found."""
        all_linted: list[Linted] = []
        with contextlib.suppress(OSError):  # one that is gone is told of below
            for pipe in self.pipes:
                pipe.send_bytes(b"")
        for pipe in self.pipes:
            try:
                all_linted.append(pickle.loads(pipe.recv_bytes()))  # noqa: S301 - of our own process
            except (EOFError, OSError):
                raise WorkerLostError from None
        connections = sum(linted.connections for linted in all_linted)
        failures = sum((linted.failures for linted in all_linted), Counter[str]())
        return Linted(_merged(all_linted), connections, failures)

    def end(self) -> None:
        """End all of them at once."""
        for process, pipe in zip(self._processes, self.pipes, strict=True):
            process.kill()
            process.join()
            process.close()
            pipe.close()


def _merged(all_linted: Sequence[Linted]) -> list[Finding]:
    """What several processes have found."""
    found = Findings()
    found.take(sorted((finding for linted in all_linted for finding in linted.findings), key=_age))
    return found.all()


def _age(finding: Finding) -> tuple[int, str]:
    """By which the connections of one process are in the order of their beginning."""
    number = finding.conn.rpartition(".")[2]
    return (int(number) if number.isdecimal() and len(number) < 20 else 0, finding.conn)


def _work(choice: Choice, pipe: "Connection[Any, Any]", inherited: list[Any]) -> None:
    """What each process does; the first of them tells of lifespans, which all of them see."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the first process decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in inherited:
        other.close()  # so that this process ends when the first one does, however it does
    with contextlib.suppress(EOFError, OSError):  # nobody is there any more
        pipe.send_bytes(
            pickle.dumps(_lint(_given(pipe), choice, lifespans=len(inherited) == 1), pickle.HIGHEST_PROTOCOL)
        )
    os._exit(0)  # nothing of the first process is to be flushed or run twice


def _given(pipe: "Connection[Any, Any]") -> Iterator[bytes]:
    while chunk := pipe.recv_bytes():
        yield from chunk.split(b"\n")
