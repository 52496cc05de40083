"""What servers are given in place of an application, and what the servers' files make of their own words for it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.errors import UsageError
from asgi_inspect.launch import daphne, granian, gunicorn, hypercorn, python
from asgi_inspect.launch.applications import given, loaded, prefixed
from asgi_inspect.launch.import_string import application_in
from asgi_inspect.launch.server import Plan, named_version, server_named, word_of
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.options import LAUNCH_VARIABLE, read_launch, tell


async def app(scope: Any, receive: Any, send: Any) -> None: ...


def create_app() -> Any:
    return app


def wsgi(environ: Any, start_response: Any) -> Any: ...


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv(LAUNCH_VARIABLE, json.dumps({"file": "/trace.jsonl", "server": "some 1.0"}))
        yield


@pytest.mark.usefixtures("launched")
def test_what_is_told_reaches_every_process_started_from_now_on() -> None:
    tell(app="main:app", why="reload")
    launch = read_launch()
    assert launch is not None
    assert (launch.file, launch.server, launch.app, launch.why) == ("/trace.jsonl", "some 1.0", "main:app", "reload")


def test_nothing_is_told_where_nothing_was_launched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LAUNCH_VARIABLE, raising=False)
    tell(app="main:app")
    assert read_launch() is None


@pytest.mark.usefixtures("launched")
def test_an_import_string_is_prefixed_once() -> None:
    assert prefixed("main:app") == "asgi_inspect.on.main:app"
    assert prefixed("asgi_inspect.on.main:app") == "asgi_inspect.on.main:app"
    launch = read_launch()
    assert launch is not None
    assert launch.app == "main:app"


def test_objects_that_scripts_give_are_traced_once() -> None:
    assert given(app).app is app
    traced = InspectMiddleware(app)
    assert given(traced) is traced
    assert given(given(app)).app is app
    assert given(create_app)().app is app
    assert given(wsgi) is wsgi  # the server says what it thinks of it
    assert given(None) is None


@pytest.mark.usefixtures("launched")
def test_what_a_server_has_loaded_is_traced_or_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert loaded(app, "main:app").app is app
    with pytest.raises(SystemExit):
        loaded(wsgi, "main:wsgi")
    assert capsys.readouterr().err.startswith("asgi-inspect: main:wsgi is a WSGI application")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("main:app", "main:app"),
        ("-b unix:/run/s --workers 2 package.main:app", "package.main:app"),
        ("-b 127.0.0.1:8000 src/main.py:app", "src/main.py:app"),
        ("-b localhost:8000 -c python:conf asgi:main:app", "asgi:main:app"),
        ("-e ssl:443:privateKey=key.pem main:create_app()", "main:create_app()"),
        ("-c file:conf.py", None),
        ("-c conf.py", None),
        ("", None),
    ],
)
def test_the_application_on_a_command_line(words: str, found: str | None) -> None:
    assert application_in(words.split()) == found


@pytest.mark.parametrize("server", [hypercorn, granian, daphne, gunicorn])
def test_plans_of_servers_whose_parsers_are_not_asked(server: Any) -> None:
    word = word_of(server)
    assert server_named(word) == server
    assert server.plan(["main:app"]) == Plan(named_version(word), "main:app", None)


def test_a_server_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"daphne is not installed where asgi-inspect is, in .*: pip install daphne"):
        daphne.plan(["main:app"])


def test_hypercorns_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("")
    for path, place, name in [
        ("main", "asgi_inspect.on.main:app", "main:app"),
        ("main:box.app", "asgi_inspect.on.main:box.app", "main:box.app"),
        ("asgi:main:app", "asgi_inspect.on.main:app", "main:app"),
        ("package.main:app", "asgi_inspect.on.package.main:app", "package.main:app"),
        ("src/main.py:app", "src/asgi_inspect.on.main:app", "main:app"),
        ("src/main:create_app()", "src/asgi_inspect.on.main:create_app()", "main:create_app()"),
    ]:
        assert hypercorn.traced_path(path) == (f"asgi:{tmp_path}/{place}", name)
    with pytest.raises(UsageError, match="served as WSGI"):
        hypercorn.traced_path("wsgi:main:app")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("script.py reload", "python script.py"),
        ("-X dev -W error script.py", "python script.py"),
        ("-m fastapi dev main.py", "python -m fastapi"),
        ("-u -m fastapi", "python -m fastapi"),
        ("-c pass", "python -c"),
    ],
)
def test_what_python_is_to_run(words: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.py").write_text("")
    assert python.plan(words.split()) == Plan(named, None, None, script=True)


@pytest.mark.parametrize("words", ["", "-u", "-m", "-c", "-", "nothing.py"])
def test_what_python_cannot_run(words: str) -> None:
    with pytest.raises(UsageError):
        python.plan(words.split())


def test_interpreters_by_all_their_names() -> None:
    for word in ("python", "python3", "python3.13"):
        assert server_named(word) is python
    assert server_named("pythonic") is None


def test_console_scripts_of_python_are_known() -> None:
    assert (python.script_named("uvicorn") or "").endswith("uvicorn")
    for word in ("nothing-of-that-name", "../bin/uvicorn", "", "activate"):
        assert python.script_named(word) is None
