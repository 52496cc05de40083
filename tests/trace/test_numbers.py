import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace.numbers import Numbers


def numbers(*seen: int) -> Numbers:
    found = Numbers()
    for n in seen:
        found.add(n)
    return found


@pytest.mark.parametrize(
    ("seen", "missing"),
    [
        ((), []),
        ((1, 2, 3), []),
        ((3, 2, 1), []),
        ((2,), [range(1, 2)]),
        ((1, 4), [range(2, 4)]),
        ((1, 4, 2), [range(3, 4)]),
        ((1, 4, 3), [range(2, 3)]),
        ((1, 4, 3, 2), []),
        ((1, 5, 3), [range(2, 3), range(4, 5)]),
        ((0, 1, 2), []),
        ((-5, 10**30), [range(1, 10**30)]),
    ],
)
def test_what_is_missing_is_told_in_ranges(seen: tuple[int, ...], missing: list[range]) -> None:
    assert numbers(*seen).missing() == missing


@given(st.lists(st.integers(1, 40)))
def test_the_order_does_not_matter_and_what_came_twice_is_known(seen: list[int]) -> None:
    found = Numbers()
    known: set[int] = set()
    for n in seen:
        assert found.add(n) == (n not in known)
        known.add(n)
    missing = {n for gap in found.missing() for n in gap}
    assert missing == set(range(1, max(known, default=0))) - known
