"""`InspectMiddleware(app, lint=True)`: what is told in the application's own process, by whom, how often; and at no one's cost."""

import json
import os
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.capture import notice
from asgi_inspect.capture.queue import CEILING, QueueSink
from asgi_inspect.lint.finding import Finding
from asgi_inspect.linting import Linted, with_linter
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.options import LAUNCH_VARIABLE, Launch, read_options
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import EndRecord
from tests.asking import app, ask, call
from tests.capture.sinking import first_line, line, objects, output, threads, until
from tests.stage import Account, App, difference, nothing, run
from tests.stage import twice as twice_over
from tests.test_transparency import MESSAGES, SCOPES


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(notice, "_said", set())
    yield
    notice.drop_waiting()


async def twice(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers twice."""
    await app(scope, receive, send)
    await app(scope, receive, send)


def ask_twice(application: Any, *paths: str) -> None:
    async def each() -> None:
        for path in paths:
            assert len(await call(application, path)) == 4

    import asyncio

    asyncio.run(each())


def lint_of_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the order of responses alone: the scopes of these tests are not whole."""
    monkeypatch.setenv("ASGI_INSPECT_LINT_SELECT", "H1")


CODE = """
import asyncio, os
os.environ["ASGI_INSPECT_LINT_SELECT"] = "H1"
from asgi_inspect.middleware import InspectMiddleware
from tests.test_linting import ask_twice, twice
"""


def test_each_finding_is_told_once_for_a_route_and_the_file_has_all(tmp_path: Path) -> None:
    out = tmp_path / "trace.jsonl"
    code = (
        CODE + f"ask_twice(InspectMiddleware(twice, out={str(out)!r}, lint=True), '/a', '/items/1', '/items/2', '/a')"
    )
    said = output(code)[1].decode()
    heads = [line for line in said.splitlines() if line.startswith("error")]
    assert heads == ["error H105 start-after-complete · by the application"] * 2
    assert [line for line in said.splitlines() if line.startswith("  GET")] == ["  GET /a", "  GET /items/{id}"]
    assert "asgi-inspect explain H105" in said
    assert sum(isinstance(record, EndRecord) for record in read_trace(out)) == 4


def test_on_the_terminal_a_finding_stands_below_its_message() -> None:
    said = output(CODE + "ask_twice(InspectMiddleware(twice, format='compact', lint='error'), '/a', '/a')")[1].decode()
    lines = said.splitlines()
    marked = [number for number, line in enumerate(lines) if "! H105 start-after-complete" in line]
    assert len(marked) == 2
    assert all("http.response.start 200" in lines[number - 1] for number in marked)
    assert "asgi-inspect explain" not in said  # no second telling


def test_records_on_stdout_stay_alone() -> None:
    out, err = output(CODE + "ask_twice(InspectMiddleware(twice, out='-', lint=True), '/a')")
    assert {record["record"] for record in objects(out)} >= {"scope", "send", "end"}
    assert b"error H105" in err


def test_a_variable_turns_it_on_and_names_the_level() -> None:
    code = CODE + "ask_twice(InspectMiddleware(twice, out='-'), '/a')"
    assert b"H105" in output(code, env={**os.environ, "ASGI_INSPECT_LINT": "1"})[1]
    assert b"H105" in output(code, env={**os.environ, "ASGI_INSPECT_LINT": "error"})[1]
    assert b"H105" not in output(code, env={**os.environ, "ASGI_INSPECT_LINT": "0"})[1]
    assert b"H105" not in output(code)[1]


def test_a_wrong_choice_of_rules_is_said_and_all_are_asked() -> None:
    code = (
        CODE
        + "os.environ['ASGI_INSPECT_LINT_SELECT'] = 'H1055'\n"
        + "ask_twice(InspectMiddleware(twice, out='-', lint=True), '/a')"
    )
    err = output(code)[1].decode()
    assert 'asgi-inspect: ASGI_INSPECT_LINT_SELECT, ASGI_INSPECT_LINT_IGNORE: there is no rule "H1055"' in err
    assert "error H105" in err


def test_a_callable_gets_each_finding_once_on_a_thread_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lint_of_the_application(monkeypatch)
    found: list[tuple[Finding, str]] = []

    def take(finding: Finding) -> None:
        found.append((finding, threading.current_thread().name))
        raise RuntimeError("mine")

    application = InspectMiddleware(twice, out=tmp_path / "trace.jsonl", lint=take)
    ask_twice(application, "/a", "/a", "/b")
    until(lambda: len(found) == 2)
    assert [(finding.code, finding.where, finding.count) for finding, _ in found] == [
        ("H105", "GET /a", 1),
        ("H105", "GET /b", 1),
    ]
    assert {name for _, name in found} == {"asgi-inspect queue"}
    ask_twice(application, "/c")
    until(lambda: len(found) == 3)


def test_what_is_only_written_if_it_fails_is_judged_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lint_of_the_application(monkeypatch)
    found: list[Finding] = []
    application = InspectMiddleware(twice, out=tmp_path / "trace.jsonl", only="errors", lint=found.append)
    ask_twice(application, "/a")
    until(lambda: found)


def test_layers_of_one_trace_are_one_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lint_of_the_application(monkeypatch)
    found: list[Finding] = []
    out = tmp_path / "trace.jsonl"
    inner = InspectMiddleware(twice, out=out, lint=found.append, name="inner")
    ask_twice(InspectMiddleware(inner, out=out, lint=found.append, only="errors", slow_ms=0), "/a")
    until(lambda: found)
    kinds = [record["record"] for record in objects(out.read_bytes())]
    assert kinds.count("scope") == 2
    assert len({record["conn"] for record in objects(out.read_bytes()) if "conn" in record}) == 1


def test_a_forked_child_judges_its_own() -> None:
    code = (
        CODE
        + """
application = InspectMiddleware(twice, out="-", lint=True)
ask_twice(application, "/a")
if os.fork() == 0:
    ask_twice(application, "/a", "/child")
else:
    os.wait()
"""
    )
    err = output(code)[1].decode()
    assert err.count("  GET /a\n") == 2
    assert err.count("  GET /child\n") == 1
    assert "Traceback" not in err


def test_nothing_is_started_before_a_connection_and_a_copy_opens_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lint_of_the_application(monkeypatch)
    before = threads()
    application = InspectMiddleware(nothing, out=tmp_path / "trace.jsonl", lint=repr)
    assert threads() == before
    import asyncio

    asyncio.run(run(application))
    copied = pickle.loads(pickle.dumps(application))
    assert copied._linter is None
    assert application._linter is not None
    assert application.__dict__.keys() == copied.__dict__.keys()


def test_without_it_no_line_goes_another_way(tmp_path: Path) -> None:
    application = InspectMiddleware(app, out=tmp_path / "trace.jsonl")
    ask(application, "/a")
    assert application._linter is None


def test_lines_go_to_both_and_the_trace_is_known_by_its_own_sink() -> None:
    class Sink:
        def __init__(self) -> None:
            self.told: list[Any] = []

        def add(self, line: bytes, now: int) -> None:
            self.told.append(line)

        def flush(self, now: int) -> None:
            self.told.append("flush")

        def settle(self) -> None:
            self.told.append("settle")

        def before_fork(self) -> None: ...
        def forked(self) -> None: ...
        def at_exit(self) -> None: ...

    one, other = Sink(), Sink()
    linted = Linted(one, other)
    linted.add(b"line", 1)
    linted.flush(2)
    linted.settle()
    assert one.told == other.told == [b"line", "flush", "settle"]
    assert linted.real is one
    assert Linted(linted, other).real is one


def test_in_a_run_the_launcher_decides() -> None:
    launched = {LAUNCH_VARIABLE: json.dumps({"file": "/x"}), "ASGI_INSPECT_LINT": "1"}
    assert Launch("/x").file == "/x"
    assert read_options({}, launched).lint is None
    assert read_options({"lint": True}, launched).lint is None
    assert read_options({"lint": print}, launched).lint is print
    assert read_options({"lint": True}, {}).lint == "warning"
    assert read_options({"lint": "INFO"}, {}).lint == "info"
    assert read_options({"lint": None}, {"ASGI_INSPECT_LINT": "1"}).lint is None


# --- glass ---


@pytest.mark.parametrize("scope", SCOPES, ids=range(len(SCOPES)))
def test_both_sides_see_the_same_whatever_they_do(
    scope: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> Any:
            account.add("scope", scope)
            for message in MESSAGES:
                account.add("got", await receive())
                account.add("sent", await send(message))

        return app

    found: list[Finding] = []
    plain, wrapped, middleware = twice_over(
        application,
        tmp_path / "trace.jsonl",
        scope=scope,
        receives=[("give", message) for message in MESSAGES],
        lint=found.append,
    )
    assert difference(plain, wrapped) == ""
    assert middleware._linter is not None
    middleware._linter.settle()
    assert found or type(scope) is not dict
    assert capfd.readouterr().err == ""


def test_a_linter_that_is_far_behind_gets_no_more_connections(capfd: pytest.CaptureFixture[str]) -> None:
    class Consumer:
        def __call__(self, line: bytes, stopping: Any) -> bool:
            raise AssertionError("nobody wakes it")

        def forked(self) -> None: ...

    sink = QueueSink(Consumer(), "the sink", first_line)
    queue = QueueSink(Consumer(), "the linter", first_line, at_ends=True)
    assert type(with_linter(sink, queue)) is Linted
    queue._size = CEILING
    assert with_linter(sink, queue) is sink
    assert with_linter(sink, queue) is sink
    assert capfd.readouterr().err == (
        "asgi-inspect: the linter cannot keep up with the server: some connections are not judged\n"
    )


def test_the_thread_is_woken_when_a_connection_ends() -> None:
    taken: list[bytes] = []

    class Consumer:
        def __call__(self, line: bytes, stopping: Any) -> bool:
            taken.append(line)
            return True

        def forked(self) -> None: ...

    queue = QueueSink(Consumer(), "the linter", first_line, at_ends=True)
    queue.add(line(1), 0)
    assert queue._thread.idle
    queue.flush(0)
    until(lambda: len(taken) == 2)
    queue.add(line(2, size=2 * 1024 * 1024), 0)  # much: it is taken at once
    until(lambda: len(taken) == 3)
