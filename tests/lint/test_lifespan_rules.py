"""What the rules of lifespans say of processes built by hand, and above all where they are silent."""

from typing import Any

import pytest

from asgi_inspect.testing import http_scope, lifespan_scope, websocket_scope
from asgi_inspect.trace.records import EndRecord, Record
from asgi_inspect.values import Foreign, Parts, Redacted
from tests.lint.steps import (
    CUT,
    FAILED,
    Step,
    codes,
    got,
    left,
    raised,
    records_of,
    returned,
    sent,
    stopped,
)

STARTUP = got("lifespan.startup")
COMPLETE = sent("lifespan.startup.complete")
BROKEN = sent("lifespan.startup.failed", message="no database")
SHUTDOWN = got("lifespan.shutdown")
DONE = sent("lifespan.shutdown.complete")
UNDONE = sent("lifespan.shutdown.failed", message="no database")
RUNNING = [STARTUP, COMPLETE]
TEST: dict[str, Any] = {"client": ["testclient", 50000]}
LATE = Step("receive", cancelled=True, wait_us=10)
EARLY = Step("receive", cancelled=True, wait_us=1_500)


def told(steps: list[Step], *more: str, **scope: Any) -> str:
    return codes(records_of(lifespan_scope(**scope), steps), *more)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([*RUNNING, SHUTDOWN, DONE], ""),
        ([*RUNNING, SHUTDOWN, UNDONE], ""),
        ([*RUNNING, SHUTDOWN, DONE, CUT, stopped()], ""),
        ([STARTUP, BROKEN], ""),
        ([STARTUP, BROKEN, left("RuntimeError")], ""),
        ([STARTUP, BROKEN, raised("hypercorn.LifespanFailureError"), left("hypercorn.LifespanFailureError")], ""),
        # what the server gives
        ([SHUTDOWN, left("ValueError")], "L201"),
        ([STARTUP, STARTUP, COMPLETE, SHUTDOWN, DONE], "L202"),
        ([*RUNNING, STARTUP, SHUTDOWN, DONE], "L202"),
        ([STARTUP, SHUTDOWN, COMPLETE, DONE], "L203"),
        ([STARTUP, BROKEN, SHUTDOWN], "L204"),
        ([*RUNNING, SHUTDOWN, SHUTDOWN, DONE], "L205"),
        # the answers
        ([COMPLETE, STARTUP, SHUTDOWN, DONE], "L301"),
        ([BROKEN], "L301"),
        ([*RUNNING, COMPLETE, SHUTDOWN, DONE], "L302"),
        ([*RUNNING, COMPLETE, FAILED, left("AssertionError")], "L302"),
        ([STARTUP, BROKEN, BROKEN], "L302"),
        ([*RUNNING, BROKEN], "L303"),
        ([STARTUP, BROKEN, COMPLETE], "L303"),
        ([*RUNNING, DONE, SHUTDOWN], "L304"),
        ([STARTUP, DONE], "L304"),
        ([*RUNNING, CUT, UNDONE, stopped()], ""),  # the server has cancelled it, and it says so on its way out
        ([*RUNNING, SHUTDOWN, DONE, UNDONE], "L305"),
        ([*RUNNING, SHUTDOWN, DONE, DONE], "L305"),
        ([STARTUP, BROKEN, DONE], "L312"),
        ([STARTUP, BROKEN, LATE, stopped()], "L312"),
        ([STARTUP, BROKEN, EARLY, stopped()], ""),  # it waited already as it said that it had failed
        ([*RUNNING, SHUTDOWN, UNDONE, LATE, stopped()], "L312"),
        ([STARTUP, sent("lifespan.startup.done"), left("KeyError")], "A405"),
        # the end
        ([], "L309"),
        ([left("ValueError")], ""),
        ([STARTUP], "L306"),
        ([STARTUP, left("RuntimeError")], "L310"),
        ([STARTUP, left("ConnectionRefusedError", "OSError")], "L310"),
        ([STARTUP, left("CancelledError")], ""),
        ([STARTUP, left("SystemExit")], "A111"),
        ([STARTUP, stopped()], ""),
        ([*RUNNING], "L308"),
        ([*RUNNING, CUT], ""),
        ([*RUNNING, left("RuntimeError")], "L311"),
        ([*RUNNING, CUT, left("RuntimeError")], ""),
        ([*RUNNING, stopped()], ""),
        ([*RUNNING, SHUTDOWN], "L307"),
        ([*RUNNING, SHUTDOWN, left("RuntimeError")], ""),
        ([*RUNNING, SHUTDOWN, DONE, left("RuntimeError")], ""),
    ],
)
def test_the_order(steps: list[Step], expected: str) -> None:
    assert told(steps) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({}, ""),
        ({"message": ""}, ""),
        ({"message": None}, "L315"),
        ({"message": Foreign("$object", "builtins.ValueError")}, "L315"),
        ({"message": b"no"}, "L315"),
        ({"message": Redacted(9, None, "token")}, ""),
        ({"message": Parts(("no ", Redacted(9, None, "token")))}, ""),
    ],
)
def test_what_a_failure_says(message: dict[str, Any], expected: str) -> None:
    assert told([STARTUP, sent("lifespan.startup.failed", **message)]) == expected
    assert told([*RUNNING, SHUTDOWN, sent("lifespan.shutdown.failed", **message)]) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([STARTUP, sent("lifespan.startup.failed")], "L316"),
        ([STARTUP, sent("lifespan.startup.failed", message="")], "L316"),
        ([STARTUP, BROKEN], ""),
        ([*RUNNING, SHUTDOWN, DONE, LATE, stopped()], "L313"),
        ([*RUNNING, SHUTDOWN, DONE, EARLY, stopped()], ""),
        ([*RUNNING, SHUTDOWN, DONE], ""),
    ],
)
def test_what_is_off_by_default(steps: list[Step], expected: str) -> None:
    assert told(steps, "L313", "L316") == expected
    assert told(steps) == ""


