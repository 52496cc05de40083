"""Each term, on traces of real servers; and each way in which a term may be written, on a made connection."""

import gzip
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.trace.connection import Connection
from asgi_inspect.trace.filter import parse_filter
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import EndRecord, ErrorInfo, ReceiveRecord, ScopeRecord, SendRecord
from asgi_inspect.trace.search import connections
from asgi_inspect.trace.terms import KINDS, SYNONYMS
from tests.trace.served import capture

ITEMS = {"/api/items/1", "/api/items/2"}
PLAIN = {"/events", "/packed", "/big"}
HTTP = ITEMS | PLAIN | {"/no where", "/api/broken"}
SOCKETS = {"/talk", "/refused"}
ALL = HTTP | SOCKETS | {"lifespan"}


def name(connection: Connection) -> str:
    return connection.path or connection.type


@pytest.fixture(scope="module", params=["uvicorn", "hypercorn"])
def trace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return capture(request.param, tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def served(trace: Path) -> Fold:
    fold = Fold()
    for record in read_trace(trace):
        fold.feed(record)
    assert sorted(name(connection) for connection in fold.connections.values()) == sorted(ALL)
    return fold


CASES: list[tuple[str, set[str]]] = [
    ("", ALL),
    ("type:http", HTTP),
    ("type:websocket,lifespan", SOCKETS | {"lifespan"}),
    ("type:WS", SOCKETS),
    ("type:http*", HTTP),
    ("-type:http,ws", {"lifespan"}),
    ("method:POST", {"/api/items/1"}),
    ("method:post,put", ITEMS),
    ("-method:GET,PUT", {"/api/items/1", "lifespan"} | SOCKETS),
    ("path:/api/*", ITEMS | {"/api/broken"}),
    ("path:/api", set()),
    ("path:/BIG", set()),
    ("path:/big,/talk", {"/big", "/talk"}),
    ('path:"/no where"', {"/no where"}),
    (r"path:/no\ where", {"/no where"}),
    ("path:/api/items/?", ITEMS),
    ("path:/api/items/[12]", ITEMS),
    (r"path:/api/\*", set()),
    ("query:debug=1", {"/api/items/1"}),
    ("query:debug=*", {"/api/items/1"}),
    ("query:'q=a b'", {"/api/items/1"}),
    ("host:127.0.0.1", (HTTP | SOCKETS) - {"/api/items/2"}),
    ("host:Tea.Example", {"/api/items/2"}),
    ("host:*.example", {"/api/items/2"}),
    ("status:404", {"/no where"}),
    ("status:2xx", ITEMS | PLAIN),
    ("status:201,404", ITEMS | {"/no where"}),
    ("status:>=400", {"/no where"}),
    ("status:400+", {"/no where"}),
    ("status:<300", ITEMS | PLAIN),
    ("status:201-299", ITEMS),
    ("-status:2xx", ALL - ITEMS - PLAIN),
    ("header:content-type", ITEMS | PLAIN | {"/no where"}),
    ("header:x-request-id", {"/api/items/2"}),
    ("header:X-Request-Id=r2", {"/api/items/2"}),
    ("header:x-request-id=R2", set()),
    ("header:content-type=json,event", ITEMS | {"/events"}),
    ("header:content-type=text/*", {"/events", "/packed", "/no where"}),
    ("request-header:content-type", {"/api/items/1"}),
    ("response-header:content-type=json", ITEMS),
    ("response-header:x-room", {"/talk"}),
    ("response-header:set-cookie=sid=4711", ITEMS),
    ("body:Ada", {"/api/items/1"}),
    ("body:Grüße", {"/api/items/2"}),
    ('body:"hidden treasure"', {"/packed"}),
    ('body:"half a word split"', {"/events"}),
    ('body:"LEMON TEA","lemon tea"', {"/talk"}),
    ("body:lemonade", set()),
    ("text:Grüße", {"/api/items/2"}),
    ("r2 -body:r2", {"/api/items/2"}),
    ('"hidden treasure"', set()),
    ('"none left"', {"/api/broken"}),
    ("larger-than:10k", {"/big"}),
    ("larger-than:20kb", set()),
    ("larger-than:>=20000,20000", {"/big"}),
    ("larger-than:0 larger-than:<1k", (ITEMS | PLAIN | {"/talk", "/no where"}) - {"/big"}),
    ("slower-than:1us", ALL),
    ("slower-than:1h", set()),
    ("slower-than:1us-1min", ALL),
    ("ttfb:1us", ITEMS | PLAIN | {"/no where", "/talk"}),
    ("ttfb:1us+ ttfb:<1h", ITEMS | PLAIN | {"/no where", "/talk"}),
    ("ttfb:1h-2h", set()),
    ("outcome:raised", {"/api/broken"}),
    ("outcome:returned,raised", ALL),
    ("outcome:open", set()),
    ("error:ValueError", {"/api/broken"}),
    ("error:LookupError", {"/api/broken"}),
    ("error:main.OutOfTea", {"/api/broken"}),
    ("error:ExceptionGroup", {"/api/broken"}),
    ("error:OutOf*", {"/api/broken"}),
    ("error:KeyError", set()),
    ("-error:*", ALL - {"/api/broken"}),
    ("message:websocket.close", SOCKETS),
    ("message:WEBSOCKET.*", SOCKETS),
    ("message:lifespan.startup", {"lifespan"}),
    ("code:4001", {"/talk"}),
    ("code:1008,4xxx", SOCKETS),
    ("code:>=4000", {"/talk"}),
    ("client:127.0.0.1", HTTP | SOCKETS),
    ("client:127.0.*", HTTP | SOCKETS),
    ("client:10.*", set()),
    ("route:/api/items/{id}", ITEMS),
    ("route:*", HTTP - {"/api/broken"}),
    ("since:1h", ALL),
    ("until:1h", set()),
    ("since:2020-01-01 until:2020-01-02", set()),
    ("type:http -path:/api/* -status:200", {"/no where"}),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_what_is_found(text: str, expected: set[str], served: Fold, trace: Path) -> None:
    chosen = parse_filter(text)
    found = [one for one in served.connections.values() if chosen.decide(one, final=True)]
    assert sorted(map(name, found)) == sorted(expected)
    assert {name(one) for one in connections(trace, filter=text)} == expected  # however it reads


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_a_literal_stands_in_what_is_found(text: str, expected: set[str], served: Fold, trace: Path) -> None:
    literals = parse_filter(text).literals
    for conn in [one.conn for one in served.connections.values() if name(one) in expected]:
        lines = [line for line in trace.read_text("utf-8").splitlines() if f'"conn":"{conn}"' in line]
        assert not literals or any(literal in line for line in lines for literal in literals)


def test_each_term_is_asked() -> None:
    asked = {found for text, _ in CASES for found in re.findall(r"(?:^| )-?([a-z-]+):", text)}
    assert {kind.name for kind in KINDS} - asked == {"conn", "proc", "text"} - asked


def test_connections_and_processes_by_all_their_names(served: Fold) -> None:
    connection = next(one for one in served.connections.values() if one.path == "/big")
    proc, _, number = connection.conn.rpartition(".")
    pid = served.processes[proc].pid
    whole = (connection.conn, number, f"#{number}", f"{pid}#{number}", f"{proc}#{number}", f"{proc[-3:]}.{number}")
    for text in whole:
        chosen = parse_filter(f"conn:{text}")
        assert [one for one in served.connections.values() if chosen.decide(one, final=True)] == [connection], text
    for text in (proc, proc[:5], str(pid)):
        assert parse_filter(f"proc:{text}").decide(connection, final=True), text
    for text in ("conn:0", f"conn:{pid + 1}#{number}", f"proc:{pid + 1}", "proc:zzzz"):
        assert not parse_filter(text).decide(connection, final=True), text


# --- one connection, while it goes on ---

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/a",
    "query_string": b"name=Jos%C3%A9+P",
    "client": ["::1", 5000],
    "headers": [[b"Host", b"[::1]:8000"], [b"x-name", b"Jos\xe9 P"]],
}
START = {"type": "http.response.start", "status": 503, "headers": []}
BODY = {"type": "http.response.body", "body": b"x" * 2000, "more_body": True}
ERROR = ErrorInfo(type="app.Late", bases=["TimeoutError"], exceptions=[ErrorInfo(type="ExceptionInGroup")])


def grown(steps: int, **end: Any) -> Connection:
    """The same connection after so many records."""
    connection = Connection("p.1")
    records: list[Any] = [
        ScopeRecord(conn="p.1", at=AT.isoformat(), scope=SCOPE),
        ReceiveRecord(conn="p.1", n=1, t_us=10, wait_us=5, message={"type": "http.request", "body": b""}),
        SendRecord(conn="p.1", n=2, t_us=300_000, message=START),
        SendRecord(conn="p.1", n=3, t_us=400_000, message=BODY),
        EndRecord(conn="p.1", n=4, t_us=900_000, **{"outcome": "raised", "error": ERROR, "route": "/{x}", **end}),
    ]
    for record in records[:steps]:
        connection.feed(record)
    return connection


YES, NO, LATER = True, False, None
# After the scope, the request, the response's start, its body, the end.
GROWING: list[tuple[str, list[bool | None]]] = [
    ("path:/a", [YES] * 5),
    ("-path:/a", [NO] * 5),
    ("path:/b", [NO] * 5),
    ("status:5xx", [LATER, LATER, YES, YES, YES]),
    ("-status:5xx", [LATER, LATER, NO, NO, NO]),
    ("status:200", [LATER, LATER, NO, NO, NO]),
    ("-status:200", [LATER, LATER, YES, YES, YES]),
    ("header:x-name", [YES] * 5),
    ("response-header:x", [LATER, LATER, LATER, LATER, NO]),
    ("larger-than:1k", [LATER, LATER, LATER, YES, YES]),
    ("larger-than:<1k", [LATER, LATER, LATER, NO, NO]),
    ("-larger-than:<1k", [LATER, LATER, LATER, YES, YES]),
    ("larger-than:4k", [LATER, LATER, LATER, LATER, NO]),
    ("slower-than:350ms", [LATER, LATER, LATER, YES, YES]),
    ("slower-than:<350ms", [LATER, LATER, LATER, NO, NO]),
    ("slower-than:2s", [LATER, LATER, LATER, LATER, NO]),
    ("ttfb:0.2s", [LATER, LATER, YES, YES, YES]),
    ("ttfb:<0.2s", [LATER, LATER, NO, NO, NO]),
    ("outcome:open", [YES, YES, YES, YES, NO]),
    ("-outcome:open", [LATER, LATER, LATER, LATER, YES]),
    ("outcome:raised", [LATER, LATER, LATER, LATER, YES]),
    ("-outcome:raised", [LATER, LATER, LATER, LATER, NO]),
    ("error:TimeoutError", [LATER, LATER, LATER, LATER, YES]),
    ("error:ExceptionInGroup", [LATER, LATER, LATER, LATER, YES]),
    ("error:ValueError", [LATER, LATER, LATER, LATER, NO]),
    ("-error:*", [LATER, LATER, LATER, LATER, NO]),
    ("route:/{x}", [LATER, LATER, LATER, LATER, YES]),
    ("message:http.response.*", [LATER, LATER, YES, YES, YES]),
    ("message:http.disconnect", [LATER, LATER, LATER, LATER, NO]),
    ("-message:http.disconnect", [LATER, LATER, LATER, LATER, YES]),
    ("body:xxx", [LATER, LATER, LATER, YES, YES]),
    ("text:Late", [LATER, LATER, LATER, LATER, YES]),
    ("code:1000", [LATER, LATER, LATER, LATER, NO]),
    ("status:5xx path:/b", [NO] * 5),
    ("status:5xx error:*", [LATER, LATER, LATER, LATER, YES]),
    ("proc:4711", [LATER, LATER, LATER, LATER, NO]),
    ("conn:4711#1", [LATER, LATER, LATER, LATER, NO]),
    ("conn:1", [YES] * 5),
    ("conn:2", [NO] * 5),
    ("client:::1", [YES] * 5),
    ("client:[::1]:5000", [YES] * 5),
    ("host:[::1]", [YES] * 5),
    ("query:'José P'", [YES] * 5),
    ("query:Jos%C3%A9", [YES] * 5),
    ("query:jos", [NO] * 5),
    ("header:x-name='José P'", [LATER, LATER, LATER, LATER, NO]),
    (r"header:x-name='Jos\\xe9'", [YES] * 5),
]


@pytest.mark.parametrize(("text", "verdicts"), GROWING, ids=[text for text, _ in GROWING])
def test_it_is_decided_as_soon_as_it_is_known(text: str, verdicts: list[bool | None]) -> None:
    chosen = parse_filter(text)
    found = [chosen.decide(grown(steps), final=steps == 5) for steps in range(1, 6)]
    assert found == verdicts
    assert chosen.decide(grown(4), final=True) is not None


def test_a_connection_that_was_left_open() -> None:
    def found(text: str) -> bool | None:
        return parse_filter(text).decide(grown(4), final=True)

    assert found("outcome:open")
    assert found("slower-than:300ms")  # so long at least
    assert not found("slower-than:<1h")
    assert not found("outcome:returned,raised,cancelled")
    assert found("-outcome:returned,raised,cancelled")


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # the connection began at 9:30


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("since:3h", True),
        ("since:2h", False),
        ("until:2h", True),
        ("until:3h", False),
        ("since:9:30", True),
        ("since:09:30:01", False),
        ("until:9:29", False),
        ("since:2026-11-22", True),
        ("until:2026-11-22", True),
        ("until:2026-11-21", False),
        ("since:20261122", True),
        ("since:2026-11-22T09:30:00Z", True),
        ("since:2026-11-22T10:30:00+01:00", True),
        ("since:2026-11-22T10:31:00+01:00", False),
        ("since:1d until:150min", True),
        ("since:1w,1s", True),
        ("since:150m", True),
        ("since:149m", False),
    ],
)
def test_times(text: str, expected: bool) -> None:
    assert parse_filter(text, now=NOW).decide(grown(5), final=True) is expected


