"""The records of one connection, folded: what it was, what passed in order, how it ended; the same live and afterwards.

Nothing here raises, whatever the records hold, and the result does not depend on the order in which they come: records may
arrive late, twice, or not at all, those of many connections between each other, and a trace may begin or stop anywhere.
"""

import bisect
from collections.abc import Collection
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, Literal, TypeAlias

from msgspec import UNSET

from . import messages
from .facts import Side, Want
from .numbers import Numbers
from .quantities import moment_of
from .records import (
    ConnectionRecord,
    EndRecord,
    ErrorInfo,
    Outcome,
    PendingRecord,
    ReceiveRecord,
    ScopeRecord,
    SendRecord,
    SentRecord,
)
from .seen import Asked, Headers, Seen, begins_response, header_of, headers_of
from .summary import error_types
from .tally import Closer, Tally

Event: TypeAlias = ReceiveRecord | SendRecord | SentRecord | PendingRecord | EndRecord
_N_OF: Final = attrgetter("n")


class Connection:
    """One call of the application, from its records; ask it at any time, whether or not it has ended."""

    def __init__(self, conn: str, *, keep_events: bool = True, want: Want | None = None) -> None:
        """conn: its id. keep_events: False keeps what is counted and forgets the events, for views that run for days.

        want: what a filter asks of messages, which is then gathered while they pass; a connection with events has it anyway.
        """
        self.conn: Final = conn
        self.pid: int | None = None
        """The id of the process in which it ran, where that is known."""
        self.layers: Final[dict[int, ScopeRecord]] = {}
        """The scope record of each layer that was entered, by its number."""
        self.events: Final[list[Event]] = []
        """All that happened, of all layers, in order of `n`; empty where events are not kept."""
        self.ends: Final[dict[int, EndRecord]] = {}
        """The end record of each layer that has ended, by its number."""
        self.last_us = 0
        """When the latest event of all layers happened, counted from the scope."""
        self._keep_events = keep_events
        self._numbers = Numbers()
        self._tally = Tally(bounded=not keep_events)
        self._seen = None if want is None else Seen(want, self.message_of if keep_events else None)

    # --- in ---

    def feed(self, record: ConnectionRecord) -> bool:
        """Take in one of its records; False where that very record was there already."""
        if isinstance(record, ScopeRecord):
            if record.layer in self.layers:
                return False
            self.layers[record.layer] = record
        elif self._numbers.add(record.n):
            self._feed_event(record)
        else:
            return False
        if self._seen is not None:
            self._seen.feed(record)
        return True

    def _feed_event(self, record: Event) -> None:
        if self._keep_events:
            bisect.insort(self.events, record, key=_N_OF)
        if isinstance(record, EndRecord):
            known = self.ends.get(record.layer)
            if known is None or record.n < known.n:
                self.ends[record.layer] = record
        elif isinstance(record, ReceiveRecord | SendRecord):
            self._tally.take(record)
        if not isinstance(record, PendingRecord):
            self.last_us = max(self.last_us, record.t_us)

    # --- out: the scope ---

    @property
    def scope(self) -> Any:
        """The scope as the server gave it; None where its record was lost."""
        outermost = self.layers.get(0)
        return None if outermost is None else outermost.scope

    @property
    def at(self) -> str | None:
        """When the application was called, as it stands in the trace: UTC, ISO 8601."""
        outermost = self.layers.get(0)
        return None if outermost is None else outermost.at

    @property
    def sample(self) -> float | None:
        """The share of such connections that was recorded, where that is not all of them."""
        outermost = self.layers.get(0)
        return None if outermost is None else outermost.sample

    @property
    def started(self) -> datetime | None:
        """When the application was called, with its time zone; None where the trace holds no time that can be read."""
        return moment_of(self.at)

    @property
    def type(self) -> str:
        """`http`, `websocket`, `lifespan` or any other; where the scope was lost, what the messages speak of; else empty."""
        return messages.message_type(self.scope) or self._tally.protocol

    @property
    def method(self) -> str | None:
        """The method of the HTTP request."""
        return self._text("method")

    @property
    def path(self) -> str | None:
        """The path, decoded, as the server gave it."""
        return self._text("path")

    @property
    def query(self) -> str:
        """The query string in words for people, still percent-encoded; empty where there is none."""
        return self._text("query_string") or ""

    @property
    def scheme(self) -> str | None:
        """`http`, `https`, `ws` or `wss`, as the server gave it."""
        return self._text("scheme")

    @property
    def http_version(self) -> str | None:
        """`1.0`, `1.1`, `2` or `3`."""
        return self._text("http_version")

    @property
    def client(self) -> str | None:
        """The address of the client, `host:port`."""
        return messages.address(messages.field(self.scope, "client"))

    @property
    def host(self) -> str | None:
        """The Host header."""
        return header_of(self.headers("request"), "host")

    def _text(self, name: str) -> str | None:
        value = messages.field(self.scope, name)
        return None if value is None else messages.as_text(value)

    # --- out: how it went ---

    @property
    def end(self) -> EndRecord | None:
        """How the application ended; None while it runs, or where that is not known."""
        return self.ends.get(0)

    @property
    def outcome(self) -> Outcome | Literal["open"]:
        """How the application ended, or `open`."""
        return "open" if self.end is None else self.end.outcome

    @property
    def error(self) -> ErrorInfo | None:
        """The exception that left the application."""
        return None if self.end is None else self.end.error

    @property
    def error_types(self) -> Collection[str]:
        """The type of that exception, its bases, and those of a group's members, outermost first."""
        return () if self.error is None else error_types(self.error)

    @property
    def route(self) -> str | None:
        """The route that the framework chose, as the end tells it."""
        return None if self.end is None else self.end.route

    @property
    def endpoint(self) -> str | None:
        """What the framework called for that route."""
        return None if self.end is None else self.end.endpoint

    @property
    def duration_us(self) -> int | None:
        """From the call of the application to its end; None while it runs."""
        return None if self.end is None else self.end.t_us

    @property
    def status(self) -> int | None:
        """The status that the application answered with; of a WebSocket, that of the response that refuses it."""
        return self._tally.status

    @property
    def answered_us(self) -> int | None:
        """When the application began its response, or accepted the WebSocket."""
        return self._tally.answered_us

    @property
    def accepted(self) -> bool:
        """Whether the application accepted the WebSocket."""
        return self._tally.accepted

    @property
    def complete(self) -> bool:
        """Whether the application sent its response whole: the last of the body, and of the trailers if it promised some."""
        return self._tally.complete

    @property
    def disconnected(self) -> bool:
        """Whether the application was told that the client left before the response was complete."""
        return self._tally.disconnected

    @property
    def close_code(self) -> int | None:
        """The code with which the WebSocket was closed; None where it was not, or the code is no int."""
        return self._tally.close_code

    @property
    def close_reason(self) -> str | None:
        """The reason with which the WebSocket was closed, if one was given."""
        return self._tally.close_reason

    @property
    def closed_by(self) -> Closer | None:
        """Who closed the WebSocket first."""
        return self._tally.closed_by

    @property
    def request_bytes(self) -> int:
        """True size of all that the application received: the body, or the WebSocket's texts and byte strings."""
        return self._tally.request_bytes

    @property
    def response_bytes(self) -> int:
        """True size of all that the application sent, likewise."""
        return self._tally.response_bytes

    @property
    def received(self) -> int:
        """How many messages the application received."""
        return self._tally.received

    @property
    def sent(self) -> int:
        """How many messages the application sent."""
        return self._tally.sent

    @property
    def gaps(self) -> list[range]:
        """The numbers of events that are missing in the trace: their records were lost, or are still to come."""
        return self._numbers.missing()

    @property
    def lost(self) -> int:
        """How many events are missing in the trace."""
        return sum(gap.stop - gap.start for gap in self.gaps)

    @property
    def content_type(self) -> str | None:
        """That of the response."""
        return header_of(self.headers("response"), "content-type")

    @property
    def message_types(self) -> Collection[str]:
        """The types of all messages that server and application saw."""
        return self._asked(Asked(message_types=True)).types

    def headers(self, side: Side) -> Headers:
        """The headers of the scope, or of the response (of a WebSocket: of its acceptance), as text."""
        if side == "request":
            return headers_of(self.scope)
        if not self._keep_events:
            return self._seen.headers.get(side, []) if self._seen is not None else []
        sent = (event for event in self.events if isinstance(event, SendRecord) and event.layer == 0)
        return next((headers_of(message) for message in map(self.message_of, sent) if begins_response(message)), [])

    def holds(self, text: str, where: Literal["body", "anywhere"]) -> bool:
        """Whether a text stands in a body (joined, and decoded), in a message of a WebSocket, or anywhere in the records.

        Anywhere: in keys and values as the trace has them, in byte strings where they are UTF-8.
        """
        if where == "body":
            return text in self._asked(Asked(bodies=(text,))).bodies
        return text in self._asked(Asked(texts=(text,))).texts

    def _asked(self, want: Asked) -> Seen:
        """What is asked of the messages: gathered while they passed, or now from those that were kept."""
        if self._seen is not None:
            return self._seen
        seen = Seen(want, self.message_of)
        for record in (*self.layers.values(), *self.events):
            seen.feed(record)
        return seen

    def message_of(self, record: ReceiveRecord | SendRecord) -> Any:
        """The message of an event, looked up where it stands if it passed unchanged; `UNSET` where there is none."""
        hops = 0
        while record.message is UNSET and record.same is not None and hops < len(self.events):
            found = self._event(record.same)
            if not isinstance(found, ReceiveRecord | SendRecord):
                break
            record = found
            hops += 1
        return record.message

    def _event(self, n: int) -> Event | None:
        at = bisect.bisect_left(self.events, n, key=_N_OF)
        return self.events[at] if at < len(self.events) and self.events[at].n == n else None


def proc_of(conn: str) -> str:
    """The `proc` of the process that a connection's id names: all before its last point."""
    return conn.rpartition(".")[0]
