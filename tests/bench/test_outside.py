"""End to end, with tiny durations: all figures come, a way that breaks an application is told, nothing is left behind."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import outside
from bench.apps import APPS
from bench.client import Outcome, Trouble
from bench.cores import Cores
from bench.figures import Figures, Key, Quantity
from bench.plan import ROOT, Plan, Source
from bench.served import Server

QUANTITIES: tuple[Quantity, ...] = ("cpu_us", "per_second", "p50_ms", "p99_ms")


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Server]]:
    """All servers that were started; in the end none runs, and no file is left."""
    servers: list[Server] = []

    class Seen(Server):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            servers.append(self)

    monkeypatch.setattr(outside, "Server", Seen)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield servers
    assert servers
    assert all(server._process.poll() is not None for server in servers)
    assert list(tmp_path.iterdir()) == []


def measured(plan: Plan) -> tuple[Figures, list[str]]:
    figures, told = Figures(), list[str]()
    outside.measure(plan, figures, told.append)
    return figures, told


@pytest.mark.parametrize("app", ["hello", "stream", "websocket"])
def test_each_way_has_all_figures(app: str, started: list[Server]) -> None:
    plan = Plan(apps=(app,), ways=("control", "no-op", "file"), quick=True, rounds=2)
    figures, told = measured(plan)
    # Of the bare application it is told where the machine was busy.
    assert [key for key in figures.remarks if key[2] != "bare"] == []
    for way in ("bare", "control", "no-op", "file"):
        for quantity in QUANTITIES:
            figure = figures.of(Key("outside", app, way, quantity))
            assert figure is not None, (way, quantity)
            assert len(figure.samples) == 2
            assert min(figure.samples) > 0
    assert told[0] == f"outside: {app}: starting servers"
    assert figures.facts["outside"]["ceiling"] > 0
    assert figures.facts["loads"][app]["generator"] == "bench.client"


def test_the_settings_of_the_server_are_ways_too(started: list[Server]) -> None:
    figures, _ = measured(Plan(apps=("hello",), ways=("access-log", "uvicorn-trace"), quick=True))
    assert set(figures.names("outside", "way")) == {"bare", "access-log", "uvicorn-trace"}
    assert len(started) == 3


@pytest.mark.parametrize(
    ("differs", "told_as"),
    [({"status": 500}, "500 in place of 200"), ({"body": b""}, "something else")],
    ids=["status", "body"],
)
def test_a_way_that_breaks_the_application_is_told_and_the_others_go_on(
    differs: dict[str, Any], told_as: str, started: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = outside._answer

    def answer(load: Any) -> outside.Answer:
        seen = real(load)
        return seen._replace(**differs) if load.port == started[1].port else seen

    monkeypatch.setattr(outside, "_answer", answer)
    figures, told = measured(Plan(apps=("hello",), ways=("no-op", "control"), quick=True))
    assert figures.why_not("outside", "hello", "control") == f"breaks the app: it answers {told_as}"
    assert figures.of(Key("outside", "hello", "control", "per_second")) is None
    assert figures.of(Key("outside", "hello", "no-op", "per_second")) is not None
    assert any("hello, control: breaks the app" in line for line in told)


def test_two_revisions_stand_beside_one_bare_application(started: list[Server]) -> None:
    sources = Source("", ROOT), Source("old", ROOT)
    figures, _ = measured(Plan(apps=("hello",), ways=("file",), quick=True, rounds=2, sources=sources))
    assert [server.order.way for server in started] == ["bare", "file", "file"]
    for source in ("", "old"):
        added = figures.added(Key("outside", "hello", "file", "cpu_us", source))
        assert added is not None
        assert len(added.samples) == 2


def test_what_was_measured_before_an_interrupt_stays(started: list[Server]) -> None:
    figures = Figures()

    def tell(text: str) -> None:
        if "round 2" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outside.measure(Plan(apps=("hello",), ways=("no-op",), quick=True, rounds=3), figures, tell)
    figure = figures.of(Key("outside", "hello", "no-op", "cpu_us"))
    assert figure is not None
    assert len(figure.samples) == 1


def test_an_application_whose_bare_server_fails_is_left_out(
    started: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Server.listen

    def listen(server: Server) -> None:
        if server.order.app == "hello":
            raise Trouble("the server ended:\nTraceback\nOSError: no port is free")
        real(server)

    monkeypatch.setattr(Server, "listen", listen)
    figures, told = measured(Plan(apps=("hello", "stream"), ways=("no-op",), quick=True))
    assert figures.why_not("outside", "hello", "bare") == "OSError: no port is free"
    assert figures.of(Key("outside", "stream", "no-op", "per_second")) is not None
    assert any("Traceback" in line for line in told)


def test_one_core_is_told(started: list[Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "count_cores", lambda: 1)
    monkeypatch.setattr(outside, "choose_cores", lambda: Cores(None, None))
    figures, told = measured(Plan(apps=("hello",), ways=("bare",), quick=True))
    assert told[0].startswith("outside: this machine has one core")
    assert figures.facts["outside"]["pinned"] is False
    assert figures.of(Key("outside", "hello", "bare", "per_second")) is not None


@pytest.mark.parametrize(
    ("server", "load", "told"),
    [
        (0.95, 0.4, None),
        (0.95, 0.95, None),
        (0.5, 0.95, "the load could not ask faster (the server was busy for 50% of the time)"),
        (0.5, 0.3, "the server was busy for 50% of the time, the load for 30%: the machine had other work"),
    ],
)
def test_it_is_told_where_the_server_was_not_what_limits(server: float, load: float, told: str | None) -> None:
    figures = Figures()
    field = outside.Field(APPS["hello"], Plan(), figures, print, Cores(None, None), None)
    field._note(Outcome(done=100, seconds=1, p50_us=1, p99_us=2, failed=0, busy=load), spent=int(server * 1e9))
    found = figures.why_not("outside", "hello", "bare")
    assert found == (told and f"{told}; the CPU times hold, the rates say less")


def test_nothing_is_started_for_what_is_not_measured_here() -> None:
    figures, told = measured(Plan(apps=("hello-unique",)))
    assert (figures.rounds, told) == ({}, [])
