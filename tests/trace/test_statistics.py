"""What connections add up to: small cases exactly, halves against the whole, and bounds."""

import json
import pickle
import tracemalloc
from collections import Counter
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from asgi_inspect.trace.figures import SORTS, Figures, Sort, figures
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.missing import Missing
from asgi_inspect.trace.records import ErrorInfo
from asgi_inspect.trace.statistics import BY, KEPT, OTHER, By, Statistics
from tests.render.talk import Talk, body, http_scope, process, request, start, websocket_scope

PLAIN = {
    "conn": "p.1",
    "at": "2026-11-23T13:00:00.000000Z",
    "sample": None,
    "type": "http",
    "method": "GET",
    "path": "/items/1",
    "client": "127.0.0.1:5000",
    "status": 200,
    "answered_us": 100,
    "duration_us": 200,
    "last_us": 200,
    "outcome": "returned",
    "error_types": (),
    "route": None,
    "disconnected": False,
    "close_code": None,
    "closed_by": None,
    "request_bytes": 1,
    "response_bytes": 10,
    "received": 1,
    "sent": 2,
}


def facts(**more: Any) -> Any:
    return SimpleNamespace(**{**PLAIN, **more})


def counted(*some: Any, by: By = "route") -> Statistics:
    statistics = Statistics(by)
    for one in some:
        statistics.take(one)
    return statistics


def around(exits: tuple[str, ...] = (), **pids: int) -> Any:
    """What a trace tells beside its connections."""
    processes = {proc: structs.replace(process(pid, proc), host=f"box{pid % 2}") for proc, pid in pids.items()}
    return SimpleNamespace(processes=processes, exits=dict.fromkeys(exits), missing=Missing(), blocked_us=0)


def summed(*some: Any, by: By = "route", sort: Sort = "count", near: Any = None) -> Figures:
    return figures(counted(*some, by=by), around() if near is None else near, sort)


def rows(found: Figures) -> list[tuple[str | None, str, int]]:
    return [(group.method, group.name, group.connections) for group in found.groups]


def test_nothing_is_nothing() -> None:
    found = summed()
    assert (found.connections, found.groups, found.totals, found.span_us, found.per_second) == (0, [], [], None, None)


def test_one_group_whole() -> None:
    found = summed(
        facts(),
        facts(path="/items/2", status=503, duration_us=400, answered_us=None, request_bytes=5),
        facts(path="/items/3", status=None, outcome="raised", error_types=("app.Bad", "ValueError"), answered_us=None),
        facts(path="/items/4", status=None, outcome="open", duration_us=None, answered_us=300, sent=1),
    )
    (group,) = found.groups
    assert msgspec.to_builtins(group) == {
        "type": "http",
        "method": "GET",
        "name": "/items/{id}",
        "connections": 4,
        "errors": 2,
        "error_share": 0.5,
        "without_end": 1,
        "duration_us": {"p50": 200, "p95": 400, "p99": 400, "max": 400, "mean": 267},
        "answered_us": {"p50": 100, "p95": 300, "p99": 300, "max": 300, "mean": 200},
        "request_bytes": 8,
        "response_bytes": 40,
        "received": 4,
        "sent": 7,
        "total_us": 800,
        "durations": [{"from_us": 200, "below_us": 500, "count": 3}],
        "estimated": None,
    }
    assert found.statuses == {"200": 1, "503": 1}
    assert found.outcomes == {"returned": 2, "open": 1, "raised": 1}
    assert found.exceptions == {"app.Bad": 1}


def test_a_route_is_better_than_a_path() -> None:
    found = summed(facts(route="/items/{item}"), facts(route="/items/{item}", path="/x"), facts(method="PUT"))
    assert rows(found) == [("GET", "/items/{item}", 2), ("PUT", "/items/{id}", 1)]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("route", [("GET", "/items/{id}", 2), ("PUT", "/b", 1)]),
        ("path", [("PUT", "/b", 1), ("GET", "/items/1", 1), ("GET", "/items/2", 1)]),
        ("client", [(None, "127.0.0.1", 2), (None, "::1", 1)]),
        ("worker", [(None, "10 on box0", 2), (None, "11 on box1", 1)]),
        ("machine", [(None, "box0", 2), (None, "box1", 1)]),
        ("method", [(None, "GET", 2), (None, "PUT", 1)]),
        ("status", [(None, "200", 2), (None, "404", 1)]),
        ("type", [(None, "http", 3)]),
    ],
)
def test_what_makes_a_group(by: By, expected: list[tuple[str | None, str, int]]) -> None:
    some = (
        facts(conn="a.1"),
        facts(conn="a.2", path="/items/2", client="127.0.0.1:5001"),
        facts(conn="b.1", path="/b", method="PUT", client="[::1]:5000", status=404),
    )
    assert rows(summed(*some, by=by, near=around(a=10, b=11))) == expected


