import tracemalloc
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace.connection import Connection
from asgi_inspect.trace.records import (
    ConnectionRecord,
    EndRecord,
    ErrorInfo,
    PendingRecord,
    ReceiveRecord,
    ScopeRecord,
    SendRecord,
    SentRecord,
)
from asgi_inspect.values import Foreign, Truncated

AT = "2026-11-22T09:30:00.000001Z"
SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "GET",
    "path": "/a",
    "query_string": b"q=%20\xff",
    "client": ["127.0.0.1", 5],
}
REQUEST = {"type": "http.request", "body": b"abc", "more_body": False}
START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"hello", "more_body": False}
MORE = {"type": "http.response.body", "body": b"12", "more_body": True}
GONE = {"type": "http.disconnect"}


def scope(value: Any = SCOPE, **more: Any) -> ScopeRecord:
    return ScopeRecord(conn="p.1", at=AT, scope=value, **more)


def receive(n: int, message: Any = msgspec.UNSET, **more: Any) -> ReceiveRecord:
    return ReceiveRecord(conn="p.1", n=n, t_us=n * 10, wait_us=1, message=message, **more)


def send(n: int, message: Any = msgspec.UNSET, **more: Any) -> SendRecord:
    return SendRecord(conn="p.1", n=n, t_us=n * 10, message=message, **more)


def end(n: int, **more: Any) -> EndRecord:
    return EndRecord(conn="p.1", n=n, t_us=n * 10, **{"outcome": "returned", **more})


def connection(*records: ConnectionRecord, keep_events: bool = True) -> Connection:
    folded = Connection("p.1", keep_events=keep_events)
    for record in records:
        folded.feed(record)
    return folded


FACTS = (
    "at",
    "type",
    "method",
    "path",
    "query",
    "http_version",
    "client",
    "outcome",
    "error",
    "duration_us",
    "last_us",
    "status",
    "answered_us",
    "accepted",
    "complete",
    "disconnected",
    "close_code",
    "close_reason",
    "closed_by",
    "request_bytes",
    "response_bytes",
    "received",
    "sent",
    "gaps",
    "lost",
    "scope",
    "layers",
    "ends",
)


def facts(connection: Connection) -> dict[str, Any]:
    return {name: getattr(connection, name) for name in FACTS}


def test_a_whole_request() -> None:
    found = connection(scope(), receive(1, REQUEST), send(2, START), send(3, BODY), end(4))
    assert facts(found) == {
        "at": AT,
        "type": "http",
        "method": "GET",
        "path": "/a",
        "query": "q=%20\\xff",
        "http_version": "1.1",
        "client": "127.0.0.1:5",
        "outcome": "returned",
        "error": None,
        "duration_us": 40,
        "last_us": 40,
        "status": 200,
        "answered_us": 20,
        "accepted": False,
        "complete": True,
        "disconnected": False,
        "close_code": None,
        "close_reason": None,
        "closed_by": None,
        "request_bytes": 3,
        "response_bytes": 5,
        "received": 1,
        "sent": 2,
        "gaps": [],
        "lost": 0,
        "scope": SCOPE,
        "layers": {0: scope()},
        "ends": {0: end(4)},
    }
    assert found.started == datetime(2026, 11, 22, 9, 30, 0, 1, UTC)
    assert found.events == [receive(1, REQUEST), send(2, START), send(3, BODY), end(4)]


