"""The fixture `asgi_trace`, and the files of `--asgi-trace`."""

import pytest

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ProcessRecord, ScopeRecord
from tests.pytest_plugin.project import Project

pytest_plugins = ("pytester",)


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    return Project(pytester)


# --- the fixture ---------------------------------------------------------------------------------------------------------


def test_the_fixture_gives_the_connections_of_the_test(project: Project) -> None:
    source = """
import asyncio, threading
from collections.abc import Sequence
from asgi_inspect import Connection
from asgi_inspect.pytest_plugin import AsgiTrace

over = threading.Event()

async def slow(scope, receive, send):
    await app(scope, receive, send)
    if scope["type"] == "http":
        await asyncio.to_thread(over.wait, 30)

@pytest.fixture(scope="module")
def port():
    with serving(slow) as port:
        yield port

def test_served(port, asgi_trace: AsgiTrace):
    assert httpx.get(f"http://127.0.0.1:{port}/").text == "hello"
    threading.Timer(0.1, over.set).start()  # an answer is here before the call is over; a look waits for that
    assert (asgi_trace[-1].path, asgi_trace[-1].outcome) == ("/", "returned")
    assert [one.type for one in asgi_trace[:2]] == ["lifespan", "http"]
    assert isinstance(asgi_trace, Sequence) and all(isinstance(one, Connection) for one in asgi_trace)

def test_client(asgi_trace: AsgiTrace):
    assert not asgi_trace and repr(asgi_trace) == "<no connections>"
    ask("/a?b=1")
    assert len(asgi_trace) == 1 and asgi_trace[0].status == 200
    assert repr(asgi_trace) == "<GET /a?b=1 200>"

def test_none(): pass
"""
    project.run(source).assert_outcomes(passed=3)


def test_the_fixture_may_be_asked_for_by_name(project: Project) -> None:
    source = """
def test_one(request):
    trace = request.getfixturevalue("asgi_trace")
    ask("/")
    assert [one.path for one in trace] == ["/"]
def test_other(request):
    ask("/")
    assert [one.path for one in request.getfixturevalue("asgi_trace")] == ["/"]
"""
    project.run(source).assert_outcomes(passed=2)


# --- trace files ---------------------------------------------------------------------------------------------------------

TRACED = "def test_good(): ask('/good')\ndef test_bad():\n  ask('/bad')\n  assert 0\ndef test_silent(): assert 0"


@pytest.mark.parametrize(
    ("keep", "paths"), [("on", {"/good", "/bad"}), ("retain-on-failure", {"/bad"}), ("off", set())]
)
def test_the_traces_that_are_kept(project: Project, keep: str, paths: set[str]) -> None:
    kept = project.path / "kept"
    done = project.run(TRACED, f"--asgi-trace={keep}", f"--asgi-trace-dir={kept.name}", "--junit-xml=report.xml")
    done.assert_outcomes(passed=1, failed=2)
    files = sorted(kept.glob("*.jsonl"))
    found = set()
    for file in files:
        first, *rest = read_trace(file, on_damage=lambda damage: pytest.fail(str(damage)))
        assert isinstance(first, ProcessRecord)
        found |= {record.scope["path"] for record in rest if isinstance(record, ScopeRecord)}
        assert str(file) in (project.path / "report.xml").read_text("utf-8")
    assert found == paths
    if paths:
        done.stdout.fnmatch_lines(
            ["*ASGI trace*", "*asgi-inspect show *test_bad*.jsonl", f"asgi-inspect: {len(paths)} trace* in {kept}"]
        )


def test_a_trace_has_all_phases_and_what_was_open_before(project: Project) -> None:
    source = """
@pytest.fixture(scope="module")
def client():
    with TestClient(app) as client:
        yield client

@pytest.fixture
def around(client):
    client.get("/before")
    yield
    client.get("/after")

def test_first(client): pass
def test_second(around, client):
    client.get("/within")
    assert 0
"""
    project.run(source, "--asgi-trace=retain-on-failure", "--basetemp=base").assert_outcomes(passed=1, failed=1)
    (file,) = (project.path / "base" / "asgi-trace").iterdir()
    scopes = [record.scope for record in read_trace(file) if isinstance(record, ScopeRecord)]
    assert [scope.get("path") for scope in scopes] == [None, "/before", "/within", "/after"]


def test_where_nothing_can_be_written_the_tests_go_on(project: Project) -> None:
    project.pytester.makefile("", kept="a file")
    done = project.run(TRACED, "--asgi-trace=on", "--asgi-trace-dir=kept")
    done.assert_outcomes(passed=1, failed=2)
    done.stdout.fnmatch_lines(["asgi-inspect failed (File exists, in *"])


def test_of_many_messages_the_middle_is_left_out(project: Project) -> None:
    done = project.run("def test_many():\n  for n in range(100): ask(f'/{n}')\n  assert 0", "--asgi-lint")
    done.stdout.fnmatch_lines(["*GET /0 *", "... 2* lines, which a trace file has ...", "*GET /99 *"])
