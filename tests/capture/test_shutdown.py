"""What is in the trace after a real server was ended, whichever way: no `atexit` is needed for it."""

import itertools
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ProcessRecord
from tests.capture.sinking import objects, until
from tests.clients import Wire
from tests.serving import Process, running, uvicorn_command
from tests.tracing import traced

APP = "tests.apps.ending:app"
CONNECTIONS, ASKED = 4, 15


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


@contextmanager
def server(out: str | Path, *options: str, **environ: str) -> Iterator[Process]:
    with running(uvicorn_command(APP, *options), env={"OUT": str(out), **environ}) as process:
        yield process


def ask(port: int) -> None:
    """Requests over several keep-alive connections, turn by turn."""
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(port)) for _ in range(CONNECTIONS)]
        for n, wire in itertools.product(range(ASKED), wires):
            assert wire.ask("GET", f"/{n}").status == 200


def paths(path: Path) -> list[str]:
    """The paths of all HTTP connections, each of which is whole: with an end, and no number missing."""
    return sorted(c.scope["path"] for c in traced(path) if c.scope["type"] == "http")


ALL = sorted([f"/{n}" for n in range(ASKED)] * CONNECTIONS)


def kinds(records: list[dict[str, Any]]) -> dict[str, int]:
    return {kind: sum(record["record"] == kind for record in records) for kind in ("process", "scope", "end")}


WHOLE = {"process": 1, "scope": len(ALL) + 1, "end": len(ALL) + 1}  # the lifespan is one of them


@pytest.mark.parametrize("cautious", [False, True])
@pytest.mark.parametrize("lifespan", ["on", "off"])
def test_sigterm_right_after_the_answers(cautious: bool, lifespan: str, path: Path, tmp_path: Path) -> None:
    """uvicorn ends by the signal itself: nothing of Python runs any more. Not even a slow disk loses anything."""
    atexit = tmp_path / "atexit"
    environ = {"ATEXIT": str(atexit), **({"CAUTIOUS": "1"} if cautious else {})}
    with server(path, "--lifespan", lifespan, **environ) as process:
        ask(process.port)
        assert process.stop(signal.SIGTERM) == -signal.SIGTERM
        assert "asgi-inspect" not in process.stderr
    assert not atexit.exists(), "this test proves nothing: the interpreter ended in good order"
    assert paths(path) == ALL
    whole = [c.types for c in traced(path) if c.scope["type"] == "lifespan"]
    received, sent = (
        ["lifespan.startup", "lifespan.shutdown"],
        ["lifespan.startup.complete", "lifespan.shutdown.complete"],
    )
    assert whole == ([(received, sent)] if lifespan == "on" else [])


def test_ctrl_c(path: Path) -> None:
    with server(path) as process:
        ask(process.port)
        process.stop(signal.SIGINT)
    assert paths(path) == ALL


def test_sigkill_keeps_what_was_finished_and_what_is_older_than_50_ms(path: Path, tmp_path: Path) -> None:
    """What is older, the best of a few tries: a busy machine may let a thread wait; what is promised is ours alone."""
    tries = iter(range(5))
    while True:
        path = tmp_path / f"{next(tries)}.jsonl"
        with server(path) as process, Wire(process.port) as wire:
            wire.begin("GET", "/open")
            wire.end()
            wire.head()
            assert wire.chunk() == b"begun"
            began = time.monotonic()
            ask(process.port)
            ask(process.port)  # so that those of the first round are over on the loop, not only on the wire
            until(lambda: time.monotonic() - began >= 0.05)
            assert process.stop(signal.SIGKILL) == -signal.SIGKILL
        records = objects(path.read_bytes())
        conns = {record["scope"].get("path"): record["conn"] for record in records if record["record"] == "scope"}
        ended = {record["conn"] for record in records if record["record"] == "end"}
        kept = [
            record["message"]["type"]
            for record in records
            if record.get("conn") == conns.get("/open", "") and "message" in record
        ]
        if kept == ["http.response.start", "http.response.body"] and len(ended) >= 2 * len(ALL) - CONNECTIONS:
            break


def test_os_exit(path: Path) -> None:
    with server(path) as process:
        ask(process.port)
        with Wire(process.port) as wire:
            wire.begin("GET", "/exit")
            wire.end()
            assert process.wait() == 3
    records = objects(path.read_bytes())
    ended = {record["conn"] for record in records if record["record"] == "end"}
    finished = [r["conn"] for r in records if r["record"] == "scope" and r["scope"].get("path") not in (None, "/exit")]
    assert len(finished) == len(ALL)
    assert set(finished) <= ended


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_two_workers_on_one_file(number: signal.Signals, path: Path) -> None:
    with server(path, "--workers", "2") as process:
        port = process.port
        until(lambda: path.exists() and path.read_bytes().count(b"lifespan.startup.complete") == 2, "both started")
        ask(port)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does
            process.wait()
        else:
            process.stop(number)
    assert paths(path) == ALL
    processes = [record for record in read_trace(path) if isinstance(record, ProcessRecord)]
    assert (
        len({record.pid for record in processes}) == len({record.proc for record in processes}) == len(processes) == 2
    )
    assert {record.parent_pid for record in processes} == {process.pid}
    first: dict[str, str] = {}
    for record in objects(path.read_bytes()):
        proc = record.get("proc") or record["conn"].partition(".")[0]
        first.setdefault(proc, record["record"])
    assert list(first.values()) == ["process"] * 2, "a record stands before that of its process"


def test_records_on_stdout_at_sigterm() -> None:
    """As in a container whose log is the disk."""
    with server("-", "--no-access-log") as process:
        ask(process.port)
        assert process.stop(signal.SIGTERM) == -signal.SIGTERM
        records = [json.loads(part) for part in process.stdout.splitlines()]
    assert kinds(records) == WHOLE


def test_a_callable_at_sigterm(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with server("callable", KEPT=str(kept)) as process:
        ask(process.port)
        assert process.stop(signal.SIGTERM) == -signal.SIGTERM
    names = kept.read_text().split()
    assert {kind: names.count(f"{kind.title()}Record") for kind in WHOLE} == WHOLE


def test_the_terminal_at_sigterm() -> None:
    with server("terminal", ASGI_INSPECT_FORMAT="compact") as process:
        with Wire(process.port) as wire:
            assert wire.ask("GET", "/last").status == 200
        assert process.stop(signal.SIGTERM) == -signal.SIGTERM
        assert re.search("GET /last", process.stderr)
        assert "lifespan.shutdown.complete" in process.stderr