def test_a_time_without_a_zone_is_local() -> None:
    here = NOW.astimezone(UTC).replace(tzinfo=None) - timedelta(hours=2, minutes=31)
    east = NOW.astimezone().tzinfo
    chosen = parse_filter(f"since:{here.isoformat()}", now=NOW)
    assert chosen.decide(grown(5), final=True) is True
    assert east is not None


def test_messages_one_by_one() -> None:
    connection = grown(5)
    events = [event for event in connection.events if isinstance(event, ReceiveRecord | SendRecord)]

    def found(text: str) -> list[int]:
        chosen = parse_filter(text, now=NOW)
        return [e.n for e in events if chosen.decide_message(connection, e, connection.message_of(e))]

    assert found("message:http.response.*") == [2, 3]
    assert found("-message:http.response.*") == [1]
    assert found("status:503") == [2]
    assert found("body:xx") == [3]
    assert found("text:more_body") == [3]
    assert found("larger-than:1k") == [3]
    assert found("slower-than:4us") == [1]
    assert found("since:2026-11-22T09:30:00.35Z") == [3]
    assert found("path:/a") == [1, 2, 3]
    assert found("path:/b") == []
    assert found("error:TimeoutError status:5xx") == [2]


def test_a_message_that_is_packed() -> None:
    connection = Connection("p.1")
    start = {**START, "headers": [[b"Content-Encoding", b"gzip"]]}
    body = {"type": "http.response.body", "body": gzip.compress(b"leaves " * 9 + b"hidden treasure")}
    events = [SendRecord(conn="p.1", n=n, t_us=n, message=message) for n, message in enumerate((start, body), 1)]
    for event in events:
        connection.feed(event)
    chosen = parse_filter("body:'hidden treasure'")
    assert [chosen.decide_message(connection, event, event.message) for event in events] == [False, True]
    assert chosen.decide(connection, final=True)


def test_what_others_call_a_term_is_none_of_ours() -> None:
    assert not set(SYNONYMS) & {kind.name for kind in KINDS}
    assert sum(len(kind.also) for kind in KINDS) == len(SYNONYMS)
