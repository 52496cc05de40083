"""A process that measures what runs without a server, when it is told to: one round of one application, all ways after another.

It reads commands from stdin and answers on what was its stdout, a JSON object a line each. One such process belongs to one
revision; `bench/inside.py` starts and asks them.
"""

import asyncio
import gc
import json
import os
import random
import re
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .apps import APPS, App, Application
from .ways import TRACE, WAYS, NotHereError, Way

_SAMPLE_SECONDS: Final = 0.01
_QUICK_SECONDS: Final = 0.001
_FIRST_ROUNDS: Final = 3  # in which also those are measured that take long
_PROBES: Final = 2  # calls before the first sample
_LONG_SECONDS: Final = 0.2  # for one call
_LONGEST_SECONDS: Final = 10  # a way that takes longer for one call is left out
_MOST_BYTES: Final = 16 << 20  # of a trace, before it is emptied
_PATIENCE_SECONDS: Final = 2.0  # until what was recorded is in the file
_END: Final = b'{"record":"end",'

_LOCALS: Final = re.compile(r"\w+\.<locals>\.")

Answer = dict[str, Any]


class _UnfitError(Exception):
    """A way cannot be compared with the others; the message says why."""


@dataclass
class _Measured:
    """A way that fits an application."""

    app: App
    calls: int
    """In one sample."""
    written: "_Written | None"
    long: bool = False


