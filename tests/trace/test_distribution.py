"""The buckets in which times are counted: what they say, against all the times in order."""

import math
import pickle
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace.distribution import Distribution

ERROR = 0.004
TIMES = st.lists(st.integers(0, 1 << 50), min_size=1)


def counted(times: list[int]) -> Distribution:
    found = Distribution()
    found.add(times)
    return found


def exactly(times: list[int], percent: float) -> int:
    return sorted(times)[max(1, math.ceil(len(times) * percent / 100)) - 1]


@pytest.mark.parametrize(
    ("times", "percentiles"),
    [
        ([], [0, 0, 0]),
        ([7], [7, 7, 7]),
        ([1, 2], [1, 2, 2]),
        (list(range(1, 101)), [50, 95, 99]),
        ([0, 0, 0, 255], [0, 255, 255]),
        ([1_000_000], [1_000_000, 1_000_000, 1_000_000]),
    ],
)
def test_few_short_times_are_exact(times: list[int], percentiles: list[int]) -> None:
    assert counted(times).percentiles(50, 95, 99) == percentiles


@given(TIMES, st.floats(0, 100))
def test_percentiles_are_as_near_as_is_said(times: list[int], percent: float) -> None:
    (found,) = counted(times).percentiles(percent)
    exact = exactly(times, percent)
    assert abs(found - exact) <= exact * ERROR


def test_percentiles_of_many_times() -> None:
    chance = random.Random(1)
    times = [int(chance.lognormvariate(9, 2)) for _ in range(50_000)]
    found = counted(times)
    for percent in (50, 95, 99, 99.9):
        assert found.percentiles(percent)[0] == pytest.approx(exactly(times, percent), rel=ERROR)
    assert found.count == 50_000
    assert (found.total, found.most) == (sum(times), max(times))
    assert len(found.buckets) < 3000


@given(TIMES, TIMES)
def test_two_halves_are_the_whole(one: list[int], other: list[int]) -> None:
    found, whole = counted(one), counted(one + other)
    found.merge(pickle.loads(pickle.dumps(counted(other))))
    assert (found.buckets, found.total, found.most) == (whole.buckets, whole.total, whole.most)


@given(st.lists(st.integers(), max_size=20))
def test_whatever_a_trace_says_is_counted(times: list[int]) -> None:
    found = counted([*times, -1, 1 << 4000])
    assert found.count == len(times) + 2
    assert 0 <= found.percentiles(50)[0] <= found.most <= 1 << 50
