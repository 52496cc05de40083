"""What the tests of a broken disk share: the server that breaks it, its client, and what must hold of the trace that is left."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from asgi_inspect.trace.read import Damage, read_trace
from asgi_inspect.trace.records import LostRecord, ProcessRecord, Record, ScopeRecord
from tests.capture.sinking import until
from tests.clients import Wire
from tests.launch.conftest import MAIN
from tests.serving import ROOT, Process, running, uvicorn_command

APP = "tests.faults.breaking:app"


@dataclass
class Broken:
    """A server whose disk a test may break, and one client that stays."""

    process: Process
    wire: Wire
    trace: Path

    def ask(self, target: str) -> str:
        """Ask over the same connection; the answer comes, whatever the disk does."""
        answer = self.wire.ask("GET", target)
        assert answer.status == 200
        return answer.body.decode()

    def ask_often(self, count: int, name: str = "leaf") -> list[str]:
        """Ask for so many paths of this name, and return them."""
        paths = [f"/{name}/{number}" for number in range(count)]
        for path in paths:
            self.ask(path)
        return paths

    def ask_until(self, condition: Callable[[], object], what: str) -> None:
        """Ask on until this holds."""
        until(lambda: self.ask("/until") and condition(), what)

    def wait_until_written(self, path: str) -> None:
        """Wait until a connection stands in the trace with this path."""
        text = f'"path":"{path}"'.encode()
        until(lambda: self.trace.exists() and text in self.trace.read_bytes(), f"{path} in the trace")

    @property
    def given(self) -> int:
        """How many records the capture made; the server has ended."""
        return int(self.process.wait_for(r"^given: (\d+)$")[1])

    def said(self) -> list[str]:
        """What was said of ours on stderr."""
        return [line for line in self.process.stderr.splitlines() if line.startswith("asgi-inspect: ")]


@contextmanager
def breaking(trace: Path, *options: str, **environ: str) -> Iterator[Broken]:
    """Serve the application that breaks its disk; at the end the server stops in good order."""
    with running(uvicorn_command(APP, *options), env={"OUT": str(trace), "TELL": "1", **environ}) as process:
        with Wire(process.port) as wire:
            yield Broken(process, wire, trace)
        assert process.stop(signal.SIGINT) == 0, process.stderr
        assert "Traceback" not in process.stderr, process.stderr


class Left:
    """What is left in a trace: its records, its damages, and what it says was lost."""

    def __init__(self, trace: Path) -> None:
        self.damages: list[Damage] = []
        self.records: list[Record] = list(read_trace(trace, on_damage=self.damages.append))
        self.lost = [record for record in self.records if isinstance(record, LostRecord)]
        self.begun = [record.why for record in self.records if isinstance(record, ProcessRecord)]
        self.paths = [
            record.scope["path"]
            for record in self.records
            if isinstance(record, ScopeRecord) and "path" in record.scope
        ]

    @property
    def written(self) -> int:
        """How many records of the capture are there: all but those of the sink itself."""
        return len(self.records) - len(self.lost) - len(self.begun)

    def assert_in_order(self) -> None:
        """Each connection's records come by `n`, with no gap unless something was lost."""
        numbers: dict[str, list[int]] = {}
        for record in self.records:
            if (number := getattr(record, "n", None)) is not None:
                numbers.setdefault(str(getattr(record, "conn", None)), []).append(number)
        for conn, found in numbers.items():
            assert found == sorted(found), conn
            assert self.lost or found == list(range(1, len(found) + 1)), conn


def hold(stall: Path) -> int:
    """Wait for a write that stalls at this FIFO; it stands until the descriptor that is returned is closed."""
    held: list[int] = []
    until(lambda: held or _held(stall, held), "a write that stalls")
    return held[0]


def _held(stall: Path, held: list[int]) -> bool:
    try:
        held.append(os.open(stall, os.O_WRONLY | os.O_NONBLOCK))
    except OSError as exc:
        if exc.errno != errno.ENXIO:  # which says that nobody waits yet
            raise
    return bool(held)


@contextmanager
def launched(
    project: Path, *words: str, before: str = "", environ: Mapping[str, str | None] | None = None
) -> Iterator[Process]:
    """Run `asgi-inspect … main:app` in a project of its own. before: what a shell does first; environ: None unsets."""
    project.mkdir(exist_ok=True)
    (project / "main.py").write_text(MAIN)
    unset = [word for name, value in (environ or {}).items() if value is None for word in ("-u", name)]
    command = ["env", *unset, sys.executable, "-m", "asgi_inspect", *words, "--port", "0", "main:app"]
    given = {name: value for name, value in (environ or {}).items() if value is not None}
    shell = ["sh", "-c", f'{before or ":"}; exec "$@"', "sh", *command]
    with running(shell, env={"PYTHONPATH": str(ROOT), **given}, cwd=project) as process:
        yield process


def reach(port: int) -> Wire:
    """Connect to a server whose workers may not listen yet, though it says that it runs."""
    found: list[Wire] = []

    def connects() -> bool:
        with suppress(ConnectionRefusedError):
            found.append(Wire(port))
        return bool(found)

    until(connects, "a worker that listens")
    return found[0]


def ask_and_stop(process: Process) -> None:
    """The application answers, and the server stops as it should."""
    with reach(process.port) as wire:
        assert wire.ask("GET", "/").status == 200
    assert process.stop() in (0, -signal.SIGTERM), process.stderr  # with workers, without
    assert "Traceback" not in process.stderr, process.stderr
