"""End to end: uvicorn with each way on one core, the load on the other; what a request costs there, and what is kept of the rate.

All servers of one application are started together and wait while one of them is under load, a second at a time, round after
round, in an order that turns: what else happens on the machine hits all alike. A round's figures are compared with those of the
bare application in the same round. A way whose first answer differs from the bare application's is not measured but told.
"""

import http.client
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from .apps import APPS, LARGE_CHUNKS, Application, said
from .client import Drive, Load, Outcome, Trouble
from .cores import Cores, choose_cores, count_cores
from .figures import BARE, CONTROL, FILE, NOOP, Figures, Key, Quantity
from .load import ceiling, drive, find_wrk
from .plan import Plan, Source, Tell
from .served import SETTINGS, Order, Server, parts
from .ways import WAYS

_APPS: Final = ("hello", "fastapi-get", "fastapi-post", "stream", "download", "upload", "websocket")
_WHOLE: Final = frozenset({"hello", "fastapi-get"})
"""The applications that all ways are measured with; the others with those that a target is about."""
_ALWAYS: Final = (BARE, CONTROL, NOOP, FILE)
_LONG: Final = frozenset({"download", "upload", "websocket"})
"""Few and long answers, or none: for our generator."""
_BUSY: Final = 0.85  # of the time: from there on an end is what limits
_HEADERS_OF_THE_CONNECTION: Final = frozenset({"host", "connection", "content-length"})


class Answer(NamedTuple):
    """What a client sees."""

    status: int
    content_type: str | None
    body: bytes


@dataclass
class Entrant:
    """One way under its server."""

    way: str
    source: Source
    server: Server
    every: int = 1
    """It takes part in one of so many rounds: what no target is about differs by so much that few rounds show it."""
    wrong: str = ""


@dataclass
class Field:
    """One application with all its servers."""

    app: Application
    plan: Plan
    figures: Figures
    tell: Tell
    cores: Cores
    wrk: str | None
    entrants: list[Entrant] = field(default_factory=list)
    busy: list[tuple[float, float]] = field(default_factory=list)
    """The shares of the time that the server and the load worked, each round, with the bare application."""

    def run(self, stack: ExitStack, folder: Path) -> None:
        """Start, look whether each is right, warm up, measure."""
        self._start(stack, folder)
        self._probe()
        rounds = self.plan.rounds or (1 if self.plan.quick else 9 if len(self.plan.sources) > 1 else 5)
        for number in range(rounds):
            self.tell(f"outside: {self.app.name}, round {number + 1} of {rounds}")
            self._round(number)

    def _start(self, stack: ExitStack, folder: Path) -> None:
        self.tell(f"outside: {self.app.name}: starting servers")
        for number, (way, source) in enumerate(self._wanted()):
            order = Order(self.app.name, way, str(folder / str(number)), self.cores.server)
            server = Server(order, source)
            stack.callback(server.close)
            self.entrants.append(Entrant(way, source, server, every=1 if way in _ALWAYS else 2))
        for entrant in self.entrants:
            self._try(entrant, entrant.server.listen)

    def _wanted(self) -> Iterator[tuple[str, Source]]:
        """Which ways, each with which asgi-inspect; the bare application always, and first."""
        here = self.plan.sources[0]
        yield BARE, here
        for way in chain(WAYS, SETTINGS):
            if way != BARE and self._is_usual(way) and self.plan.wants(self.app.name, way):
                yield from ((way, source) for source in (self.plan.sources if _is_ours(way) else (here,)))

    def _is_usual(self, way: str) -> bool:
        if len(self.plan.sources) > 1:  # many rounds of few ways: it is about small differences
            return way in (CONTROL, FILE) or FILE not in self.plan.ways
        return way in _ALWAYS or self.app.name in _WHOLE or way in self.plan.ways

    def _probe(self) -> None:
        """Each must answer as the bare application does; then a little load, since what runs first is slow."""
        bare = self.entrants[0]
        if bare.wrong:
            raise Trouble(bare.wrong)
        expected = _answer(self._load(bare))
        for entrant in self._standing():
            self._try(entrant, partial(self._compare, entrant, expected))

    def _compare(self, entrant: Entrant, expected: Answer) -> None:
        try:
            answer = _answer(self._load(entrant))
        except (Trouble, OSError, http.client.HTTPException) as why:
            raise Trouble(f"breaks the app: {_in_words(why)}") from why
        if answer.status != expected.status:
            raise Trouble(f"breaks the app: it answers {answer.status} in place of {expected.status}")
        if answer != expected:
            raise Trouble("breaks the app: it answers something else")
        warm = Drive(replace(self._load(entrant), seconds=0.1)).run()
        if warm.failed:
            raise Trouble(f"breaks the app: {warm.failed} of {warm.done:.0f} answers failed")
        if complaint := entrant.server.complaint():
            raise Trouble(complaint)

    def _try(self, entrant: Entrant, what: Callable[[], None]) -> None:
        """What goes wrong with one way is told, and the others go on."""
        if entrant.wrong:
            return
        try:
            what()
        except (Trouble, OSError, http.client.HTTPException) as why:
            entrant.wrong = _in_words(why)
            self.tell(f"outside: {self.app.name}, {entrant.way}: {entrant.wrong}")
            self.figures.remark("outside", self.app.name, entrant.way, _last_line(entrant.wrong), entrant.source.name)

    def _standing(self) -> list[Entrant]:
        return [entrant for entrant in self.entrants if not entrant.wrong]

    def _round(self, number: int) -> None:
        entrants = [entrant for entrant in self._standing() if number % entrant.every == 0]
        random.Random(number).shuffle(entrants)  # noqa: S311
        for entrant in entrants:
            self._try(entrant, partial(self._measure, entrant, number))

    def _measure(self, entrant: Entrant, number: int) -> None:
        entrant.server.empty()
        before = entrant.server.used()
        outcome = drive(self._load(entrant), self.wrk)
        spent = entrant.server.used().cpu_ns - before.cpu_ns
        if wrong := entrant.server.complaint() or (outcome.failed and f"{outcome.failed} answers failed"):
            raise Trouble(str(wrong))
        if entrant.way == BARE:
            self._note(outcome, spent)
        samples: Mapping[Quantity, float] = {
            "cpu_us": spent / 1e3 / outcome.done,
            "per_second": outcome.rate,
            "p50_ms": outcome.p50_us / 1e3,
            "p99_ms": outcome.p99_us / 1e3,
        }
        # The bare application is the same for all revisions: measured once, compared with each.
        sources = self.plan.sources if entrant.way == BARE else (entrant.source,)
        for source in sources:
            for quantity, sample in samples.items():
                self.figures.add(Key("outside", self.app.name, entrant.way, quantity, source.name), number, sample)

    def _note(self, outcome: Outcome, spent: int) -> None:
        """How busy both ends were with the bare application: one of them should have nothing left to give."""
        self.busy.append((spent / 1e9 / outcome.seconds, outcome.busy))
        server, load = (statistics.median(ends) for ends in zip(*self.busy, strict=True))
        self.figures.facts.setdefault("loads", {})[self.app.name] = {
            "generator": outcome.generator,
            "generator_busy": round(load, 2),
            "server_busy": round(server, 2),
        }
        self.figures.remarks.pop(("outside", self.app.name, BARE, ""), None)
        why = ""
        if server < _BUSY <= load:
            why = f"the load could not ask faster (the server was busy for {server:.0%} of the time)"
        elif max(server, load) < _BUSY:
            why = (
                f"the server was busy for {server:.0%} of the time, the load for {load:.0%}: the machine had other work"
            )
        if why:
            self.figures.remark("outside", self.app.name, BARE, f"{why}; the CPU times hold, the rates say less")

    def _load(self, entrant: Entrant) -> Load:
        seconds = 0.1 if self.plan.quick else 0.6 if self.app.name in _LONG else 1.0
        return load_of(self.app, entrant.server.port, seconds, self.cores.load)


