"""What asgi-inspect takes beside time: memory, import time, and what is left of it when it is off.

Each sample is of a fresh process, the bare application's and ours in turn. Memory under load is the highest that a server ever
had while sixteen connections each moved 10 MiB; so all counts that asgi-inspect brings, its code included. Memory of idle
connections is what so many of them added, divided by their number: by the system's account, and by that of the allocator.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

from .apps import APPS
from .client import Drive, Line, Trouble, request_of
from .cores import choose_cores
from .figures import BARE, CONNECTION, FILE, FIRST, IDLE, IMPORT, OFF, Figures, Key, Quantity
from .outside import load_of
from .plan import ROOT, Plan, Source, Tell, python
from .served import Order, Server

COUNTED: Final = "idle, counted"  # `bytes` for each of as many, by the allocator's count
SOCKETS: Final = "idle, sockets"  # `bytes` for each of some thousand under a real server
MIDDLEWARE: Final = "import, middleware"  # `ms` of `from asgi_inspect import InspectMiddleware`
START: Final = "start"  # `ms` of a program that imports it, makes one and calls it once
"""What is measured beside what `figures.py` names, as the `app` of its keys; each with its bare counterpart."""

_MANY: Final = 2000  # sockets
_SPARE: Final = 200  # descriptors that a process needs for itself
_LIMIT: Final = 120  # seconds for one process

_START: Final = """
import asyncio, time
async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"Hello, world!"})
{wrap}
async def receive():
    return {"type": "http.request", "body": b"", "more_body": False}
async def send(message):
    pass
async def main():
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/", "scheme": "http",
             "raw_path": b"/", "query_string": b"", "root_path": "", "headers": [(b"host", b"localhost")], "state": {}}
    began = time.process_time_ns()
    await app(scope, receive, send)
    print(time.process_time_ns() - began)
