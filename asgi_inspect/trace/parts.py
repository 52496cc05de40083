"""A long job on files, cut into parts and done on all cores; the results come in the order of the parts.

The processes are forked, so a job may be any function; parts and results pass between them and are pickled. Each process has
a pipe of its own, so that one that is killed, in whichever moment, costs its part some time, and nothing else. Where there is
one core, one part or no fork, all is done here.
"""

import contextlib
import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, Final, NamedTuple, TypeVar, cast

T = TypeVar("T")

PART: Final = 8 << 20  # bytes: so much less is held of what one process has found and another has not taken yet
FIRST_PART: Final = 1 << 20  # bytes: so that the first results come at once
WORTH_IT: Final = 48 << 20  # bytes: below that, starting processes costs more than they save
_MOST_JOBS: Final = 4  # processes; one core puts together what they find
_AHEAD: Final = 2  # results that wait for each process: so many parts are begun before the earlier ones were asked for


class Part(NamedTuple):
    """A part of one of several sources: the lines that begin between two places of it, or all (`end` is None)."""

    source: int
    begin: int
    end: int | None
    size: int
    """How much of the reading it is, in bytes on the disk."""
    offset: int = 0
    """Where its source begins, were all sources one file."""


def cores() -> int:
    """How many processes are worth starting here."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        count = os.cpu_count() or 1
    return min(count, _MOST_JOBS)


def divided(source: int, size: int, offset: int = 0) -> Iterator[Part]:
    """The parts of a plain file. offset: where it begins, were all sources one file."""
    begin, step = 0, FIRST_PART
    while True:
        end = begin + step
        if end >= size:
            yield Part(source, begin, None, size - begin, offset)
            return
        yield Part(source, begin, end, step, offset)
        begin, step = end, PART


def in_parts(job: Callable[[Part], T], parts: Sequence[Part], *, jobs: int | None = None) -> Iterator[T]:
    """What the job gives for each part, in their order.

    Raises what the job raises. Its processes end with the iterator, also where that is closed before its end.
    """
    jobs = min(cores() if jobs is None else jobs, len(parts))
    large = sum(part.size for part in parts) > WORTH_IT
    if jobs < 2 or not large or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(job, parts)
        return
    forked = _Forked(job, parts, jobs)
    try:
        yield from forked.results()
    finally:
        forked.end()


class _Worker:
    """A process that does one part after the other."""

    def __init__(self, job: Callable[[Part], Any], others: "Sequence[_Worker]") -> None:
        context = multiprocessing.get_context("fork")
        self.pipe, end = context.Pipe()
        inherited = [self.pipe, *(other.pipe for other in others)]
        self.process = context.Process(target=_work, args=(job, end, inherited), daemon=True)
        self.process.start()
        end.close()


def _work(job: Callable[[Part], Any], pipe: "Connection[Any, Any]", inherited: Sequence[Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the first process decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in inherited:
        other.close()  # so that this process ends when the first one does, however it does
    try:
        while True:
            pipe.send_bytes(_done(job, pipe.recv()))
    except (EOFError, OSError):  # nobody is there any more
        return


def _done(job: Callable[[Part], Any], part: Part) -> bytes:
    """A result or an error, pickled."""
    try:
        return pickle.dumps((job(part), None), pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - it is raised by the first process
        return pickle.dumps((None, error), pickle.HIGHEST_PROTOCOL)


class _Forked:
    """One job on several processes."""

    def __init__(self, job: Callable[[Part], T], parts: Sequence[Part], jobs: int) -> None:
        self._job = job
        self._parts = parts
        self._left = deque(range(len(parts)))
        self._results: dict[int, bytes] = {}
        self._busy: dict[Any, int] = {}  # the part that is done at the other end of each pipe
        self._workers: list[_Worker] = []
        with contextlib.suppress(OSError):  # no more processes are to be had
            for _ in range(jobs):
                self._workers.append(_Worker(job, self._workers))
        self._idle = [worker.pipe for worker in self._workers]

    def results(self) -> Iterator[Any]:
        """What the job gives for each part, in order."""
        for number, part in enumerate(self._parts):
            while number not in self._results:
                self._hand_out(number)
                if not self._busy:  # none is alive
                    break
                for pipe in wait(list(self._busy)):
                    self._take(pipe)
            self._hand_out(number)
            yield self._result(number, part)

    def _hand_out(self, wanted: int) -> None:
        """Give the next parts to those who have none, but not too far ahead of the one that is wanted."""
        while self._idle and self._left and self._left[0] <= wanted + _AHEAD * len(self._workers):
            pipe, number = self._idle.pop(), self._left.popleft()
            try:
                pipe.send(self._parts[number])
                self._busy[pipe] = number
            except OSError:
                self._left.appendleft(number)

    def _take(self, pipe: Any) -> None:
        number = self._busy.pop(pipe)
        try:
            self._results[number] = pipe.recv_bytes()
        except (EOFError, OSError):  # it was killed; its part is for the next one
            self._left.appendleft(number)
        else:
            self._idle.append(pipe)

    def _result(self, number: int, part: Part) -> Any:
        kept = self._results.pop(number, None)
        if kept is None:
            self._left.remove(number)
            return self._job(part)
        result, error = cast("tuple[Any, Exception | None]", pickle.loads(kept))  # noqa: S301 - of our own process
        if error is not None:
            raise error
        return result

    def end(self) -> None:
        """End all processes at once."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.process.close()
            worker.pipe.close()
