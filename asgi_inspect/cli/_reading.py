"""Show what is in finished traces: the records, a line a connection, or single messages; each says how much it has shown."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice

import msgspec
from msgspec import UNSET

from ..launch.frames import frame_of
from ..trace.codec import decode_record, encode_record
from ..trace.columns import Column
from ..trace.connection import Connection, proc_of
from ..trace.extent import span_of
from ..trace.facts import Facts, Want
from ..trace.filter import Filter
from ..trace.records import ReceiveRecord, SendRecord
from ..trace.search import Traces
from ..trace.summary import Summary
from ._pager import Outlet
from ._rows import FieldRows, Rows, TableRows
from ._screen import Look, Screen, printer_on, screen_on

_OF_MESSAGES = ("text", "message", "status")  # where a message is meant, its connection is, too


@dataclass(kw_only=True)
class Reading:
    """Traces, which of their connections are meant, and where they are shown.

    names: of the traces' files. hint: the command that shows all of one connection.
    """

    traces: Traces
    names: list[str]
    filter: Filter
    look: Look
    outlet: Outlet
    hint: str

    # --- records ---

    def records(self) -> int:
        """Show the records as they are, or as a view has them; returns how many there were."""
        screen = screen_on(self.outlet, self.look, self.hint)
        count = 0
        for count, raw in enumerate(self._lines(), 1):
            self._put(raw, screen)
            if self.outlet.closed:
                return count
        if screen is not None:
            screen.finish()
        return count

    def _put(self, raw: bytes, screen: Screen | None) -> None:
        if screen is None:
            self.outlet.write_record(raw)
            return
        record = decode_record(raw)
        if record is not None:
            screen.feed(record)

    def _lines(self) -> Iterator[bytes]:
        """The lines of the connections that are meant; where it is not all, those of their processes not before them."""
        if not self.filter:
            yield from self.traces.lines(self.filter)
            return
        held: list[bytes] | None = []
        for raw in self.traces.lines(self.filter):
            frame = frame_of(raw)
            if frame is not None and frame.conn is not None:
                yield from held or ()
                held = None
                yield raw
            elif frame is not None and frame.record in ("process", "exit"):
                if held is None:
                    yield raw
                else:
                    held.append(raw)

    # --- connections ---

    def fields(self, columns: list[Column], header: bool) -> int:
        """Show columns of each connection; returns how many there were."""
        rows = FieldRows(columns, header, self.outlet)
        return self._list(self._summaries(rows.want), rows)

    def table(self) -> int:
        """Show the table; returns how many connections there were."""
        return self._list(self._summaries(TableRows.want), self._table_rows())

    def table_of_several(self) -> int:
        """Show the table, or, where there is one connection only, its messages."""
        self.traces.keep_what_is_read_once()
        summaries = self._summaries(TableRows.want)
        first = list(islice(summaries, 2))
        if len(first) < 2:
            self.look = replace(self.look, format="pretty")
            return self.records()
        return self._list(chain(first, summaries), self._table_rows())

    def _summaries(self, want: Want) -> Iterator[Facts]:
        processes = self.traces.processes
        for summary in self.traces.summaries(self.filter, want):
            process = processes.get(proc_of(summary.conn))
            if isinstance(summary, Summary):
                summary.pid = None if process is None else process.pid
            yield summary

    def _table_rows(self) -> TableRows:
        printer = printer_on(self.outlet, self.look.color)
        span = partial(span_of, self.traces.sources)
        return TableRows(printer, self.look.options(None), self.traces.processes, span)

    def _list(self, summaries: Iterator[Facts], rows: Rows) -> int:
        count = 0
        for count, facts in enumerate(summaries, 1):
            rows.take(facts)
            if self.outlet.closed:
                return count
        rows.finish()
        return count

    # --- messages ---

    def messages(self) -> int:
        """Show the single messages that are meant, in a view behind the scope of their connection; returns how many there were."""
        screen = screen_on(self.outlet, replace(self.look, scope=False), self.hint)
        count = 0
        for connection in self.traces.connections(connection_terms(self.filter)):
            found = self._chosen_messages(connection)
            count += len(found)
            if found:
                self._show_messages(connection, found, screen)
            if self.outlet.closed:
                break
        return count

    def _chosen_messages(self, connection: Connection) -> list[ReceiveRecord | SendRecord]:
        """The messages of the outermost layer that are meant; what passed unchanged has its message with it."""
        found = []
        for event in connection.events:
            if isinstance(event, ReceiveRecord | SendRecord) and event.layer == 0:
                message = connection.message_of(event)
                if message is not UNSET and self.filter.decide_message(connection, event, message):
                    found.append(msgspec.structs.replace(event, message=message, same=None))
        return found

    def _show_messages(
        self, connection: Connection, found: list[ReceiveRecord | SendRecord], screen: Screen | None
    ) -> None:
        if screen is None:
            for record in found:
                self.outlet.write_record(encode_record(record))
            return
        scope = connection.layers.get(0)
        for shown in found if scope is None else [scope, *found]:
            screen.feed(shown)
        screen.jump()  # its end is never fed: it is not to be kept as open


def connection_terms(filter: Filter) -> Filter:
    """The terms that say as much of a connection as of each of its messages: without them no message is meant."""
    terms = [
        term
        for term in filter.terms
        if all(test.message is None for test in term.tests) or (term.name in _OF_MESSAGES and not term.negated)
    ]
    return Filter(tuple(terms), filter.now)