# --- the scope and its state ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, ""),
        ({"state": {}}, ""),
        ({"state": {"db": 1}}, "L101"),
        ({"app": "x"}, ""),
        ({"path": "/"}, "L102"),
        ({"headers": [], "type": "lifespan"}, "L102"),
    ],
)
def test_the_scope(scope: dict[str, Any], expected: str) -> None:
    assert told([*RUNNING, SHUTDOWN, DONE], "L102", **scope) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["db"], ["db"], ""),
        ([], [], ""),
        (None, [], ""),
        (["db"], None, ""),
        (["db"], [], "L210"),
        (["db", "cache"], ["db"], "L317"),
        ([], ["late"], "L317"),
    ],
)
def test_what_becomes_of_the_state(before: Any, after: Any, expected: str) -> None:
    steps = [
        STARTUP,
        sent("lifespan.startup.complete", state=before),
        got("lifespan.shutdown", state=after),
        DONE,
    ]
    assert told(steps, "L317") == expected


def test_a_state_that_the_server_does_not_have() -> None:
    records = records_of(
        {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}, [*RUNNING, SHUTDOWN, DONE]
    )
    end = records[-1]
    assert isinstance(end, EndRecord)
    changed = EndRecord(conn=end.conn, n=end.n, t_us=end.t_us, outcome="returned", scope_changes=["app", "state"])
    assert codes([*records[:-1], changed], "L319") == "L319"
    assert codes([*records[:-1], changed]) == codes(records, "L319") == ""


# --- connections beside a lifespan ------------------------------------------------------------------------------------------


def lifespan(*steps: Step, conn: str = "p.1") -> list[Record]:
    """A lifespan that goes on."""
    return records_of(lifespan_scope(), list(steps), conn=conn)[:-1]


def call(conn: str = "p.2", parent: str | None = None, **scope: Any) -> list[Record]:
    """A connection that is answered at once."""
    start = sent("http.response.start", status=204, headers=[])
    steps = [got("http.request"), start, sent("http.response.body")]
    return records_of(http_scope(**scope), steps, conn=conn, parent=parent)


