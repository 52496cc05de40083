"""Lines in order of time: each once, those of a connection in their own order, however many runs they are sorted in."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace.sorting import in_order_of_time


def scope(conn: str, second: int, **more: Any) -> bytes:
    return json.dumps({"record": "scope", "conn": conn, "at": f"2026-01-01T00:00:{second:02}Z", **more}).encode()


def send(conn: str, n: int, t_us: int) -> bytes:
    return json.dumps({"record": "send", "conn": conn, "n": n, "t_us": t_us}).encode()


A = [scope("a.1", 10), send("a.1", 1, 500_000), send("a.1", 2, 5_000_000)]
B = [scope("b.1", 12), send("b.1", 1, 1_000_000), send("b.1", 2, 4_000_000)]
MERGED = [A[0], A[1], B[0], B[1], A[2], B[2]]


@pytest.mark.parametrize("run", [1, 100, 1 << 20])
def test_two_files_are_one_in_order_of_time(run: int) -> None:
    assert list(in_order_of_time([*A, *B], run=run)) == MERGED
    assert list(in_order_of_time([*B, *A], run=run)) == MERGED


@pytest.mark.parametrize("run", [1, 1 << 20])
def test_what_came_twice_is_there_once(run: int) -> None:
    assert list(in_order_of_time([*A, *B, *A], run=run)) == MERGED


def test_an_inner_scope_does_not_move_the_time_of_its_connection() -> None:
    inner = scope("a.1", 11, layer=1)
    assert list(in_order_of_time([A[0], inner, *A[1:]])) == [A[0], A[1], inner, A[2]]


@pytest.mark.parametrize("run", [1, 1 << 20])
def test_a_process_comes_before_all_that_it_did(run: int) -> None:
    def process(proc: str, second: int, why: str = "start") -> bytes:
        return json.dumps(
            {"record": "process", "proc": proc, "at": f"2026-01-01T00:00:{second:02}Z", "why": why}
        ).encode()

    late, other, rotated = process("a", 11), process("b", 9), process("a", 14, "rotation")
    lines = [late, *A, rotated, other, *B]
    expected = [other, late, *MERGED[:4], rotated, *MERGED[4:]]
    assert list(in_order_of_time([*lines, late], run=run)) == expected


@pytest.mark.parametrize(
    "timeless",
    [
        b'{"record":"of_tomorrow","x":1}',
        send("lost.1", 1, 7),
        scope("b.2", 0).replace(b"2026-01-01T00:00:00Z", b"in the morning"),
        b'{"record":"exit","proc":"a","at":"9999-12-31T23:59:59.999999+99:00"}',
    ],
    ids=["unknown kind", "no scope", "no time", "no zone"],
)
def test_what_tells_no_time_stays_where_it_was(timeless: bytes) -> None:
    assert list(in_order_of_time([A[0], A[1], timeless, A[2]])) == [A[0], A[1], timeless, A[2]]


@given(st.lists(st.tuples(st.integers(0, 59), st.integers(1, 5)), max_size=30), st.integers(1, 500), st.randoms())
def test_nothing_is_lost_and_all_is_in_order(
    connections: list[tuple[int, int]], run: int, chance: random.Random
) -> None:
    files: list[list[bytes]] = [[], [], []]
    for number, (second, messages) in enumerate(connections):
        lines = [scope(f"p.{number}", second), *(send(f"p.{number}", n, n * 700_000) for n in range(1, messages + 1))]
        chance.choice(files).extend(lines)
    lines = [line for file in files for line in file]
    found = list(in_order_of_time(lines, run=run))
    assert sorted(found) == sorted(lines)
    begun = {f"p.{number}": second * 1_000_000 for number, (second, _) in enumerate(connections)}
    times = [begun[record["conn"]] + record.get("t_us", 0) for record in map(json.loads, found)]
    assert times == sorted(times)
