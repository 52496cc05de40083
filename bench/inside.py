"""What a way adds in the process of the application: CPU microseconds a call or a message, without a server.

Each round calls every application in every way, one after the other, for ten milliseconds; a sample is the CPU time of the
whole process, so threads count, divided by the calls and the messages. Some processes are started one after the other and each
does its share of the rounds: where things come to lie in memory makes one process faster than the next. With two
revisions a process of each runs at the same time, and they take turns with every application.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from .apps import APPS
from .figures import BARE, Figures, Key, bare_beside
from .plan import Plan, Source, Tell, python
from .ways import WAYS

_PROCESSES: Final = 3
_ROUNDS: Final = 60


class WorkerError(Exception):
    """A process that measures ended before it answered."""


class _Asked:
    """A worker, seen from outside."""

    def __init__(self, source: Source, alone: str | None, process: "subprocess.Popen[str]") -> None:
        """alone: the only way that it measures, beside the bare application."""
        self.source = source
        self.alone = alone
        self._process = process

    def ask(self, **what: Any) -> Any:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            print(json.dumps(what), file=process.stdin, flush=True)
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise WorkerError(
                f"the process that measures ended with status {process.wait()}; what it printed is above."
            )
        answered = json.loads(answer)
        if "failed" in answered:
            raise WorkerError(f"the process that measures failed:\n{answered['failed']}")
        return answered


def measure(plan: Plan, figures: Figures, tell: Tell) -> None:
    """Add the figures of all applications and ways that the plan has."""
    apps = [app.name for app in APPS.values() if (app.name in plan.apps if plan.apps else app.usual)]
    processes = 1 if plan.quick else _PROCESSES
    rounds = plan.rounds or (2 if plan.quick else _ROUNDS)
    for generation in range(processes):
        numbers = range(generation, rounds, processes)
        if numbers:
            with _workers(plan, generation) as crew:
                _rounds(crew, apps, numbers, figures, lambda said: tell(f"in process, {rounds} rounds: {said}"))


def _rounds(crew: list[_Asked], apps: list[str], numbers: range, figures: Figures, tell: Tell) -> None:
    for app in apps:
        tell(f"trying {app}")
        for worker in crew:
            _remark(figures, app, worker, worker.ask(app=app))
    for number in numbers:
        for place, app in enumerate(apps):
            tell(f"{app}, round {number + 1}")
            for worker in crew if (number + place) % 2 else reversed(crew):
                answer = worker.ask(app=app, round=number)
                _remark(figures, app, worker, answer)
                for way, sample in answer["us"].items():
                    name = bare_beside(worker.alone) if worker.alone and way == BARE else way
                    figures.add(Key("inside", app, name, "us", worker.source.name), number, sample)


def _remark(figures: Figures, app: str, worker: _Asked, answer: Any) -> None:
    for way, why in answer["remarks"].items():
        figures.remark("inside", app, way, why, worker.source.name)


@contextmanager
def _workers(plan: Plan, generation: int) -> Iterator[list[_Asked]]:
    """For each revision one with most ways, and one for each way that is measured alone; until the end."""
    asked = [way for way in WAYS.values() if not plan.ways or way.name in plan.ways or way.name == BARE]
    groups: list[tuple[str | None, list[str]]] = [(None, [way.name for way in asked if not way.alone])]
    groups += [(way.name, [BARE, way.name]) for way in asked if way.alone]
    with ExitStack() as stack:
        crew = []
        for alone, ways in groups:
            for source in plan.sources:
                # First entered, last removed: until then its process may write there.
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="asgi-inspect-bench-"))
                worker = _Asked(source, alone, stack.enter_context(_process(source, generation)))
                facts = worker.ask(folder=folder, ways=ways, quick=plan.quick)
                if "unusable" in facts:
                    raise WorkerError(
                        f"the asgi_inspect of {source.name or 'the working tree'} cannot be imported: {facts['unusable']}"
                    )
                if Path(facts["folder"]) != source.folder:
                    raise WorkerError(
                        f"it would measure the asgi_inspect of {facts['folder']}, not that of {source.folder}."
                    )
                crew.append(worker)
        yield crew


@contextmanager
def _process(source: Source, generation: int) -> "Iterator[subprocess.Popen[str]]":
    """A worker. In a session of its own: Ctrl-C is for whoever asks, and the end of its stdin ends it."""
    # One order of sets and dicts for all that are compared, and another one in the next processes.
    environment = {**os.environ, "PYTHONHASHSEED": str(generation)}
    process = subprocess.Popen(
        python(source, sys.executable, "bench.worker"), env=environment, start_new_session=True, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