def socket(conn: str = "p.3", **scope: Any) -> list[Record]:
    steps = [got("websocket.connect"), sent("websocket.close")]
    return records_of(websocket_scope(**scope), steps, conn=conn)


WITH_STATE = [STARTUP, sent("lifespan.startup.complete", state=["db"])]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], ""),
        ([STARTUP], ""),  # it is not known yet whether the answer is only lost
        ([STARTUP, COMPLETE], ""),
        ([STARTUP, BROKEN], ""),
        ([STARTUP, COMPLETE, SHUTDOWN], "L207"),
        ([STARTUP, COMPLETE, SHUTDOWN, DONE], "L207"),
    ],
)
def test_a_connection_at_each_moment_of_a_lifespan(steps: list[Step], expected: str) -> None:
    assert codes(lifespan(*steps) + call()) == expected
    assert codes(lifespan(*steps) + socket()) == expected
    assert codes(lifespan(*steps) + call(parent="p.1")) == ""  # the application calls itself
    assert codes(lifespan(*steps) + call(**TEST)) == ""
    assert codes(lifespan(*steps) + call(client=("127.0.0.1", 123))) == ""
    assert codes(lifespan(*steps) + call(conn="q.2")) == ""  # another process


@pytest.mark.parametrize("answer", [COMPLETE, BROKEN])
def test_a_connection_before_the_startup_is_answered(answer: Step) -> None:
    before, after = lifespan(STARTUP), records_of(lifespan_scope(), [STARTUP, answer])[2:3]
    assert codes([*before, *call(), *after]) == "L206"
    assert codes([*before, *socket(), *call(), *after]) == "L206"
    assert codes([*before, *call(parent="p.1"), *after]) == ""
    assert codes([*before, *call(**TEST), *after]) == ""
    assert codes([*before, *call(conn="q.2"), *after]) == ""
    assert codes([*before, *call()]) == ""


def test_a_connection_of_a_lifespan_that_is_over() -> None:
    for steps in ([left("ValueError")], [STARTUP, left("ValueError")], [STARTUP, returned()], [STARTUP, stopped()]):
        records = records_of(lifespan_scope(), steps)
        assert codes(records + call()) == codes(records)
    whole = records_of(lifespan_scope(), [*RUNNING, SHUTDOWN, DONE])
    again = records_of(lifespan_scope(), [*RUNNING, SHUTDOWN, DONE], conn="p.4")
    assert codes([*whole, *call(), *again, *call("p.5")]) == ""


def test_two_lifespans_at_a_time_belong_to_who_knows_whom() -> None:
    first, second = lifespan(*WITH_STATE), lifespan(STARTUP, conn="p.4")
    assert codes([*first, *second, *call(), *socket()]) == ""
    assert codes([*second, *first, *call()]) == ""


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"state": {"db": 1}}, ""),
        ({"state": {"db": 1, "user": 2}}, ""),
        ({"state": {}}, "L212"),
        ({"state": {"user": 2}}, "L212"),
        ({}, "L212"),
        ({"state": Foreign("$object", "pkg.State")}, ""),
        ({**TEST}, ""),
        ({"client": ["127.0.0.1", 123]}, ""),  # httpx knows of no state
    ],
)
def test_the_state_of_a_connection(scope: dict[str, Any], expected: str) -> None:
    records = call(**scope)
    found = codes(lifespan(*WITH_STATE) + records)
    assert [code for code in found.split() if code.startswith("L")] == expected.split()
    assert "L" not in codes(lifespan(*RUNNING) + records)


def test_a_call_that_runs_on_as_the_server_shuts_down() -> None:
    running, end = call()[:-1], call()[-1:]
    cancelled = [*records_of(http_scope(), [got("http.request"), CUT], conn="p.2")[:-1]]
    before, after = lifespan(*RUNNING), records_of(lifespan_scope(), [*RUNNING, SHUTDOWN, DONE])[3:]
    assert codes([*before, *running, *after, *end]) == "L208"
    assert codes([*before, *running, *after]) == ""  # its end may be what is lost
    assert codes([*before, *call(), *after]) == ""
    assert codes([*before, *cancelled, *after]) == ""