def _is_ours(way: str) -> bool:
    return way in WAYS and WAYS[way].ours


def load_of(app: Application, port: int, seconds: float, core: int | None) -> Load:
    """What a client asks of this application: the headers are those of the calls in process."""
    lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in app.head.lines(0)]
    return Load(
        port,
        kind="websocket" if app.websocket else "http",
        method=app.method,
        path=app.path + (f"?{app.query.decode()}" if app.query else ""),
        headers=tuple(line for line in lines if line[0] not in _HEADERS_OF_THE_CONNECTION),
        body=said(7) if app.websocket else app.body.decode("latin-1"),
        repeat=LARGE_CHUNKS if app.name == "upload" else 1,
        seconds=seconds,
        exact=app.name in _LONG,
        core=core,
    )


def _answer(load: Load) -> Answer:
    """One answer; of a WebSocket that it echoes."""
    if load.kind == "websocket":
        return Answer(101, "", b"%d" % Drive(replace(load, connections=1, times=1)).run().done)
    connection = http.client.HTTPConnection("127.0.0.1", load.port, timeout=load.patience)
    try:
        connection.request(load.method, load.path, load.payload or None, dict(load.headers))
        response = connection.getresponse()
        return Answer(response.status, response.headers.get("content-type"), response.read())
    finally:
        connection.close()


def _in_words(why: Exception) -> str:
    return str(why).strip() or type(why).__name__


def _last_line(text: str) -> str:
    """Of a traceback, what it is about."""
    return text.splitlines()[-1] if text else ""


def measure(plan: Plan, figures: Figures, tell: Tell) -> None:
    """Add the figures of all applications and ways that the plan has and that are measured end to end."""
    apps = [name for name in _APPS if not plan.apps or name in plan.apps]
    if not apps:
        return
    cores, wrk = choose_cores(), None if plan.quick else find_wrk()
    _state(figures, tell, cores, wrk, quick=plan.quick)
    for name in apps:
        with tempfile.TemporaryDirectory(prefix="asgi-inspect-bench-") as folder, ExitStack() as stack:
            try:
                Field(APPS[name], plan, figures, tell, cores, wrk).run(stack, Path(folder))
            except (Trouble, OSError) as why:
                tell(f"outside: {name} is left out: {why}")
                figures.remark("outside", name, BARE, _last_line(str(why)))


def _state(figures: Figures, tell: Tell, cores: Cores, wrk: str | None, *, quick: bool) -> None:
    """The conditions that all rounds have in common."""
    if count_cores() < 2:
        tell("outside: this machine has one core: server and load take turns on it, and the rates are of no use")
    limit = ceiling(wrk, cores, 0.1 if quick else 1.0)
    figures.facts["outside"] = {
        **parts(),
        "uvicorn": metadata.version("uvicorn"),
        "cores": count_cores(),
        "pinned": cores.server is not None,
        "generator": limit.generator,
        "ceiling": round(limit.rate),
    }
