"""`make demo`: it ends by itself, leaves a trace of all that its title lines promise, and what it proposes works."""

import re
import sys
from pathlib import Path

import pytest

from examples import demo
from tests.serving import ROOT, Process, running
from tests.tracing import Traced, only, traced


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def done(state: Path) -> Process:
    """The demo, from its beginning to its end, without a terminal."""
    with running([sys.executable, "-m", "examples.demo"], env={"XDG_STATE_HOME": str(state)}) as process:
        assert process.wait(timeout=90) == 0, process.stderr
    return process


@pytest.fixture(scope="module")
def trace(done: Process, state: Path) -> list[Traced]:
    (file,) = (state / "asgi-inspect").glob("*.jsonl")
    assert str(file) in done.stderr
    return traced(file)


def test_the_trace_holds_what_the_titles_promise(done: Process, trace: list[Traced]) -> None:
    for title, _ in demo.STEPS:
        assert title in done.stderr
    statuses = {c.scope["path"]: c.sent[0]["status"] for c in trace if c.scope["type"] == "http" and c.sent}
    assert statuses == {
        "/teas/sencha": 200,
        "/orders": 201,
        "/login": 200,
        "/photos": 200,
        "/brewing": 200,
        "/temperature": 200,
        "/teas/lapsang": 404,
        "/last-tin": 500,
        "/ceremony": 200,  # sent to nobody
    }
    assert only(trace, path="/ceremony").types[0] == ["http.request", "http.disconnect"]
    assert len(only(trace, type="websocket").types[0]) == 4
    assert only(trace, type="lifespan").types[1] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_the_view_was_live(done: Process) -> None:
    """Each connection is shown below the title of the step that made it, not all of them at the end."""
    text = done.stderr
    ahead, behind = text.index("a GET with a query"), text.index("a POST of JSON")
    assert "/teas/sencha" in text[ahead:behind]


def test_what_it_proposes_works(done: Process, state: Path) -> None:
    proposals = re.findall(r"^  \S*asgi-inspect (show.*)", done.stderr, re.MULTILINE)
    assert len(proposals) == 3
    for arguments in proposals:
        command = [sys.executable, "-m", "asgi_inspect", *arguments.split()]
        with running(command, env={"XDG_STATE_HOME": str(state)}, cwd=ROOT) as show:
            assert show.wait() == 0, show.stderr
            assert "/last-tin" in show.stdout


def test_a_server_that_does_not_start_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "APP", "examples.nowhere:app")
    assert demo.main() == 1
    stderr = capfd.readouterr().err
    assert "demo: the server ended before it listened, with status 3" in stderr
    assert "Traceback" not in stderr
