"""The fold of glances: which connections are there, each given out once it has ended; and what is known of the processes.

A connection is given out a little after its end, as records may still follow it: a receive that was cancelled, a client
that left. What comes later than that is left out. Memory is bounded by what is open.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from .connection import proc_of
from .facts import Want
from .glance import EndGlance, Glance, PendingGlance, ReceiveGlance, ScopeGlance, SendGlance, SentGlance
from .ids import Ids
from .missing import Missing
from .records import ExitRecord, LoopRecord, LostRecord, ProcessRecord, SkippedRecord
from .summary import Summary

_HEADLESS: Final = 100_000  # connections; a real trace has a few, where it was cut off
_LINGERING: Final = 512  # connections that have ended and are not given out yet


class Nothing:
    """Wanted beyond the plain facts."""

    message_types = False
    headers = False
    bodies: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


NOTHING: Final[Want] = Nothing()


class Overview:
    """What was seen so far of one trace, or of a part of it."""

    def __init__(self, want: Want = NOTHING, pids: Mapping[str, int] | None = None, known: Ids | None = None) -> None:
        """want: what is kept beyond the plain facts. pids: the process ids by `proc`, where connections are to know them.

        known: connections that are left out, as they were given out elsewhere.
        """
        self.processes: Final[dict[str, ProcessRecord]] = {}
        """The first `process` record of each, by its `proc`."""
        self.exits: Final[dict[str, ExitRecord]] = {}
        self.given: Final = Ids()
        """The connections that were given out."""
        self.missing: Final = Missing()
        self.blocked_us = 0
        self.disordered = False
        """Whether the events of a connection were met that do not stand in their order."""
        self.repeated = 0
        """Records of connections that were given out already: they came late, or stand in the trace twice."""
        self.headless: Final[dict[str, Summary]] = {}
        """The connections that have ended and whose scope was not met: it may stand in an earlier part."""
        self._connections: Final[dict[str, Summary]] = {}  # that are open, or ended of late
        self._ended: list[Summary] = []  # of these, in the order in which they ended
        self._want = want
        self._pids = pids
        self._keeps = want.message_types or want.headers or bool(want.bodies)
        self._texts: dict[str, set[str]] = {}
        self.place = (0, 0)
        """Where the records stand that are fed next: begin and end of their block."""
        self.asides: Final[list[tuple[int, int]]] = []
        """Where records stand that belong to no connection."""
        self._known = known or Ids()

    def feed(self, glances: Iterable[Glance]) -> list[Summary]:  # noqa: PLR0915 - the one loop over all records
        """Take in the next records; the connections that are complete by now."""
        connections = self._connections
        end = self.place[1]
        conn = ""
        summary: Summary | None = None
        for glance in cast("Iterable[Any]", glances):
            kind = type(glance)  # and not isinstance: this is done for each record of a trace
            if kind is SendGlance or kind is ReceiveGlance:
                if glance.conn != conn:  # most records are of the same connection as the one before
                    conn = glance.conn
                    summary = connections.get(conn) or self._new(conn)
                    if summary is not None:
                        summary.last_place = end
                if summary is None:
                    continue
                if glance.n > summary.last_n:
                    if not summary.last_n:
                        summary.first_n = glance.n
                    summary.last_n = glance.n
                else:
                    summary.disordered = True
                if kind is SendGlance:
                    summary.take_sent(glance)
                else:
                    summary.take_received(glance)
                if self._keeps:
                    summary.keep_message(glance, self._want)
            elif kind is ScopeGlance:
                conn = glance.conn
                summary = connections.get(conn)
                if summary is None:
                    summary = self._new(conn)
                elif summary.has_scope and not glance.layer:
                    summary = self._again(summary)
                if summary is not None:
                    summary.last_place = end
                    summary.take_scope(glance)
                    if self._keeps:
                        summary.keep_scope(glance, self._want)
            elif kind is EndGlance:
                if glance.conn != conn:
                    conn = glance.conn
                    summary = connections.get(conn) or self._new(conn)
                if summary is not None:
                    summary.last_place = end
                    if glance.n > summary.last_n:
                        summary.last_n = glance.n
                    else:
                        summary.disordered = True
                    if not glance.layer and summary.outcome == "open":
                        self._ended.append(summary)
                    summary.take_end(glance)
            else:
                self._rest(glance)
        return self._let_go(_LINGERING) if len(self._ended) > 2 * _LINGERING else []

    def mark(self, conn: str, text: str) -> None:
        """A text that is looked for anywhere stands in a record of this connection; said before the record is fed."""
        summary = self._connections.get(conn)
        if summary is None:
            self._texts.setdefault(conn, set()).add(text)
        else:
            summary.texts |= {text}

    def is_marked(self, conn: str, text: str) -> bool:
        """Whether that was said already."""
        summary = self._connections.get(conn)
        return text in (self._texts.get(conn, ()) if summary is None else summary.texts)

    def linger(self) -> None:
        """The part is read: those that have ended of late are left to `absorb`, as the next part may have more of them."""
        ended, self._ended = self._ended, []
        for summary in ended:
            if summary.has_scope:
                self._ended.append(summary)
                self.given.add(summary.conn)
            else:
                self.headless[summary.conn] = summary

    def rest(self) -> list[Summary]:
        """Once all is read: what was not given out yet, at last the connections of which the scope or the end is missing."""
        rest = [*self.finish(), *self.headless.values(), *self.open]
        self.disordered = self.disordered or any(summary.disordered for summary in rest)
        return rest

    @property
    def open(self) -> list[Summary]:
        """The connections without an end."""
        return [summary for summary in self._connections.values() if summary.outcome == "open"]

    def finish(self) -> list[Summary]:
        """What has ended and was not given out yet; what is open stays."""
        return self._let_go(0)

    def absorb(self, later: "Overview") -> list[Summary]:
        """Go on with what was seen of the part that follows, to its finish; the connections that are complete by now."""
        for proc, process in later.processes.items():
            self.processes.setdefault(proc, process)
        self.exits.update(later.exits)
        self.asides.extend(later.asides)
        self.missing.merge(later.missing)
        self.blocked_us += later.blocked_us
        self.repeated += later.repeated
        self.disordered = self.disordered or later.disordered
        joined: list[Summary] = []
        for summary in [*later.headless.values(), *later.open]:
            joined += self._join(summary)
        found = self.finish()
        self.given.merge(later.given)
        self._ended = [*joined, *later._ended]
        self._connections.update((summary.conn, summary) for summary in self._ended)
        return found

    def _join(self, summary: Summary) -> list[Summary]:
        conn = summary.conn
        known = self._connections.pop(conn, None) or self.headless.pop(conn, None)
        if known is None and conn in self.given:
            return []
        if known is not None:
            summary = _joined(known, summary)
        self.disordered = self.disordered or summary.disordered
        if summary.outcome == "open":
            self._connections[conn] = summary
            return []
        if not summary.has_scope and len(self.headless) < _HEADLESS:  # which may stand in a file that was named later
            self.headless[conn] = summary
            return []
        self.given.add(conn)
        return [summary]

    def _new(self, conn: str) -> Summary | None:
        """The connection, unless it was given out already."""
        if conn in self.given or conn in self._known:
            self.repeated += 1
            return None
        summary = self.headless.pop(conn, None)
        if summary is None:
            summary = Summary(conn)
        else:
            self._ended.append(summary)
        self._connections[conn] = summary
        if summary.first_place < 0:
            summary.first_place = self.place[0]
        if self._pids:
            summary.pid = self._pids.get(proc_of(conn))
        if self._texts:
            summary.texts |= self._texts.pop(conn, set())
        return summary

    def _again(self, summary: Summary) -> Summary:
        """The connection, read a second time, which may go further; once it has ended, that changes nothing any more."""
        self.repeated += 1
        again = self._connections[summary.conn] = Summary(summary.conn, pid=summary.pid, outcome=summary.outcome)
        again.texts = summary.texts
        return again

    def _let_go(self, keep: int) -> list[Summary]:
        """Give out the connections that have ended, but for so many that have done so lately."""
        ended = self._ended
        self._ended = ended[len(ended) - keep :] if keep else []
        found: list[Summary] = []
        connections, given = self._connections, self.given
        for summary in ended[: len(ended) - keep]:
            conn = summary.conn
            if connections.pop(conn, None) is None:  # given out with what another part has of it
                continue
            self.disordered = self.disordered or summary.disordered
            if not summary.has_scope and len(self.headless) < _HEADLESS:
                self.headless[conn] = summary
            else:
                given.add(conn)
                found.append(summary)
        return found

    def _rest(self, glance: Glance) -> None:
        if isinstance(glance, SentGlance | PendingGlance):
            summary = self._connections.get(glance.conn) or self._new(glance.conn)
            if summary is not None:
                summary.last_place = self.place[1]
                if isinstance(glance, SentGlance):
                    summary.last_us = max(summary.last_us, glance.t_us)
            return
        if not self.asides or self.asides[-1] != self.place:
            self.asides.append(self.place)
        match glance:
            case ProcessRecord():
                self.processes.setdefault(glance.proc, glance)
            case ExitRecord():
                self.exits[glance.proc] = glance
            case LostRecord() | SkippedRecord():
                self.missing.add(glance)
            case LoopRecord():
                self.blocked_us += glance.blocked_us
            case _:
                pass

    def is_cut_off(self, conn: str) -> bool:
        """Whether a connection without an end was open when its process ended."""
        return proc_of(conn) in self.exits


def _joined(known: Summary, summary: Summary) -> Summary:
    """Two parts of a connection as one, whichever of them was read first; or the one that goes further, where both begin it."""
    if known.has_scope and summary.has_scope:
        return summary if summary.outcome != "open" or summary.last_us > known.last_us else known
    first, later = (summary, known) if summary.has_scope else (known, summary)
    first.merge(later)
    return first
