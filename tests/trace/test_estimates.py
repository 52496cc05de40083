"""What the connections of a sample stand for: exact where that can be, the same in any order, whatever the rates say."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace.estimates import extra_of, in_parts, rounded
from asgi_inspect.trace.figures import figures
from asgi_inspect.trace.statistics import Statistics
from tests.trace.test_statistics import around, counted, facts, summed


def stands_for(rate: Any, count: int = 1) -> int:
    return rounded(in_parts(count, count * extra_of(rate)))


def test_one_in_a_hundred_counts_for_a_hundred() -> None:
    assert [stands_for(rate) for rate in (1.0, 0.5, 0.25, 0.1, 0.01, 0.001)] == [1, 2, 4, 10, 100, 1000]
    assert stands_for(0.3, 3) == 10
    assert stands_for(0.01, 1_000_000) == 100_000_000


@pytest.mark.parametrize("rate", [None, 1.0, 1, 2.0, -0.5, float("inf"), float("nan")])
def test_what_is_no_rate_stands_for_itself(rate: Any) -> None:
    assert stands_for(rate) == 1


def test_a_rate_of_next_to_nothing_is_bounded() -> None:
    assert stands_for(0.0) == stands_for(1e-300) == 1_000_000_000


def test_all_that_is_counted_is_scaled() -> None:
    found = summed(
        *(facts(sample=0.01) for _ in range(3)),
        facts(sample=0.5, status=503, duration_us=1000),
        facts(sample=0.5, status=None, outcome="raised", error_types=("app.Bad",)),
        facts(),
        facts(type="websocket", sample=0.1, status=None, closed_by="client", close_code=1006, disconnected=True),
    )
    assert found.connections == 7
    assert found.statuses == {"200": 4, "503": 1}
    assert found.estimated is not None
    assert msgspec.to_builtins(found.estimated) == {
        "rates": {"0.01": 3, "0.5": 2, "0.1": 1},
        "connections": 315,
        "per_second": None,
        "statuses": {"200": 301, "503": 2},
        "outcomes": {"returned": 313, "disconnected": 10, "raised": 2},
        "exceptions": {"app.Bad": 2},
        "close_codes": {"1006": 10},
    }
    http = found.groups[0]
    assert http.connections == 6
    assert http.estimated is not None
    assert (http.estimated.connections, http.estimated.errors) == (305, 4)
    assert (http.estimated.response_bytes, http.estimated.sent) == (3050, 610)
    assert http.estimated.total_us == 300 * 200 + 2 * 1000 + 2 * 200 + 200
    assert http.duration_us is not None
    assert (http.duration_us.p50, http.duration_us.max) == (200, 1000)  # of those that were recorded
    (worker,) = found.workers
    assert (worker.connections, worker.estimated_connections) == (7, 315)


def test_without_a_sample_nothing_is_estimated() -> None:
    found = summed(facts(), facts())
    assert found.estimated is None
    assert {group.estimated for group in (*found.groups, *found.totals)} == {None}
    assert {worker.estimated_connections for worker in found.workers} == {None}


def test_what_stands_for_more_comes_first() -> None:
    found = summed(*(facts(path="/many") for _ in range(9)), facts(path="/rare", sample=0.01))
    assert [group.name for group in found.groups] == ["/rare", "/many"]


some = st.lists(
    st.tuples(
        st.sampled_from([None, 0.3, 0.01, 1 / 3, 1e-9, 0.7]), st.sampled_from([200, 503, None]), st.integers(0, 1 << 40)
    )
)


@given(some, st.integers(1, 5), st.randoms(use_true_random=False))
def test_parts_in_any_order_come_to_the_same(cases: Any, parts: int, chance: random.Random) -> None:
    made = [facts(sample=rate, status=status, response_bytes=size) for rate, status, size in cases]
    whole = counted(*made)
    chance.shuffle(made)
    together = Statistics()
    for number in range(parts):
        together.merge(counted(*made[number::parts]))
    assert figures(together, around()) == figures(whole, around())
    total = figures(whole, around())
    if total.estimated is not None:
        assert abs(sum(total.estimated.outcomes.values()) - total.estimated.connections) <= len(
            total.estimated.outcomes
        )
