import pickle

from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace.ids import Ids

names = st.sampled_from(
    ["", "p.", "p.1", "p.01", "p.12", "p.112", "p.", "q.12", "..", "1", "12", ".1", "né.7", "p.1٣", "x" * 999]
) | (st.integers(0, 2000).map(lambda n: f"p.{n}") | st.text(max_size=4))


def filled(conns: list[str]) -> Ids:
    ids = Ids()
    for conn in conns:
        ids.add(conn)
    return ids


@given(st.lists(names), st.lists(names))
def test_it_is_a_set(one: list[str], other: list[str]) -> None:
    ids = filled(one)
    assert set(ids) == set(one)
    assert len(ids) == len(list(ids)) == len(set(one))
    assert [conn in ids for conn in other] == [conn in one for conn in other]
    assert None not in ids
    assert ids.isdisjoint(filled(other)) is set(one).isdisjoint(other)
    ids.merge(filled(other))
    assert set(ids) == set(one) | set(other)
    assert set(pickle.loads(pickle.dumps(ids))) == set(ids)


def test_the_ids_of_one_process_weigh_little() -> None:
    ids = filled([f"0fca79e672cc.{number}" for number in range(100_000)])
    assert len(pickle.dumps(ids)) < 100_000