def test_every_way_to_group_takes_what_knows_nothing() -> None:
    bare = dict.fromkeys(("at", "method", "path", "client", "status", "answered_us", "duration_us", "route"))
    for by in BY:
        (group,) = summed(facts(conn="", type="", outcome="open", last_us=0, **bare), by=by).groups
        assert (group.type, group.name, group.duration_us) == ("", "", None)


def test_machines_of_several_processes_are_one() -> None:
    found = summed(facts(conn="a.1"), facts(conn="b.1"), facts(conn="c.1"), by="machine", near=around(a=10, b=12))
    assert rows(found) == [(None, "box0", 2), (None, "c", 1)]


def test_websockets_stand_apart() -> None:
    socket = {"type": "websocket", "method": None, "path": "/chat/1", "status": None, "duration_us": 10**9}
    found = summed(
        facts(),
        facts(**socket, closed_by="client", close_code=1006),
        facts(**socket, closed_by="application", close_code=None),
        facts(**socket, outcome="open"),
        facts(type="unheard.of", method=None),
    )
    assert [(group.type, group.name) for group in found.groups] == [
        ("http", "/items/{id}"),
        ("websocket", "/chat/{id}"),
        ("", "/items/{id}"),
    ]
    assert found.totals[0].duration_us is not None
    assert found.totals[0].duration_us.max == 200
    assert found.close_codes == {"1006": 1, "none": 1}


def test_lifespans_are_in_no_other_number() -> None:
    lifespan = {"type": "lifespan", "method": None, "path": None, "status": None}
    found = summed(
        facts(**lifespan, outcome="open"),
        facts(**lifespan, outcome="open", conn="gone.1"),
        facts(**lifespan, outcome="raised", received=0, sent=0),
        facts(**lifespan, outcome="raised"),
        near=around(exits=("gone",)),
    )
    assert found.lifespans == {"cut_off": 1, "open": 1, "raised": 1, "unsupported": 1}
    assert (found.connections, found.groups, found.outcomes, found.exceptions) == (0, [], {}, {})


def test_what_is_open_and_what_was_cut_off() -> None:
    opened = {"outcome": "open", "duration_us": None, "status": None, "answered_us": None}
    some = [
        facts(conn=f"a.{n}", at=f"2026-11-23T13:00:{n:02}.000000Z", path=f"/{n}", **opened) for n in range(9, 0, -1)
    ]
    found = summed(*some, facts(conn="gone.1", **opened), near=around(exits=("gone",)))
    assert (found.open, found.outcomes) == (9, {"open": 9, "cut_off": 1})
    assert [(one.conn, one.open_us) for one in found.oldest_open] == [
        ("a.1", 8_000_000),
        ("a.2", 7_000_000),
        ("a.3", 6_000_000),
        ("a.4", 5_000_000),
        ("a.5", 4_000_000),
    ]


def test_span_and_rate() -> None:
    found = summed(*(facts(at=f"2026-11-23T13:00:{n:02}.500000Z") for n in (4, 0, 2)))
    assert (found.first, found.last) == ("2026-11-23T13:00:00.500000Z", "2026-11-23T13:00:04.500000Z")
    assert (found.span_us, found.per_second) == (4_000_000, 0.75)


@pytest.mark.parametrize("at", ["", "yesterday", "9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+23:59"])
def test_a_time_that_is_none_is_no_trouble(at: str) -> None:
    summed(facts(), facts(at=at))


LETTERS = str.maketrans("01", "xy")  # a name is no identifier


@pytest.mark.parametrize("by", BY)
def test_numbers_beyond_all_sense_can_still_be_written(by: By) -> None:
    huge = 10**5000
    wild = facts(status=huge, duration_us=huge, answered_us=-huge, request_bytes=huge, response_bytes=huge)
    socket = facts(type="websocket", closed_by="client", close_code=huge, outcome="open", last_us=huge)
    found = json.loads(json.dumps(msgspec.to_builtins(summed(wild, socket, by=by))))
    assert found["groups"][0]["request_bytes"] == found["oldest_open"][0]["open_us"] == (1 << 63) - 1
    assert (found["statuses"], found["close_codes"]) == ({"<int>": 1, "200": 1}, {"<int>": 1})


SORTED = {
    "count": ["a", "b", "c"],
    "errors": ["c", "a", "b"],
    "p50": ["b", "c", "a"],
    "p95": ["b", "c", "a"],
    "p99": ["b", "c", "a"],
    "max": ["b", "c", "a"],
    "ttfb": ["c", "b", "a"],
    "time": ["b", "a", "c"],
    "in": ["c", "a", "b"],
    "out": ["b", "a", "c"],
    "name": ["a", "b", "c"],
}


