import errno
import multiprocessing
import os
import signal
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace import parts
from asgi_inspect.trace.parts import FIRST_PART, PART, Part, divided, in_parts
from tests.serving import PATIENCE, ROOT

MANY = [Part(0, number, number + 1, parts.WORTH_IT) for number in range(12)]


def begin_and_process(part: Part) -> tuple[int, int]:
    return part.begin, os.getpid()


def alone() -> bool:
    """Whether no process of ours is left (asking takes leave of those that have ended)."""
    return multiprocessing.active_children() == []


@pytest.mark.parametrize("jobs", [1, 2, 3, 50])
def test_the_results_come_in_the_order_of_the_parts(jobs: int) -> None:
    results = list(in_parts(begin_and_process, MANY, jobs=jobs))
    assert [begin for begin, _ in results] == list(range(12))
    assert (os.getpid() in {process for _, process in results}) is (jobs == 1)
    assert alone()


@pytest.mark.parametrize(
    "some", [[], MANY[:1], [part._replace(size=10) for part in MANY]], ids=["none", "one", "small"]
)
def test_what_is_not_worth_it_is_done_here(some: list[Part]) -> None:
    results = list(in_parts(begin_and_process, some, jobs=2))
    assert results == [(part.begin, os.getpid()) for part in some]


def test_what_a_job_closes_over_is_there() -> None:
    here = object()
    assert all(in_parts(lambda part: here is not None and part in MANY, MANY, jobs=2))


def test_large_results_come_through() -> None:
    results = in_parts(lambda part: bytes([part.begin]) * (8 << 20), MANY, jobs=2)
    assert [(len(result), result[0]) for result in results] == [(8 << 20, number) for number in range(12)]


def test_what_a_job_raises_is_raised_here_in_its_place() -> None:
    def job(part: Part) -> int:
        if part.begin == 5:
            raise PermissionError(errno.EACCES, "no", "some file")
        return part.begin

    results = in_parts(job, MANY, jobs=2)
    assert list(islice(results, 5)) == [0, 1, 2, 3, 4]
    with pytest.raises(PermissionError, match="some file"):
        next(results)
    assert alone()


@pytest.mark.parametrize("killed", [{0}, {3}, {0, 1, 2, 3}, set(range(12))], ids=str)
def test_a_process_that_is_killed_costs_nothing_but_time(killed: set[int]) -> None:
    first = os.getpid()

    def job(part: Part) -> int:
        if part.begin in killed and os.getpid() != first:
            os.kill(os.getpid(), signal.SIGKILL)
        return part.begin

    assert list(in_parts(job, MANY, jobs=2)) == list(range(12))
    assert alone()


def test_a_process_that_is_killed_while_it_hands_over_costs_nothing_either() -> None:
    first = os.getpid()

    def job(part: Part) -> bytes:
        if part.begin in (0, 4) and os.getpid() != first:
            Connection.send_bytes = half_and_gone  # type: ignore[assignment,method-assign] # of this process alone
        return bytes([part.begin]) * 5000

    assert [(len(data), data[0]) for data in in_parts(job, MANY, jobs=2)] == [(5000, number) for number in range(12)]
    assert alone()


def half_and_gone(pipe: Any, data: bytes) -> None:
    """Write the length of the data and the first half of it, as `send_bytes` does, and be killed."""
    os.write(pipe.fileno(), struct.pack("!i", len(data)) + data[: len(data) // 2])
    os.kill(os.getpid(), signal.SIGKILL)


def test_where_no_process_can_be_had_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "too many processes")

    monkeypatch.setattr(parts, "_Worker", refuse)
    assert list(in_parts(begin_and_process, MANY, jobs=2)) == [(number, os.getpid()) for number in range(12)]


def never_ends(part: Part) -> int:
    if part.begin > 2:
        signal.pause()
    return part.begin


def test_to_close_the_iterator_ends_all_processes_at_once() -> None:
    results: Any = in_parts(never_ends, MANY, jobs=2)
    assert next(results) == 0
    assert not alone()
    results.close()
    assert alone()


def test_to_let_go_of_the_iterator_does_so_too() -> None:
    results = in_parts(never_ends, MANY, jobs=2)
    assert next(results) == 0
    del results
    assert alone()


SCRIPT = textwrap.dedent(
    """
    import os, signal, sys
    from asgi_inspect.trace.parts import Part, in_parts, WORTH_IT

    def job(part):
        if part.begin > 2:
            os.write(1, b"%d\\n" % os.getpid())
            signal.pause()
        return part.begin

    for _ in in_parts(job, [Part(0, n, n + 1, WORTH_IT) for n in range(12)], jobs=2):
        pass
    """
)


@pytest.fixture
def reading() -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """A process group of which two processes are in the middle of a part; and the ids of these."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    try:
        yield process, [int(process.stdout.readline()) for _ in range(2)]
    finally:
        process.kill()
        process.wait()


def group(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGINT)


def it_alone(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)


@pytest.mark.parametrize("interrupt", [group, it_alone])
def test_ctrl_c_ends_all_at_once(
    interrupt: Callable[[subprocess.Popen[bytes]], None], reading: tuple[subprocess.Popen[bytes], list[int]]
) -> None:
    process, pids = reading
    interrupt(process)
    _, errors = process.communicate(timeout=PATIENCE)  # ends when the last holder of the pipe does
    assert process.returncode == -signal.SIGINT
    assert errors.count(b"KeyboardInterrupt") == 1
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


@given(st.integers(0, 5 * PART))
def test_the_parts_of_a_file_are_the_file(size: int) -> None:
    found = list(divided(3, size))
    assert found[0].begin == 0
    assert [part.end for part in found[:-1]] == [part.begin for part in found[1:]]
    assert found[-1].end is None
    assert sum(part.size for part in found) == size
    assert {part.source for part in found} == {3}
    assert all(part.size <= PART for part in found)
    assert found[0].size <= FIRST_PART
