"""The last words of a run."""

import os
import socket
import sys
from collections.abc import Iterator

import pytest

from asgi_inspect.launch.report import report
from asgi_inspect.launch.server import Plan
from asgi_inspect.launch.watch import Closed, CutOff
from asgi_inspect.trace.connection import Connection
from asgi_inspect.trace.missing import Missing
from asgi_inspect.trace.records import LostRecord, ScopeRecord, SkippedRecord

PLAN = Plan(server="uvicorn 1.2", app="main:app", address=None)
FINE = Closed(traced=True, abrupt=False, cut_off=[], cut_off_count=0, running=[])
NOTHING = Closed(traced=False, abrupt=False, cut_off=[], cut_off_count=0, running=[])


def said(
    status: int = 0,
    closed: Closed | None = FINE,
    *,
    plan: Plan = PLAN,
    keep: bool = True,
    kept: bool = True,
    **environ: str,
) -> list[str]:
    return list(
        report(
            plan,
            status,
            closed,
            keep=keep,
            kept=kept,
            where="/t.jsonl",
            again="asgi-inspect show",
            environ=environ,
        )
    )


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (0, "uvicorn 1.2 ended; trace: /t.jsonl (show it with: asgi-inspect show)"),
        (3, "uvicorn 1.2 ended with status 3; trace: /t.jsonl (show it with: asgi-inspect show)"),
        (-15, "uvicorn 1.2 was ended by SIGTERM; trace: /t.jsonl (show it with: asgi-inspect show)"),
        (-40, "uvicorn 1.2 was ended by signal 40; trace: /t.jsonl (show it with: asgi-inspect show)"),
    ],
)
def test_how_it_ended(status: int, sentence: str) -> None:
    assert said(status) == [sentence]


def test_without_a_trace() -> None:
    assert said(keep=False, kept=False) == ["uvicorn 1.2 ended; its trace is removed, as you wished."]
    assert said(kept=False) == ["uvicorn 1.2 ended; its trace is no longer at /t.jsonl: somebody removed it."]
    assert said(3, NOTHING, kept=False) == ["uvicorn 1.2 ended with status 3; nothing was traced."]
    assert said(2, NOTHING, kept=False) == []  # why it was not started has been said
    assert said(closed=None) == ["uvicorn 1.2 ended; trace: /t.jsonl (show it with: asgi-inspect show)"]


def test_a_script_that_starts_no_server_here() -> None:
    plan = Plan(server="python run.py", app=None, script=True)
    hint = "if it starts its server in another process, put asgi-inspect in front of that command."
    assert said(0, NOTHING, plan=plan, kept=False) == ["python run.py ended; nothing was traced.", hint]
    assert hint not in said(0, plan=plan)
    assert hint not in said(1, NOTHING, plan=plan, kept=False)


def connection(number: int, scope: object) -> Connection:
    found = Connection(f"p.{number}")
    found.feed(ScopeRecord(conn=found.conn, at="", scope=scope))
    return found


def test_what_was_cut_off() -> None:
    http = {"type": "http", "method": "GET", "path": "/slow"}
    connections = [CutOff(7, connection(1, http)), CutOff(8, connection(3, None))]
    closed = Closed(traced=True, abrupt=False, cut_off=connections, cut_off_count=2, running=[])
    named = "GET /slow (--conn '7#1'), a connection (--conn '8#3')"
    assert said(-9, closed)[0] == f"open when the process ended: {named}"
    many = Closed(traced=True, abrupt=False, cut_off=connections, cut_off_count=20, running=[])
    assert said(-9, many)[0] == f"open when the process ended: {named}, 18 more"


def test_what_is_lost_with_a_process_that_is_killed() -> None:
    closed = Closed(traced=True, abrupt=True, cut_off=[], cut_off_count=0, running=[])
    assert said(-9, closed)[0].startswith("a process that ends without a shutdown may take its last 50 ms")
    assert len(said(-9, closed, ASGI_INSPECT_FLUSH="record")) == 1


def test_who_goes_on_writing() -> None:
    closed = Closed(traced=True, abrupt=False, cut_off=[], cut_off_count=0, running=[7, 8])
    assert said(-9, closed)[0] == "still running, and writing to the trace: process 7, 8"
    assert said(-9, closed, keep=False) == [
        "still running, and writing to the trace, which therefore stays: process 7, 8",
        "uvicorn 1.2 was ended by SIGKILL; trace: /t.jsonl (show it with: asgi-inspect show)",
    ]


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_in_use(taken: int) -> None:
    plan = Plan(server="uvicorn 1.2", app="main:app", address=("127.0.0.1", taken))
    advice = (
        f"port {taken} of 127.0.0.1 is in use by another process: "
        f"end that one, or choose another port, such as --port {taken + 1}."
    )
    assert said(1, plan=plan)[1:] == [advice]
    assert said(0, plan=plan)[1:] == []
    assert said(-9, plan=plan)[1:] == []


@pytest.mark.parametrize(
    "address", [("127.0.0.1", 1), ("::1", 1), ("no such host", 80), ("127.0.0.1", 70_000), ("::1", -1)]
)
def test_a_port_that_is_free_or_cannot_be_told(address: tuple[str, int]) -> None:
    assert said(1, plan=Plan(server="s", app="a", address=address))[1:] == []


def test_another_environment(tmp_path: os.PathLike[str]) -> None:
    assert str(tmp_path) in said(1, NOTHING, VIRTUAL_ENV=str(tmp_path))[1]
    assert said(1, NOTHING, VIRTUAL_ENV=sys.prefix)[1:] == []
    assert said(1, FINE, VIRTUAL_ENV=str(tmp_path))[1:] == []


def test_what_is_not_in_the_trace() -> None:
    missing = Missing()
    for record in (
        SkippedRecord(proc="p", at="", conns=90, why="sample"),
        SkippedRecord(proc="q", at="", conns=1, why="capture"),
        LostRecord(proc="p", at="", records=4, conns=1, bytes=9, why="the disk is full"),
    ):
        missing.add(record)
    closed = Closed(traced=True, abrupt=False, cut_off=[], cut_off_count=0, running=[], missing=missing)
    assert said(0, closed)[:-1] == [
        "4 records of 1 connection could not be recorded: the disk is full.",
        "left out on purpose: 90 connections (sample), 1 connection (capture).",
    ]
