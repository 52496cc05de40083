"""The linter itself: what it remembers, what it counts, and when it holds its tongue."""

from typing import Any

from msgspec.structs import replace

from asgi_inspect.lint.choice import Choice
from asgi_inspect.lint.linter import Linter
from asgi_inspect.testing import http_scope, lifespan_scope, websocket_scope
from asgi_inspect.trace.records import (
    EndRecord,
    ErrorInfo,
    PendingRecord,
    ProcessRecord,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SentRecord,
)
from tests.lint.telling import AT, Step, connection, findings_of

START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": []}
BODY: dict[str, Any] = {"type": "http.response.body"}
TWICE: list[Step] = [("send", START), ("send", BODY), ("send", {**START, "status": 500})]


def codes(records: list[Record], choice: Choice | None = None) -> list[str]:
    return [finding.code for finding in findings_of(records, choice)]


def all_findings(records: list[Record]) -> list[tuple[str, str, int]]:
    linter = Linter()
    for record in records:
        linter.feed(record)
    linter.finish()
    return [(finding.code, finding.where, finding.count) for finding in linter.findings]


def process(server: str | None) -> ProcessRecord:
    return ProcessRecord(
        v=1, proc="p", at=AT, pid=1, parent_pid=0, host="h", argv=[], python="3.13", asgi_inspect="1", server=server
    )


def test_a_finding_says_what_happened_where_and_what_to_do() -> None:
    (finding,) = findings_of(connection(http_scope(path="/items/42"), TWICE))
    assert (finding.code, finding.name, finding.severity, finding.party) == (
        "H105", "start-after-complete", "error", "application",
    )  # fmt: skip
    assert (finding.conn, finding.records, finding.where) == ("p.1", (1, 2, 3), "GET /items/{id}")
    assert "500" in finding.sentence
    assert "200" in finding.sentence
    assert finding.fix
    assert finding.link.startswith("https://asgi.readthedocs.io/")


def test_connections_that_tell_the_same_story_are_counted() -> None:
    first = connection(http_scope(path="/items/1"), TWICE, conn="p.1")
    second = connection(http_scope(path="/items/2"), TWICE, conn="p.2")
    other = connection(http_scope(path="/about"), TWICE, conn="p.3")
    assert all_findings([*first, *second, *other]) == [("H105", "GET /items/{id}", 2), ("H105", "GET /about", 1)]


def test_the_route_is_the_one_that_the_end_tells() -> None:
    records = connection(http_scope(path="/items/1"), TWICE)
    records[-1] = EndRecord(conn="p.1", n=4, t_us=5000, outcome="returned", route="/items/{number}")
    assert all_findings(records) == [("H105", "GET /items/{number}", 1)]


def test_a_rule_tells_of_a_connection_once() -> None:
    again = connection(http_scope(), [*TWICE, ("send", START)])
    assert codes(again) == ["H105"]


def test_no_order_is_judged_where_records_are_lost() -> None:
    records = connection(http_scope(), [("send", START), ("send", BODY)])
    del records[2]  # the body
    assert codes(records) == []
    wrong_value = [replace(records[1], message={**START, "status": "200"}), *records[2:]]
    assert codes([records[0], *wrong_value]) == ["H202"]


def test_a_pending_record_is_no_gap() -> None:
    records = connection(http_scope(), TWICE)
    pending = PendingRecord(conn="p.1", n=3, call="send", started_us=1)
    late = [replace(record, n=record.n + 1) for record in records[3:]]  # type: ignore[union-attr]  # these have a number
    assert codes([*records[:3], pending, *late]) == ["H105"]


def test_a_connection_whose_beginning_is_not_there_is_not_judged() -> None:
    assert codes(connection(http_scope(), TWICE)[1:]) == []


def test_a_connection_that_is_there_twice_is_counted_once() -> None:
    records = connection(http_scope(), TWICE)
    assert all_findings([*records, *records]) == [("H105", "GET /", 1)]


