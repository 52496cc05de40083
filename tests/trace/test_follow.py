import itertools
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace.follow import Follower, follow
from asgi_inspect.trace.read import parse_lines
from asgi_inspect.trace.records import Record


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


class Steps:
    """What others do to the file, one step each time the follower waits; the end comes with the last."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self.steps = list(steps)

    def ended(self) -> bool:
        return not self.steps

    def wait(self) -> None:
        self.steps.pop(0)()


def followed(path: Path, *steps: Callable[[], object]) -> list[bytes]:
    """All that a follower hands out while the steps happen."""
    turn = Steps(*steps)
    return list(follow(path, ended=turn.ended, wait=turn.wait))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


def test_lines_come_as_they_are_written(path: Path) -> None:
    path.write_bytes(b"1\n2\n")
    seen: list[list[bytes]] = []
    got: list[bytes] = []

    def step(data: bytes) -> Callable[[], object]:
        def act() -> None:
            seen.append(list(got))
            append(path, data)

        return act

    turn = Steps(step(b"3\n"), step(b"4\n5\n"))
    for line in follow(path, ended=turn.ended, wait=turn.wait):
        got.append(line)
    assert seen == [[b"1\n", b"2\n"], [b"1\n", b"2\n", b"3\n"]]
    assert got == [b"1\n", b"2\n", b"3\n", b"4\n", b"5\n"]


def test_a_half_written_line_is_held_until_its_line_break(path: Path) -> None:
    lines = followed(
        path,
        lambda: append(path, b"on"),
        lambda: append(path, b"e\ntw"),
        lambda: append(path, b"o"),
        lambda: append(path, b"\n"),
    )
    assert lines == [b"one\n", b"two\n"]


def test_what_has_no_line_break_at_the_end_is_handed_out_last(path: Path) -> None:
    assert followed(path, lambda: append(path, b"one\ntw"), lambda: append(path, b"o")) == [b"one\n", b"two"]


def test_what_was_written_before_the_end_is_read(path: Path) -> None:
    """The end comes with the very step that writes last."""
    assert followed(path, lambda: append(path, b"last\n")) == [b"last\n"]


def test_a_file_that_never_comes_is_empty(path: Path) -> None:
    assert followed(path, lambda: None, lambda: None) == []


def test_a_file_that_comes_later_is_waited_for(path: Path) -> None:
    assert followed(path, lambda: None, lambda: append(path, b"1\n")) == [b"1\n"]


def test_what_cannot_be_read_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        followed(tmp_path)


@pytest.mark.parametrize("new", [b"4\n", b"", b"4\n5"])
def test_a_file_that_was_truncated_is_read_from_its_beginning(path: Path, new: bytes) -> None:
    lines = followed(
        path, lambda: append(path, b"1\n2\n3"), lambda: path.write_bytes(new), lambda: append(path, b"6\n")
    )
    assert lines == [b"1\n", b"2\n", b"3", *(new + b"6\n").splitlines(keepends=True)]


def test_reading_may_begin_anywhere_in_the_first_file(path: Path) -> None:
    append(path, b"1\n2\n")
    with Follower(path, begin=2) as follower:
        assert list(follower.lines()) == [b"2\n"]
        path.rename(path.with_suffix(".1"))
        append(path, b"3\n4\n")
        assert list(follower.lines()) == [b"3\n", b"4\n"]


def test_a_file_that_was_replaced_is_finished_first(path: Path) -> None:
    def rotate() -> None:
        append(path, b"2\n")
        path.rename(path.with_suffix(".1"))
        append(path, b"3\n")

    assert followed(path, lambda: append(path, b"1\n"), rotate, lambda: append(path, b"4\n")) == [
        b"1\n",
        b"2\n",
        b"3\n",
        b"4\n",
    ]


def test_a_renamed_file_is_followed_until_the_next_one_is_there(path: Path) -> None:
    old = path.with_suffix(".1")
    lines = followed(
        path,
        lambda: append(path, b"1\n"),
        lambda: path.rename(old),
        lambda: append(old, b"2\n"),
        lambda: append(path, b"3\n"),
    )
    assert lines == [b"1\n", b"2\n", b"3\n"]


def test_a_torn_line_of_a_replaced_file_is_no_part_of_the_next(path: Path) -> None:
    def replace() -> None:
        path.unlink()
        append(path, b"3\n")

    assert followed(path, lambda: append(path, b"1\n2"), replace) == [b"1\n", b"2", b"3\n"]


def test_a_removed_file_is_read_to_its_end(path: Path) -> None:
    def remove() -> None:
        append(path, b"2\n")
        path.unlink()

    assert followed(path, lambda: append(path, b"1\n"), remove) == [b"1\n", b"2\n"]


def test_a_long_line_is_cut_and_what_follows_is_whole(path: Path) -> None:
    with Follower(path, limit=10) as follower:
        append(path, b"x" * 8)
        assert list(follower.lines()) == []
        append(path, b"x" * 8)
        assert list(follower.lines()) == []
        assert follower.behind == 16
        append(path, b"x\n1\n" + b"y" * 30 + b"\n" + b"1234567890")
        assert list(follower.lines()) == [b"x" * 11, b"1\n", b"y" * 11]
        assert follower.behind == 10
        assert list(follower.rest()) == [b"1234567890"]
        assert follower.behind == 0


def test_behind_counts_what_was_not_handed_out(path: Path) -> None:
    with Follower(path) as follower:
        assert follower.behind == 0
        append(path, b"one\ntwo\nthr")
        lines = follower.lines()
        assert next(lines) == b"one\n"
        assert follower.behind == 7
        assert list(lines) == [b"two\n"]
        assert follower.behind == 3
        append(path, b"ee\n")
        assert list(follower.lines()) == [b"three\n"]
        assert follower.behind == 0


@pytest.mark.parametrize(
    ("limit", "jumped", "left"),
    [
        (100, 0, [b"2\n", b"three\n", b"4\n"]),
        (10, 0, [b"2\n", b"three\n", b"4\n"]),
        (9, 2, [b"three\n", b"4\n"]),
        (8, 2, [b"three\n", b"4\n"]),
        (7, 8, [b"4\n"]),
        (2, 8, [b"4\n"]),
        (1, 10, []),
        (0, 10, []),
    ],
)
def test_a_view_that_fell_behind_jumps_to_a_line(path: Path, limit: int, jumped: int, left: list[bytes]) -> None:
    path.write_bytes(b"1\n2\nthree\n4\n")
    with Follower(path) as follower:
        lines = follower.lines()
        assert next(lines) == b"1\n"
        assert follower.skip_to_recent(limit) == jumped
        assert list(lines) == left
        append(path, b"5\n")
        assert list(follower.lines()) == [b"5\n"]


def test_within_one_long_line_there_is_nowhere_to_jump(path: Path) -> None:
    path.write_bytes(b"1\n" + b"x" * 50)
    with Follower(path) as follower:
        assert list(follower.lines()) == [b"1\n"]
        assert follower.skip_to_recent(5) == 0
        append(path, b"y\n2\n")
        assert list(follower.lines()) == [b"x" * 50 + b"y\n", b"2\n"]


def test_jumping_may_come_before_the_first_line_and_before_the_file(path: Path) -> None:
    with Follower(path) as follower:
        assert follower.skip_to_recent(0) == 0
        path.write_bytes(b"1\n2\n")
        assert follower.skip_to_recent(2) == 2
        assert list(follower.lines()) == [b"2\n"]


def test_a_pipe_can_be_followed(path: Path) -> None:
    os.mkfifo(path)
    assert stat.S_ISFIFO(path.stat().st_mode)
    keep = os.open(path, os.O_RDWR)
    os.write(keep, b"1\n2\n3")
    with Follower(path) as follower:
        lines = follower.lines()
        assert [next(lines), next(lines)] == [b"1\n", b"2\n"]
        assert follower.behind == 0
        assert follower.skip_to_recent(0) == 0
        os.close(keep)
        assert list(lines) == []
        assert list(follower.rest()) == [b"3"]


def test_closing_twice_does_no_harm(path: Path) -> None:
    path.write_bytes(b"1\n")
    follower = Follower(path)
    assert list(follower.lines()) == [b"1\n"]
    follower.close()
    follower.close()
    assert follower.behind == 0


@given(cuts=st.lists(st.integers(0, 5000), max_size=12))
def test_however_it_is_cut_a_growing_trace_is_read_like_a_finished_one(
    lines: list[bytes], records: list[Record], tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    path = tmp_path_factory.mktemp("follow") / "trace.jsonl"
    data = b"\n".join(lines) + b"\n"
    edges = [0, *sorted(cuts), len(data)]
    pieces: Iterator[bytes] = (data[a:b] for a, b in itertools.pairwise(edges))
    steps = [lambda piece=piece: append(path, piece) for piece in pieces]
    assert [line.record for line in parse_lines(followed(path, *steps), file="f")] == records
