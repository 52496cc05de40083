"""Which records of a trace that grows are shown: those of the connections that filters mean, from their first record on.

A connection is shown as soon as it is known to be meant; until then its records are held. Not more of them than a bound,
whatever the traffic: beyond it the scopes stay, and the rest is left out. What concerns a whole process is always shown.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from .connection import Connection, proc_of
from .facts import Facts
from .filter import Filter
from .read import Line
from .records import ConnectionRecord, EndRecord, ExitRecord, ProcessRecord, Record, ScopeRecord
from .seen import Asked

MOST_HELD: Final = 4 << 20
"""How many bytes of records are held at most."""
MOST_UNDECIDED: Final = 10_000
"""How many connections may wait for being decided."""
_REMEMBERED: Final = 10_000  # connections that have ended, of which a late record may still come
_A_LINE: Final = 100  # bytes that a line weighs beside its own


@dataclass(frozen=True)
class Choice:
    """What `--only` and `--ignore` say: any of `only` (or there is none), and none of `ignore`."""

    only: Sequence[Filter] = ()
    ignore: Sequence[Filter] = ()

    def __bool__(self) -> bool:
        return bool(self.only or self.ignore)

    @cached_property
    def want(self) -> Asked:
        """What must be kept of connections, so that it can be decided."""
        wants = [chosen.want for chosen in (*self.only, *self.ignore)]
        return Asked(
            message_types=any(want.message_types for want in wants),
            headers=any(want.headers for want in wants),
            bodies=tuple(dict.fromkeys(text for want in wants for text in want.bodies)),
            texts=tuple(dict.fromkeys(text for want in wants for text in want.texts)),
        )

    def decide(self, facts: Facts, *, final: bool) -> bool | None:
        """Whether a connection is meant; None: that cannot be told yet."""
        ignored = _any([chosen.decide(facts, final=final) for chosen in self.ignore])
        if ignored:
            return False
        meant = _any([chosen.decide(facts, final=final) for chosen in self.only]) if self.only else True
        return None if ignored is None and meant else meant


ALL: Final = Choice()
"""Every connection."""


def _any(verdicts: list[bool | None]) -> bool | None:
    if any(verdicts):
        return True
    return None if None in verdicts else False


@dataclass
class _Waiting:
    """A connection that is not decided yet, and its records so far."""

    connection: Connection
    lines: list[Line] = field(default_factory=list)
    size: int = 0


class Chooser:
    """Lets the records of a trace pass that are to be shown, each once, those of one connection in their order."""

    def __init__(self, choice: Choice) -> None:
        self.left_out = 0
        """How many records of connections that were not decided were let go, as they were too many."""
        self._choice = choice
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        self._decided: OrderedDict[str, bool] = OrderedDict()
        self._ended: OrderedDict[str, bool] = OrderedDict()
        self._pids: dict[str, int] = {}
        self._held = 0

    def feed(self, line: Line) -> Sequence[Line]:
        """What is to be shown, now that this record has come."""
        record = line.record
        if isinstance(record, ProcessRecord):
            self._pids[record.proc] = record.pid
        elif isinstance(record, ExitRecord):
            self._pids.pop(record.proc, None)
            return [*self._exit(record.proc), line]
        if not self._choice or not isinstance(record, ConnectionRecord):
            return (line,)
        verdict = self._decided.get(record.conn, self._ended.get(record.conn))
        if verdict is None:
            return self._wait(line, record)
        if _ends(record):
            self._end(record.conn, verdict)
        return (line,) if verdict else ()

    def jump(self) -> None:
        """Some of the records that come next are left out, and with them perhaps the ends of connections."""
        for conn, verdict in list(self._decided.items()):
            self._end(conn, verdict)

    def finish(self) -> Sequence[Line]:
        """What is to be shown, now that nothing more comes."""
        return list(self._settle(list(self._waiting)))

    def _wait(self, line: Line, record: ConnectionRecord) -> Sequence[Line]:
        """Take in a record of a connection that is not decided yet."""
        conn = record.conn
        waiting = self._waiting.get(conn)
        if waiting is None:
            waiting = self._waiting[conn] = self._new(conn)
        waiting.connection.feed(record)
        waiting.lines.append(line)
        weight = len(line.raw) + _A_LINE
        waiting.size += weight
        self._held += weight
        ended = _ends(record)
        verdict = self._choice.decide(waiting.connection, final=ended)
        if verdict is None:
            self._keep_within_bounds()
            return ()
        return self._decide(conn, verdict, ended=ended)

    def _new(self, conn: str) -> _Waiting:
        connection = Connection(conn, keep_events=False, want=self._choice.want)
        connection.pid = self._pids.get(proc_of(conn))
        return _Waiting(connection)

    def _decide(self, conn: str, verdict: bool, *, ended: bool) -> Sequence[Line]:
        waiting = self._waiting.pop(conn)
        self._held -= waiting.size
        self._decided[conn] = verdict
        if ended:
            self._end(conn, verdict)
        return waiting.lines if verdict else ()

    def _end(self, conn: str, verdict: bool) -> None:
        self._decided.pop(conn, None)
        self._ended[conn] = verdict
        if len(self._ended) > _REMEMBERED:
            self._ended.popitem(last=False)

    def _exit(self, proc: str) -> Iterator[Line]:
        """The connections of a process that is gone are what they are."""
        yield from self._settle([conn for conn in self._waiting if proc_of(conn) == proc])
        for conn in [conn for conn in self._decided if proc_of(conn) == proc]:
            self._end(conn, self._decided[conn])

    def _settle(self, conns: list[str]) -> Iterator[Line]:
        for conn in conns:
            verdict = self._choice.decide(self._waiting[conn].connection, final=True)
            yield from self._decide(conn, bool(verdict), ended=True)

    def _keep_within_bounds(self) -> None:
        if len(self._waiting) > MOST_UNDECIDED:
            self._let_go(next(iter(self._waiting)))
        if self._held <= MOST_HELD:
            return
        for waiting in sorted(self._waiting.values(), key=lambda waiting: -waiting.size):
            if self._held <= MOST_HELD // 2:
                return
            self._thin(waiting)
        while self._held > MOST_HELD // 2:  # scopes alone
            self._let_go(next(iter(self._waiting)))

    def _thin(self, waiting: _Waiting) -> None:
        """Keep the scopes of a connection alone."""
        kept = [line for line in waiting.lines if isinstance(line.record, ScopeRecord)]
        self.left_out += len(waiting.lines) - len(kept)
        size = sum(len(line.raw) + _A_LINE for line in kept)
        self._held -= waiting.size - size
        waiting.lines, waiting.size = kept, size

    def _let_go(self, conn: str) -> None:
        """Count a connection as not meant."""
        self.left_out += len(self._waiting[conn].lines)
        self._decide(conn, False, ended=True)


def _ends(record: Record) -> bool:
    return isinstance(record, EndRecord) and record.layer == 0