@pytest.mark.parametrize("sort", SORTS)
def test_what_comes_first(sort: Sort) -> None:
    a, b = facts(route="a"), facts(route="b", duration_us=900, answered_us=400, response_bytes=100)
    c = facts(route="c", duration_us=300, answered_us=500, request_bytes=100, status=500)
    assert [group.name for group in summed(a, a, a, b, b, c, sort=sort).groups] == SORTED[sort]


ONE = st.builds(
    facts,
    conn=st.sampled_from(["a.1", "b.1", "b.2"]),
    at=st.sampled_from([None, "2026-11-23T13:00:00.000000Z", "2026-11-23T13:00:07.000000Z"]),
    type=st.sampled_from(["http", "http", "websocket", "lifespan", ""]),
    path=st.sampled_from(["/a", "/b/1", "/b/2"]),
    status=st.sampled_from([None, 200, 404, 500]),
    duration_us=st.none() | st.integers(0, 10**7),
    answered_us=st.none() | st.integers(0, 10**7),
    outcome=st.sampled_from(["returned", "raised", "cancelled", "open"]),
    error_types=st.sampled_from([(), ("ValueError",)]),
    disconnected=st.booleans(),
    closed_by=st.sampled_from([None, "client"]),
    close_code=st.sampled_from([None, 1000]),
    received=st.integers(0, 3),
)


@given(st.lists(ONE), st.lists(ONE), st.sampled_from(BY))
def test_two_halves_are_the_whole(one: list[Any], other: list[Any], by: By) -> None:
    found = counted(*one, by=by)
    found.merge(pickle.loads(pickle.dumps(counted(*other, by=by))))
    near = around(exits=("b",), a=1, b=2)
    assert figures(found, near) == figures(counted(*one, *other, by=by), near)


def test_figures_can_be_asked_for_on_the_way() -> None:
    statistics = Statistics()
    for n in range(1000):
        statistics.take(facts(duration_us=n))
        if n % 100 == 7:
            figures(statistics, around())
    (group,) = figures(statistics, around()).groups
    assert group.duration_us is not None
    assert (group.connections, group.duration_us.max, group.total_us) == (1000, 999, 499_500)
    assert sum(found.count for found in group.durations) == 1000


def test_the_busy_ones_are_kept_and_the_rest_is_one() -> None:
    some = [facts(path="/busy")] * 50
    statistics = counted(*some)
    for n in range(5 * KEPT):
        statistics.take(facts(path=f"/rare/{n:b}".translate(LETTERS), duration_us=5000))
        assert len(statistics.groups) <= 2 * KEPT
    found = figures(statistics, around())
    assert (found.groups[0].name, found.groups[0].connections) == ("/busy", 50)
    assert found.groups[-1].name == OTHER
    assert sum(group.connections for group in found.groups) == found.connections == 50 + 5 * KEPT
    assert sum(found.count for found in found.totals[0].durations) == 50 + 5 * KEPT


def test_memory_is_bounded_whatever_passes() -> None:
    statistics = Statistics("path")
    for measured in (False, True):
        before = tracemalloc.get_traced_memory()[0] if measured else 0
        for n in range(6000):
            kind, code = ("websocket", n) if n % 3 else (f"t{n}{measured}", n)
            outcome = ("raised", "open")[n % 2]
            statistics.take(
                facts(
                    conn=f"{measured}{n}.1",
                    type=kind,
                    path=f"/{n}/{measured}" + "x" * 5000,
                    method="M" * 5000,
                    status=n,
                    outcome=outcome,
                    error_types=(f"E{n}{measured}",),
                    closed_by="client",
                    close_code=code,
                    duration_us=n * n,
                )
            )
        if measured:
            assert tracemalloc.get_traced_memory()[0] - before < 2_000_000
            tracemalloc.stop()
        else:
            tracemalloc.start()
    found = figures(statistics, around())
    assert found.connections == 12_000
    assert sum(found.statuses.values()) == 12_000
    assert sum(found.exceptions.values()) == 6000


def test_the_fold_of_whole_records_gives_the_same() -> None:
    fold = Fold()
    talk = Talk(1, http_scope("/items/7", "POST"))
    talk.receive(10, request(b"abc"))
    talk.send(20, start(404))
    talk.send(30, body(b"hello"))
    raising = Talk(2, websocket_scope("/chat"))
    raising.receive(10, {"type": "websocket.connect"})
    for record in [*talk.end(40), *raising.end(50, "raised", error=ErrorInfo(type="shop.Sold", bases=["ValueError"]))]:
        fold.feed(record)
    found = summed(*fold.connections.values())
    assert rows(found) == [("POST", "/items/{id}", 1), (None, "/chat", 1)]
    assert (found.groups[0].request_bytes, found.groups[0].response_bytes, found.groups[0].sent) == (3, 5, 2)
    assert (found.statuses, found.exceptions) == ({"404": 1}, {"shop.Sold": 1})
    assert Counter(found.outcomes) == {"returned": 1, "raised": 1}