asyncio.run(main())
"""
_WRAP: Final = "from asgi_inspect import InspectMiddleware\napp = InspectMiddleware(app, out=OUT)"


def measure(plan: Plan, figures: Figures, tell: Tell) -> None:
    """Add all of it."""
    with tempfile.TemporaryDirectory(prefix="asgi-inspect-bench-") as name:
        run = _Run(plan, figures, tell, Path(name))
        for app, part in (
            (IMPORT, run.imports),
            (CONNECTION, run.off),
            ("download", lambda: run.transfer("download")),
            ("upload", lambda: run.transfer("upload")),
            (IDLE, run.idle),
            (SOCKETS, run.sockets),
        ):
            if plan.wants(app, OFF if app == CONNECTION else FILE):
                tell(f"footprint: {app}")
                try:
                    part()
                except (Trouble, OSError) as why:
                    tell(f"footprint: {app} is left out: {why}")
                    figures.remark("footprint", app, FILE, str(why).strip().splitlines()[-1])


class _Run:
    """One run of all."""

    def __init__(self, plan: Plan, figures: Figures, tell: Tell, folder: Path) -> None:
        self._plan = plan
        self._figures = figures
        self._tell = tell
        self._folder = folder
        self._files = 0

    def imports(self) -> None:
        """Three beginnings of a program, each against the same without us."""
        for number in range(self._rounds(9)):
            for source in self._plan.sources:
                out = f"OUT = {str(self._new_folder() / 'trace.jsonl')!r}\n"
                for app, code in (
                    (IMPORT, "import asgi_inspect"),
                    (MIDDLEWARE, "from asgi_inspect import InspectMiddleware"),
                ):
                    self._add(app, BARE, source, number, ms=_start(source, "pass")[0])
                    self._add(app, FILE, source, number, ms=_start(source, code)[0])
                for way, wrap in ((BARE, ""), (FILE, out + _WRAP)):
                    spent, printed = _start(source, _START.replace("{wrap}", wrap))
                    self._add(START, way, source, number, ms=spent)
                    self._add(FIRST, way, source, number, ms=int(printed) / 1e6)

    def off(self) -> None:
        """Rounds within one process: it is about nanoseconds."""
        rounds = self._plan.rounds or (2 if self._plan.quick else 31)
        calls = 1000 if self._plan.quick else 20_000
        for source in self._plan.sources:
            told = self._ask(source, what="off", rounds=rounds, calls=calls)
            for way, samples in told.items():
                for number, sample in enumerate(samples):
                    self._add(CONNECTION, way, source, number, ns=sample)

    def transfer(self, app: str) -> None:
        """The highest memory of a server that moves 10 MiB for each of many connections at once."""
        cores = choose_cores()
        for number in range(self._rounds(3)):
            for way, source in self._each():
                with self._server(app, way, source, cores.server) as server:
                    load = load_of(APPS[app], server.port, 0, cores.load)
                    Drive(replace(load, times=1, connections=2 if self._plan.quick else 16)).run()
                    self._add(app, way, source, number, bytes=server.used().peak)

    def idle(self) -> None:
        """In process: no server's own memory hides what is ours."""
        count = 200 if self._plan.quick else 10_000
        for app, rounds in ((IDLE, self._rounds(3)), (COUNTED, 1)):
            for number in range(rounds):
                for way, source in self._each():
                    told = self._ask(source, what="idle", way=way, count=count, counted=app == COUNTED)
                    self._add(app, way, source, number, bytes=told["bytes"])

    def sockets(self) -> None:
        """As many as descriptors allow, up to some thousands."""
        with _descriptors(_MANY + _SPARE) as allowed:
            count = min(20 if self._plan.quick else _MANY, allowed - _SPARE)
            if count < 1:
                raise Trouble(f"too few descriptors are allowed: {allowed}")
            for way, source in self._each():
                with self._server("websocket", way, source, None) as server:
                    self._add(SOCKETS, way, source, 0, bytes=_of_each(server, count))

    def _rounds(self, usual: int) -> int:
        return self._plan.rounds or (1 if self._plan.quick else usual)

    def _each(self) -> Iterator[tuple[str, Source]]:
        for source in self._plan.sources:
            yield BARE, source
            yield FILE, source

    def _add(self, app: str, way: str, source: Source, number: int, **sample: float) -> None:
        for quantity, value in sample.items():
            self._figures.add(Key("footprint", app, way, cast("Quantity", quantity), source.name), number, value)

    def _new_folder(self) -> Path:
        self._files += 1
        folder = self._folder / str(self._files)
        folder.mkdir()
        return folder

    @contextmanager
    def _server(self, app: str, way: str, source: Source, core: int | None) -> Iterator[Server]:
        server = Server(Order(app, way, str(self._new_folder()), core), source)
        try:
            server.listen()
            yield server
        finally:
            server.close()

    def _ask(self, source: Source, **what: Any) -> Any:
        what["folder"] = str(self._new_folder())
        return json.loads(_run(python(source, sys.executable, "bench.alone", json.dumps(what))))


def _of_each(server: Server, count: int) -> float:
    """Bytes that a server takes for each open WebSocket; some are open before, as the first ones cost more."""
    load = load_of(APPS["websocket"], server.port, 0, None)
    first = max(1, count // 20)
    with ExitStack() as stack:
        for number in range(first + count):
            if number == first:
                before = server.used().memory
            stack.callback(Line(load, request_of(load), 0).socket.close)
        return (server.used().memory - before) / count


@contextmanager
def _descriptors(wanted: int) -> Iterator[int]:
    """How many descriptors a process may have: as many as wanted, where the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        if soft != resource.RLIM_INFINITY and soft < allowed:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        yield allowed
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _start(source: Source, code: str) -> tuple[float, str]:
    """CPU milliseconds of a fresh interpreter that runs this, and what it printed."""
    before = _spent()
    printed = _run([sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(source.folder)!r})\n{code}"])
    return (_spent() - before) * 1e3, printed


def _spent() -> float:
    """CPU seconds of the processes that we waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _run(command: list[str]) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASGI_INSPECT")}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise Trouble(f"a process took over {_LIMIT} s") from None
    if done.returncode or "asgi-inspect: " in done.stderr:
        raise Trouble(done.stderr.strip()[-2000:] or f"a process ended with status {done.returncode}")
    return done.stdout