@dataclass
class _Written:
    """A trace that grows: whether the end of each connection comes to stand in it."""

    path: Path
    read: int = 0

    def missing(self, connections: int) -> int:
        """Of so many connections since the last time, those whose end is not there; it is waited for a while."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while (connections := connections - self._ends()) > 0 and time.monotonic() < until:
            time.sleep(0.005)
        if self.read > _MOST_BYTES:
            os.truncate(self.path, 0)
            self.read = 0
        return connections

    def _ends(self) -> int:
        """How many more there are now; a line that is written in part counts the next time."""
        if not self.path.exists():
            return 0
        with self.path.open("rb") as file:
            file.seek(self.read)
            lines = file.read().rpartition(b"\n")[0]
        self.read += len(lines) + 1 if lines else 0
        return lines.count(_END)


@dataclass
class Worker:
    """What one process measures."""

    folder: Path
    ways: list[str]
    quick: bool
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    found: dict[str, dict[str, _Measured]] = field(default_factory=dict)
    number: int = 0
    """Of the last connection."""

    def answer(self, app: str, round: int | None = None) -> Answer:
        return self._prepare(app) if round is None else self._round(app, round)

    def _prepare(self, name: str) -> Answer:
        """Wrap an application in every way, and see whether it still does the same."""
        application = APPS[name]
        plain = application.make()
        expected, _ = self._probe(application, plain)
        self.found[name], remarks = {}, {}
        for place, way in enumerate(self.ways):
            folder = self.folder / f"{name}-{place}"
            folder.mkdir()
            try:
                self.found[name][way] = self._fitting(application, WAYS[way], plain, expected, folder)
            except (NotHereError, _UnfitError) as why:
                remarks[way] = str(why)
            except Exception as exc:  # noqa: BLE001 (whatever a way raises is what there is to tell)
                remarks[way] = f"breaks the app: {_in_a_line(exc)}"
        # What is there now stays: without this, each sample would begin with a collection that looks at all modules.
        gc.collect()
        gc.freeze()
        return {"remarks": remarks}

    def _fitting(self, application: Application, way: Way, plain: App, expected: list[Any], folder: Path) -> _Measured:
        """The application in this way, once it has shown that it does what it did."""
        try:
            app = way.wrap(plain, folder)
        except NotHereError:
            raise
        except Exception as exc:
            raise _UnfitError(f"cannot wrap the app: {_in_a_line(exc)}") from exc
        sent, seconds = self._probe(application, app)
        if sent != expected:
            raise _UnfitError(f"breaks the app: it answers {_status(sent)} in place of {_status(expected)}")
        written = _Written(folder / TRACE) if way.writes else None
        if written and written.missing(len(seconds)):
            raise _UnfitError("left out: what it should have recorded is not in its trace")
        measured = _Measured(app, 1, written, min(seconds) > _LONG_SECONDS)
        if not measured.long:
            self._size(application, measured)
        return measured

    def _size(self, application: Application, way: _Measured) -> None:
        """Find how many calls a sample takes; the first ones warm up."""
        wanted = (_QUICK_SECONDS if self.quick else _SAMPLE_SECONDS) * 1e9
        while (spent := self._sample(application, way)[0]) < wanted / 4:
            way.calls *= 4
        way.calls = max(1, round(way.calls * wanted / spent))

    def _round(self, name: str, number: int) -> Answer:
        """CPU microseconds of each way, in another order each time."""
        ways = self.found[name]
        order = [way for way, one in ways.items() if not one.long or number < (1 if self.quick else _FIRST_ROUNDS)]
        random.Random(number).shuffle(order)  # noqa: S311
        samples, remarks = {}, {}
        for way in order:
            spent, missing = self._sample(APPS[name], ways[way])
            if missing:
                remarks[way] = f"round {number + 1} does not count: {missing} connections are not in its trace"
            else:
                samples[way] = spent / ways[way].calls / APPS[name].units / 1000
        return {"us": samples, "remarks": remarks}

    def _sample(self, application: Application, way: _Measured) -> tuple[int, int]:
        """Nanoseconds of CPU of some calls, and how many of them did not come to stand in the trace."""
        gc.collect()
        spent = self.runner.run(self._time(application, way))
        if way.written is None:
            return spent, 0
        # What another thread still does for these calls counts; that we wait for it, and look, does not.
        all_threads, this_thread = time.process_time_ns(), time.thread_time_ns()
        missing = way.written.missing(way.calls)
        others = (time.process_time_ns() - all_threads) - (time.thread_time_ns() - this_thread)
        return spent + max(0, others), missing

    async def _time(self, application: Application, way: _Measured) -> int:
        app, first = way.app, self.number
        self.number += way.calls
        began = time.process_time_ns()
        for number in range(first, first + way.calls):
            await application.call(app, number)
        return time.process_time_ns() - began

    def _probe(self, application: Application, app: App) -> tuple[list[Any], list[float]]:
        """What an application sends, and the CPU time that each call took: the first one warms up."""
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(dict(message))

        seconds: list[float] = []
        while len(seconds) < _PROBES and sum(seconds) < _LONG_SECONDS:
            sent.clear()
            with _at_most(_LONGEST_SECONDS):
                began = time.process_time_ns()
                self.runner.run(application.call(app, 0, send))
                seconds.append((time.process_time_ns() - began) / 1e9)
        return sent, seconds


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    def late(*_: object) -> None:
        raise _UnfitError(f"left out: one call takes over {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _in_a_line(exc: BaseException) -> str:
    return " ".join(f"{type(exc).__name__}: {_LOCALS.sub('', str(exc))}".split())[:160]


def _status(sent: list[Any]) -> str:
    """What a client would see of an answer."""
    status = next((message["status"] for message in sent if "status" in message), None)
    return str(status) if status else f"{len(sent)} messages"


def main() -> None:
    """Answer until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where the ways print
    asked = json.loads(sys.stdin.readline())
    answer = _facts()
    worker = Worker(Path(asked["folder"]), asked["ways"], asked["quick"])
    while True:
        print(json.dumps(answer), file=answers, flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        try:
            answer = worker.answer(**json.loads(line))
        except Exception:  # noqa: BLE001 (said by whoever asks: a way may have made another stderr of ours)
            answer = {"failed": traceback.format_exc()}


def _facts() -> Answer:
    """Which asgi_inspect this is."""
    try:
        import asgi_inspect
    except Exception as exc:  # noqa: BLE001 (a revision may have been in pieces)
        return {"unusable": _in_a_line(exc)}
    return {"version": asgi_inspect.__version__, "folder": str(Path(asgi_inspect.__file__).parent.parent)}


if __name__ == "__main__":
    main()