def test_headers_bodies_and_texts() -> None:
    scoped = {**SCOPE, "headers": [[b"Host", b"tea.example"], [b"X-Odd", Truncated(9, b"od")], "no pair"]}
    accept = {"type": "websocket.accept", "headers": [[b"x-room", b"\xff"]]}
    start = {**START, "headers": [[b"Content-Type", b"text/plain"]]}
    chunks = [send(4, {**MORE, "body": b"half a wo"}), send(5, {**BODY, "body": b"rd"})]
    found = connection(scope(scoped), receive(1, REQUEST), send(2, start, layer=1), send(3, same=2), *chunks)
    assert (found.host, found.content_type) == ("tea.example", "text/plain")
    assert found.headers("request") == [("Host", "tea.example"), ("X-Odd", "od…")]
    assert found.headers("response") == [("Content-Type", "text/plain")]
    assert connection(send(1, accept)).headers("response") == [("x-room", "\\xff")]
    assert found.message_types == {"http.request", "http.response.start", "http.response.body"}
    assert [found.holds(text, "body") for text in ("word", "abc", "half a word", "words")] == [True, True, True, False]
    assert [found.holds(text, "anywhere") for text in ("half", "more_body", "tea", "word", "p.1")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert connection(scope(), keep_events=False).headers("response") == []


def test_what_the_end_tells() -> None:
    error = ErrorInfo(type="a.B", bases=["OSError"], exceptions=[ErrorInfo(type="C")])
    found = connection(scope(), end(1, outcome="raised", error=error, route="/{x}", endpoint="main.get"))
    assert (list(found.error_types), found.route, found.endpoint) == (["a.B", "OSError", "C"], "/{x}", "main.get")
    assert (list(connection().error_types), connection().route, connection().endpoint) == ([], None, None)


def test_one_that_is_still_open() -> None:
    found = connection(scope(), receive(1, REQUEST))
    assert (found.outcome, found.duration_us, found.end, found.status, found.complete) == (
        "open",
        None,
        None,
        None,
        False,
    )
    assert found.last_us == 10


def test_one_whose_scope_was_lost_is_known_by_its_messages() -> None:
    found = connection(send(2, START), send(3, BODY), end(4))
    assert (found.type, found.scope, found.at, found.started, found.method, found.path, found.query) == (
        "http",
        None,
        None,
        None,
        None,
        None,
        "",
    )
    assert (found.status, found.gaps, found.lost) == (200, [range(1, 2)], 1)


@pytest.mark.parametrize("at", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_a_time_that_is_none(at: str) -> None:
    assert connection(ScopeRecord(conn="p.1", at=at, scope={})).started is None


def test_a_time_without_zone_is_utc() -> None:
    started = connection(ScopeRecord(conn="p.1", at="2026-11-22T09:30:00", scope={})).started
    assert started == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def test_only_the_outermost_layer_counts() -> None:
    found = connection(
        scope(),
        scope({**SCOPE, "path": "/inner"}, layer=1, name="GZipMiddleware", inside=0),
        receive(1, REQUEST),
        receive(2, same=1, layer=1),
        send(3, {**START, "status": 500}, layer=1),
        send(4, START),
        send(5, {**BODY, "body": b"x" * 1000}, layer=1),
        send(6, BODY),
        end(7, layer=1, outcome="raised"),
    )
    assert (found.status, found.request_bytes, found.response_bytes, found.sent, found.path) == (200, 3, 5, 2, "/a")
    assert (found.outcome, found.ends[1].outcome, found.layers[1].name) == ("open", "raised", "GZipMiddleware")


def test_the_message_of_an_event_is_looked_up_where_it_stands() -> None:
    events: list[SendRecord] = [
        send(1, START, layer=1),
        send(2, same=1),
        send(3, same=2),
        send(4, same=99),
        send(5, same=5),
        send(6),
        send(7, None),
    ]
    found = connection(*events)
    looked_up = [found.message_of(event) for event in events]
    assert looked_up == [START, START, START, msgspec.UNSET, msgspec.UNSET, msgspec.UNSET, None]


def test_messages_that_point_at_each_other_end() -> None:
    events: list[ConnectionRecord] = [
        send(1, same=2),
        send(2, same=1),
        SentRecord(conn="p.1", n=3, of=2, t_us=1, took_us=1),
        send(4, same=3),
    ]
    found = connection(*events)
    assert [found.message_of(event) for event in events if isinstance(event, SendRecord)] == [msgspec.UNSET] * 3


def test_events_that_are_not_kept_are_still_counted() -> None:
    records: list[ConnectionRecord] = [scope(), receive(1, REQUEST), send(2, START), send(3, BODY), end(4)]
    kept, counted = connection(*records), connection(*records, keep_events=False)
    assert facts(counted) == facts(kept)
    assert counted.events == []
    assert counted.message_of(send(2, START)) == START


def test_a_connection_that_keeps_no_events_weighs_the_same_however_long_it_runs() -> None:
    found = connection(scope(), keep_events=False)

    def talk(first: int, last: int) -> int:
        tracemalloc.start()
        try:
            for n in range(first, last, 2):
                found.feed(send(n, {"type": "websocket.send", "text": "x" * 100}, layer=1))
                found.feed(send(n + 1, same=n))
            return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    talk(1, 2001)
    assert talk(2001, 12001) < 200_000
    assert (found.sent, found.response_bytes) == (6000, 600_000)


def test_a_record_that_comes_twice_counts_once() -> None:
    records: list[ConnectionRecord] = [scope(), receive(1, REQUEST), send(2, START), send(3, BODY), end(4)]
    once, twice = connection(*records), Connection("p.1")
    assert [twice.feed(record) for record in records] == [True] * 5
    assert [twice.feed(record) for record in records] == [False] * 5
    assert facts(twice) == facts(once)
    assert twice.events == once.events


ILLEGAL: list[Any] = [
    None,
    7,
    "http.response.start",
    [],
    {},
    {"type": None},
    {"type": ["x"]},
    Foreign("$object", "a.B"),
    Truncated(None, None),
    {"type": "http.response.start", "status": Foreign("$object", "a.B"), "trailers": Foreign("$later", 1)},
    {"type": "http.response.start", "status": "200"},
    {"type": "http.response.body", "body": Foreign("$object", "a.B"), "more_body": "no"},
    {"type": "http.request", "body": {"a": 1}},
    {"type": "websocket.close", "code": b"1000", "reason": 7},
    {"type": "websocket.send", "text": 7, "bytes": []},
]


@pytest.mark.parametrize("illegal", ILLEGAL)
def test_illegal_traffic_is_folded_too(illegal: Any) -> None:
    found = connection(scope(illegal), receive(1, illegal), send(2, illegal), send(3, START), end(4))
    assert facts(found)["status"] in (200, None)
    assert found.outcome == "returned"


shuffled = st.permutations(
    [
        scope(),
        scope(layer=1),
        receive(1, REQUEST),
        receive(2, same=1, layer=1),
        send(3, START, layer=1),
        send(4, same=3),
        PendingRecord(conn="p.1", n=5, started_us=3),
        send(6, MORE),
        SentRecord(conn="p.1", n=7, of=6, t_us=75, took_us=5, outcome="raised"),
        receive(8, GONE),
        send(9, BODY),
        send(10, {**START, "status": 500}),
        end(11, layer=1),
        end(12, outcome="cancelled"),
    ]
)


@given(shuffled, st.integers(0, 14), st.booleans())
def test_the_order_of_arrival_does_not_matter(records: list[ConnectionRecord], doubled: int, keep_events: bool) -> None:
    found = connection(*records, *records[:doubled], keep_events=keep_events)
    expected = connection(*sorted(records, key=lambda record: getattr(record, "n", 0)))
    assert facts(found) == facts(expected)
    assert found.disconnected
    if keep_events:
        assert [event.n for event in found.events] == list(range(1, 13))


@given(shuffled, st.sets(st.integers(0, 13)))
def test_whatever_is_lost_the_rest_is_folded(records: list[ConnectionRecord], lost: set[int]) -> None:
    left = [record for at, record in enumerate(records) if at not in lost]
    found = connection(*left)
    events = {record.n for record in left if not isinstance(record, ScopeRecord)}
    missing = {n for gap in found.gaps for n in gap}
    assert missing == set(range(1, max(events, default=0))) - events
    assert found.lost == len(missing)
    assert facts(found)
