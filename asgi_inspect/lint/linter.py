"""Records in, findings out: the linter, which does no I/O and keeps of a trace what its open connections need.

For each record the rules are asked that are about such a moment, before the talk takes it in. What is told of one connection is
told once for each rule and key; over all connections findings that tell the same story become one, with a count.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import UNSET

from ..protocol.alphabet import symbol_of
from ..trace.connection import proc_of
from ..trace.records import (
    EndRecord,
    PendingRecord,
    ProcessRecord,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SentRecord,
)
from .choice import Choice
from .dispatch import Dispatch, Plan, dispatch_of
from .event import Event
from .finding import Finding, Severity
from .findings import Findings, is_told_once
from .kinds import text_of
from .layers import Connection
from .process import Process
from .rule import Found, Rule
from .talk import Talk

_MOST_OPEN: Final = 100_000  # connections; of those without an end the oldest are let go
_MOST_PROCESSES: Final = 10_000
_MOST_ONCE: Final = 10_000  # stories that are told once
_MOST_ENDED: Final = 1_000  # connections that are remembered for what may come after their end
_OF_CONNECTIONS: Final = frozenset(
    {"L206"}
)  # told in a lifespan of other connections, which another linter does not see
_DEFAULT: Final = Choice()


class Linter:
    """Judges the records of a trace, in the order in which they stand there."""

    def __init__(self, choice: Choice = _DEFAULT, *, lifespans: bool = True) -> None:
        """lifespans: False looks at those, on which what is right elsewhere depends, and leaves it to another one to tell of them."""
        self._choice = choice
        self._lifespans = lifespans
        self._dispatch: Dispatch = dispatch_of(choice.rules())
        self._processes: dict[str, Process] = {}
        self._open: dict[str, Connection] = {}
        self._ended: dict[str, Connection] = {}
        self._findings = Findings()
        self._told_once: set[tuple[str, str, str, Severity]] = set()
        self._take: dict[type[Any], Callable[[Any], list[Finding]]] = {
            ProcessRecord: self._process,
            ScopeRecord: self._scope,
            ReceiveRecord: self._receive,
            SendRecord: self._send,
            SentRecord: self._sent,
            PendingRecord: self._pending,
            EndRecord: self._end,
        }

    def feed(self, record: Record) -> list[Finding]:
        """The findings that this very record proves, each with a count of 1; nearly always none."""
        take = self._take.get(type(record))
        return _NONE if take is None else take(record)

    def finish(self) -> None:
        """The trace is over: what is still open has no end to be judged."""
        for connection in self._open.values():
            self._findings.add(connection)
        self._open.clear()

    @property
    def findings(self) -> list[Finding]:
        """What was found in all connections that have ended, worst first; each story once, with its count."""
        return self._findings.all()

    # --- records ---

    def _process(self, record: ProcessRecord) -> list[Finding]:
        self._process_of(record.proc).server = record.server
        return _NONE

    def _process_of(self, proc: str) -> Process:
        found = self._processes.get(proc)
        if found is None:
            found = self._processes[proc] = Process()
            if len(self._processes) > _MOST_PROCESSES:
                del self._processes[next(iter(self._processes))]
        return found

    def _scope(self, record: ScopeRecord) -> list[Finding]:
        connection = self._open.get(record.conn)
        if connection is None:
            if record.layer or record.conn in self._ended:  # its beginning is not in the trace, or all of it was there
                return _NONE
            connection = Connection(record.conn, self._process_of(proc_of(record.conn)))
            self._open[record.conn] = connection
            if len(self._open) > _MOST_OPEN:
                oldest = self._open.pop(next(iter(self._open)))
                self._findings.add(oldest)
                oldest.process.open.pop(oldest.conn, None)
        talk = connection.enter(record)
        event = Event(None, 0, 0, 0, "", "", record.scope, record=record)
        return self._ask(connection, talk, event, self._dispatch.at("scope", talk.type))

    def _receive(self, record: ReceiveRecord) -> list[Finding]:
        connection = self._open.get(record.conn) or self._ended.get(record.conn)
        talk = None if connection is None else connection.talk_at(record.n, record.layer)
        if connection is None or talk is None:
            return _NONE
        began = record.t_us - record.wait_us
        message = record.message
        if message is UNSET and record.same is not None:
            message = connection.same(record.same)
        if message is UNSET:
            if record.outcome is None:
                talk.incomplete = True  # it is `same` as one that is lost
                return _NONE
            event = Event(
                "receive", record.n, record.t_us, began, outcome=record.outcome, error=record.error, record=record
            )
            found = self._ask(connection, talk, event, self._dispatch.at("receive failed", talk.type))
            talk.take_receive_failure(event)
            return found
        connection.remember(record.n, message)
        kind = text_of(message.get("type")) if isinstance(message, dict) else ""
        symbol = symbol_of(kind, message) if kind else ""
        event = Event("receive", record.n, record.t_us, began, kind, symbol, message, record=record)
        found = self._ask(connection, talk, event, self._dispatch.receive(kind, talk.type))
        if talk.ended:
            found = found + self._ask(connection, talk, event, self._dispatch.at("late", talk.type))
        talk.take_received(event)
        return found

    def _send(self, record: SendRecord) -> list[Finding]:
        connection = self._open.get(record.conn) or self._ended.get(record.conn)
        talk = None if connection is None else connection.talk_at(record.n, record.layer)
        if connection is None or talk is None:
            return _NONE
        message = record.message
        if message is UNSET and record.same is not None:
            message = connection.same(record.same)
        if message is UNSET:
            talk.incomplete = True
            return _NONE
        connection.remember(record.n, message)
        kind = text_of(message.get("type")) if isinstance(message, dict) else ""
        symbol = symbol_of(kind, message) if kind else ""
        event = Event("send", record.n, record.t_us, record.t_us, kind, symbol, message, record=record)
        found = self._ask(connection, talk, event, self._dispatch.send(kind, talk.type))
        if talk.ended:
            found = found + self._ask(connection, talk, event, self._dispatch.at("late", talk.type))
        talk.take_sent(event)
        return found

    def _sent(self, record: SentRecord) -> list[Finding]:
        connection = self._open.get(record.conn) or self._ended.get(record.conn)
        talk = None if connection is None else connection.talk_at(record.n, record.layer)
        if connection is None or talk is None:
            return _NONE
        event = Event(
            "send",
            record.n,
            record.t_us,
            record.t_us - record.took_us,
            outcome=record.outcome,
            error=record.error,
            of=record.of,
            record=record,
        )
        found = self._ask(connection, talk, event, self._dispatch.at("sent", talk.type))
        talk.take_send_failure(event)
        return found

    def _pending(self, record: PendingRecord) -> list[Finding]:
        connection = self._open.get(record.conn)
        if connection is not None:
            connection.talk_at(record.n, record.layer)  # it has a number, too
        return _NONE

    def _end(self, record: EndRecord) -> list[Finding]:
        connection = self._open.get(record.conn) or self._ended.get(record.conn)
        talk = None if connection is None else connection.talk_at(record.n, record.layer)
        if connection is None or talk is None:
            return _NONE
        event = Event(
            None,
            record.n,
            record.t_us,
            record.t_us,
            message=record,
            outcome=record.outcome,
            error=record.error,
            record=record,
        )
        found = self._ask(connection, talk, event, self._dispatch.at("end", talk.type))
        talk.take_end(event)
        if record.layer == 0 and self._open.pop(record.conn, None) is not None:
            connection.end(record)
            self._findings.add(connection)
            self._ended[record.conn] = connection
            if len(self._ended) > _MOST_ENDED:
                del self._ended[next(iter(self._ended))]
        return found

    # --- rules ---

    def _ask(self, connection: Connection, talk: Talk, event: Event, plan: Plan) -> list[Finding]:
        """The findings of the rules of one moment."""
        usual = plan.usual
        is_usual = usual is None or (type(event.message) is dict and usual(event.message))
        if is_usual and plan.plain is not None and plan.plain(talk, event):
            return _NONE
        broken = _NONE_BROKEN
        if plan.values and not (is_usual and usual is not None):
            for rule in plan.values:
                if (found := rule.check(talk, event)) is not None:
                    broken = [*broken, (rule, found)]
        if plan.in_order and talk.in_order:
            for rule in plan.in_order:
                if (found := rule.check(talk, event)) is not None:
                    broken = [*broken, (rule, found)]
        for rule in plan.always:
            if (found := rule.check(talk, event)) is not None:
                broken = [*broken, (rule, found)]
        return self._tell(connection, talk, event, broken) if broken else _NONE

    def _tell(
        self, connection: Connection, talk: Talk, event: Event, broken: Sequence[tuple[Rule, Found]]
    ) -> list[Finding]:
        told = []
        for rule, found in broken:
            finding = connection.tell(rule, found, event, talk)
            if (
                finding is not None
                and self._choice.tells(finding)
                and (self._lifespans or talk.type != "lifespan" or rule.code in _OF_CONNECTIONS)
            ):
                connection.findings.append(finding)
                if not is_told_once(finding) or self._is_new(finding):
                    told.append(finding)
        if connection.ended:
            self._findings.add(connection)
        return told

    def _is_new(self, finding: Finding) -> bool:
        """Whether a process is to be told of the first time."""
        story = (proc_of(finding.conn), finding.code, finding.key, finding.severity)
        if story in self._told_once or len(self._told_once) >= _MOST_ONCE:
            return False
        self._told_once.add(story)
        return True


_NONE: Final[list[Finding]] = []
_NONE_BROKEN: Final[Sequence[tuple[Rule, Found]]] = ()
