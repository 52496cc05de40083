"""A trace as the tests of whole runs compare it: what each connection received and sent, straight from the records.

It stands on `read_trace` alone, not on the fold that the views use, so that the two check each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import EndRecord, ProcessRecord, ReceiveRecord, Record, ScopeRecord, SendRecord
from tests.clients import Answer, Headers, Wire


@dataclass
class Traced:
    """One connection: its scope, its messages by direction, and how it ended."""

    scope: dict[str, Any]
    received: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    end: EndRecord | None = None

    @property
    def headers(self) -> Headers:
        """What the client sent, without the Host."""
        return [(name, value) for name, value in self.scope["headers"] if name != b"host"]

    @property
    def types(self) -> tuple[list[str], list[str]]:
        """The types of the messages: received, sent."""
        return [message["type"] for message in self.received], [message["type"] for message in self.sent]

    def feed(self, record: Record) -> None:
        match record:
            case ReceiveRecord():
                self.numbers.append(record.n)
                if record.outcome is None:
                    self.received.append(record.message)
                else:
                    self.outcomes.append(record.outcome)
            case SendRecord():
                self.numbers.append(record.n)
                self.sent.append(record.message)
            case EndRecord():
                self.numbers.append(record.n)
                self.end = record
            case _:
                if (number := getattr(record, "n", None)) is not None:
                    self.numbers.append(number)


def traced(file: Path) -> list[Traced]:
    """Every connection of a finished trace, in order of their beginning; a damaged line or an unnumbered record fails."""
    records = list(read_trace(file, on_damage=_fail))
    assert isinstance(records[0], ProcessRecord), records[0]
    connections: dict[str, Traced] = {}
    for record in records:
        if isinstance(record, ScopeRecord):
            assert record.conn not in connections, f"{record.conn} begins twice"
            connections[record.conn] = Traced(record.scope)
        elif (conn := getattr(record, "conn", None)) is not None:
            connections[conn].feed(record)
    for conn, connection in connections.items():
        first = connection.numbers[0]
        assert connection.numbers == list(range(first, first + len(connection.numbers))), f"{conn}: a gap in n"
        assert connection.end is not None, f"{conn} has no end"
    return list(connections.values())


def _fail(damage: object) -> None:
    raise AssertionError(f"a damaged line: {damage}")


def only(connections: Iterable[Traced], **wanted: Any) -> Traced:
    """The one connection whose scope has these values."""
    hits = [c for c in connections if all(c.scope.get(key) == value for key, value in wanted.items())]
    assert len(hits) == 1, f"{len(hits)} connections have {wanted}"
    return hits[0]


def bodies(messages: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """What each message carries, leaving out those that carry nothing."""
    return [message["body"] for message in messages if message.get("body")]


def assert_asked(connection: Traced, wire: Wire, method: str, target: str, headers: Headers, body: bytes = b"") -> None:
    """The scope and the received messages are what the client wrote on its wire."""
    path, _, query = target.partition("?")
    scope = connection.scope
    assert (scope["type"], scope["http_version"], scope["scheme"]) == ("http", "1.1", "http")
    assert (scope["method"], scope["raw_path"], scope["query_string"]) == (method, path.encode(), query.encode())
    assert tuple(scope["client"]) == wire.address
    assert connection.headers == headers
    requests = [message for message in connection.received if message["type"] == "http.request"]
    assert b"".join(bodies(requests)) == body
    if requests and len(requests) == len(connection.received):
        assert [message["more_body"] for message in requests] == [True] * (len(requests) - 1) + [False]


def assert_answered(connection: Traced, answer: Answer) -> None:
    """The sent messages are what the client got: status, headers, and each body message as a chunk of its own."""
    start, *rest = connection.sent
    assert start["type"] == "http.response.start"
    assert start["status"] == answer.status
    assert {message["type"] for message in rest} == {"http.response.body"}
    assert [message.get("more_body", False) for message in rest] == [True] * (len(rest) - 1) + [False]
    on_wire = iter(answer.headers)  # the server adds its own: ours must be among them, in order
    assert all((name.lower(), value) in on_wire for name, value in start["headers"])
    if answer.header(b"transfer-encoding") == b"chunked":
        assert bodies(rest) == answer.chunks
    else:
        assert b"".join(bodies(rest)) == answer.body