def test_an_open_connection_owes_nothing_yet() -> None:
    assert codes(connection(http_scope(), [("send", START)], outcome=None)) == []
    assert all_findings(connection(http_scope(), TWICE, outcome=None)) == [("H105", "GET /", 1)]


def test_a_send_that_raised_may_be_tried_again() -> None:
    error = ErrorInfo(type="builtins.TypeError", bases=["builtins.Exception"])
    failed = SentRecord(conn="p.1", n=2, of=1, t_us=2, took_us=1, outcome="raised", error=error)
    records: list[Record] = [
        ScopeRecord(conn="p.1", at=AT, scope=http_scope()),
        SendRecord(conn="p.1", n=1, t_us=1, message=START),
        failed,
        SendRecord(conn="p.1", n=3, t_us=3, message=START),
        SendRecord(conn="p.1", n=4, t_us=4, message=BODY),
        EndRecord(conn="p.1", n=5, t_us=5, outcome="returned"),
    ]
    assert codes(records) == []


def test_a_cancelled_application_owes_nothing() -> None:
    assert codes(connection(http_scope(), [("send", START)], outcome="cancelled")) == []
    assert codes(connection(websocket_scope(), [("receive", {"type": "websocket.connect"})], outcome="cancelled")) == []


def test_a_server_is_named_where_it_is_known() -> None:
    scope = http_scope(method=b"GET")
    unknown = findings_of(connection(scope, [("send", START), ("send", BODY)]))
    known = findings_of([process("uvicorn 0.54"), *connection(scope, [("send", START), ("send", BODY)])])
    assert [finding.party for finding in unknown] == ["upstream"]
    assert [finding.party for finding in known] == ["server"]


def test_what_is_milder_than_the_level_is_not_told() -> None:
    title_case = connection(http_scope(), [("send", {**START, "headers": [[b"X-A", b"1"]]}), ("send", BODY)])
    assert codes(title_case, Choice(level="warning")) == ["H210"]
    assert codes(title_case, Choice(level="error")) == []


def test_what_is_told_once_is_counted_all_the_same() -> None:
    title_case: list[Step] = [("send", {**START, "headers": [[b"X-A", b"1"]]}), ("send", BODY)]
    records = [
        record
        for number in range(3)
        for record in connection(http_scope(path=f"/{number}"), title_case, conn=f"p.{number}")
    ]
    assert codes(records) == ["H210"]
    assert all_findings(records) == [("H210", "GET /{id}", 3)]


def test_records_that_are_no_connections_say_nothing() -> None:
    linter = Linter()
    assert linter.feed(process(None)) == []
    assert linter.findings == []


def test_another_linter_may_tell_of_lifespans() -> None:
    records = connection(lifespan_scope(), [("receive", {"type": "lifespan.shutdown"})], outcome="raised")
    linter = Linter(lifespans=False)
    assert [finding for record in records for finding in linter.feed(record)] == []
    assert "L201" in codes(records)


def test_hostile_records_break_nothing() -> None:
    odd: list[Any] = [None, 5, "x", [], {}, {"type": None}, {"type": {}}, {"type": "http.request", "body": {"a": 1}}]
    for scope in [*odd, {"type": "http"}, {"type": "websocket"}, {"type": "lifespan"}, {"type": "odd"}]:
        records: list[Record] = [ScopeRecord(conn="p.1", at=AT, scope=scope)]
        for n, message in enumerate(odd, 1):
            records.append(SendRecord(conn="p.1", n=2 * n - 1, t_us=n, message=message))
            records.append(ReceiveRecord(conn="p.1", n=2 * n, t_us=n, wait_us=-5, message=message))
        records.append(EndRecord(conn="p.1", n=2 * len(odd) + 1, t_us=0, outcome="returned"))
        findings_of(records, Choice(select=("all",)))
