"""`asgi_inspect.on.main:app` in this process, as any server would import it; and refused applications, launched."""

import asyncio
import importlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import asgi_inspect.on  # noqa: F401 - importing it is what makes the prefix work
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ProcessRecord, ScopeRecord

MODULE = """
    import collections
    from asgi_inspect.middleware import InspectMiddleware

    LOADED = []
    LOADED.append(1)

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    class Box:
        def __init__(self):
            self.app = app
            self.made = 0
        @property
        def fresh(self):
            self.made += 1
            return app

    box = Box()
    class Outer:
        inner = staticmethod(app)
        async def __call__(self, scope, receive, send):
            raise AssertionError

    outer = Outer()
    traced = InspectMiddleware(app)

    def create_app():
        return app

    def create_app_of(name):
        return {"known": app}[name]

    class Double:
        def __init__(self, scope):
            self.scope = scope
        async def __call__(self, receive, send):
            await app(self.scope, receive, send)

    class Awaited:
        def __init__(self, scope, receive, send):
            self.call = app(scope, receive, send)
        def __await__(self):
            return self.call.__await__()

    def wsgi(environ, start_response):
        return []

    config = {"debug": True}
    number = 3

    def __getattr__(name):
        if name == "late":
            return app
        raise AttributeError(name)
"""

Load = Callable[[str], Any]


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "trace.jsonl"
    monkeypatch.setenv("ASGI_INSPECT_OUT", str(file))
    return file


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trace: Path) -> Iterator[Load]:
    """Import `asgi_inspect.on.<module>:<attributes>` as uvicorn does."""
    (tmp_path / "prefixed.py").write_text(textwrap.dedent(MODULE))
    package = tmp_path / "prefixed_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inside.py").write_text("from prefixed import app")
    monkeypatch.syspath_prepend(str(tmp_path))

    def load_from_string(target: str) -> Any:
        module, _, attributes = target.partition(":")
        value = importlib.import_module(f"asgi_inspect.on.{module}")
        for name in attributes.split("."):
            value = getattr(value, name)
        return value

    yield load_from_string
    for name in [name for name in sys.modules if "prefixed" in name]:
        del sys.modules[name]


def drive(app: Any) -> list[str]:
    """One call of an application, as a server makes it; the types of what it sent."""
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": "GET",
        "path": "/",
        "headers": [],
        "query_string": b"",
    }
    asyncio.run(app(scope, receive, send))
    return sent


def scopes(trace: Path) -> list[ScopeRecord]:
    return [record for record in read_trace(trace) if isinstance(record, ScopeRecord)]


@pytest.mark.parametrize(
    "target",
    [
        "prefixed:app",
        "prefixed:box.app",
        "prefixed:outer.inner",
        "prefixed:Double",
        "prefixed:Awaited",
        "prefixed:late",
        "prefixed_package.inside:app",
    ],
)
def test_an_application_is_traced(target: str, load: Load, trace: Path) -> None:
    app = load(target)
    assert drive(app) == ["http.response.start", "http.response.body"]
    assert [record.layer for record in scopes(trace)] == [0]


def test_what_a_factory_makes_is_traced(load: Load, trace: Path) -> None:
    drive(load("prefixed:create_app")())
    assert len(scopes(trace)) == 1


def test_a_factory_is_called_with_what_the_server_gives(load: Load, trace: Path) -> None:
    drive(load("prefixed:create_app_of")("known"))
    assert len(scopes(trace)) == 1


@pytest.mark.parametrize(
    "expression", ["app", "box.app", "create_app()", "create_app_of('known')", "Double", "Awaited"]
)
def test_an_expression_evaluated_in_the_module_is_traced(expression: str, load: Load, trace: Path) -> None:
    load("prefixed:app")
    drive(eval(expression, vars(sys.modules["asgi_inspect.on.prefixed"])))  # as hypercorn does
    assert len(scopes(trace)) == 1


def test_nothing_is_wrapped_twice(load: Load, trace: Path) -> None:
    app = load("prefixed:traced")
    drive(app)
    assert [record.layer for record in scopes(trace)] == [0]


def test_what_a_server_looks_for_is_there(load: Load) -> None:
    import inspect

    app: Any = load("prefixed:app")
    assert issubclass(type(app), InspectMiddleware)
    assert inspect.iscoroutinefunction(type(app).__call__)
    with pytest.raises(TypeError, match="missing 3 required positional arguments"):
        app()
    assert app.__name__ == "app"


def test_plain_data_stays_as_it_is(load: Load) -> None:
    module = importlib.import_module("prefixed")
    assert load("prefixed:config") is module.config
    assert load("prefixed:number") == 3


def test_the_module_is_imported_once_and_when_it_is_asked_for(load: Load) -> None:
    assert "prefixed" not in sys.modules
    load("prefixed:app")
    assert sys.modules["prefixed"].LOADED == [1]


def test_a_missing_attribute_is_missing(load: Load) -> None:
    with pytest.raises(AttributeError, match="nothing"):
        load("prefixed:nothing")
    with pytest.raises(AttributeError, match="__path_of_nobody__"):
        load("prefixed:__path_of_nobody__")


def test_a_missing_module_is_missing_under_the_name_that_was_asked_for(load: Load) -> None:
    with pytest.raises(ModuleNotFoundError) as missing:
        load("prefixed_nowhere:app")
    assert missing.value.name == "asgi_inspect.on.prefixed_nowhere"


def test_a_module_that_fails_fails_as_it_does(load: Load, tmp_path: Path) -> None:
    (tmp_path / "prefixed_broken.py").write_text("import module_of_nobody")
    with pytest.raises(ModuleNotFoundError) as missing:
        load("prefixed_broken:app")
    assert missing.value.name == "module_of_nobody"
    (tmp_path / "prefixed_raising.py").write_text("1 / 0")
    with pytest.raises(ZeroDivisionError):
        load("prefixed_raising:app")


# --- launched: the variable names the application, and what cannot be served is refused in one sentence ---

LOAD = """
import asgi_inspect.on, importlib, sys
module, _, attributes = sys.argv[1].partition(":")
value = importlib.import_module("asgi_inspect.on." + module)
for name in attributes.split("."):
    value = getattr(value, name)
if len(sys.argv) > 2:
    value = value()
print(type(value).__name__)
"""


def launched(
    target: str, tmp_path: Path, *call: str, server: str | None = "uvicorn 1.0"
) -> "subprocess.CompletedProcess[str]":
    variable = json.dumps({"file": str(tmp_path / "trace.jsonl"), "body_limit": 65536, "app": target, "server": server})
    return subprocess.run(
        [sys.executable, "-c", LOAD, target, *call],
        cwd=tmp_path,
        env={**_environment(), "ASGI_INSPECT_LAUNCH": variable},
        capture_output=True,
        text=True,
        check=False,
    )


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)}


REFUSED = [
    ("nowhere:app", 'there is no module "nowhere" in {folder}; --app-dir DIR looks in another folder.'),
    ("mian:app", 'there is no module "mian" in {folder}; did you mean main:app?'),
    ("deep:app", 'there is no module "deep" in {folder}; there is one in src: add --app-dir src.'),
    ("deeper:app", 'there is no module "deeper" in {folder}; did you mean package.deeper:app?'),
    ("package.nothing:app", 'there is no module "package.nothing" in {folder}; --app-dir DIR looks in another folder.'),
    ("main:ap", 'there is no "ap" in main; did you mean main:app?'),
    ("main:zzz", 'there is no "zzz" in main; in main this looks like one: main:app, main:create_app.'),
    ("main:box.zzz", 'there is no "zzz" in main:box; in main this looks like one: main:app, main:create_app.'),
    ("main:box.ap", 'there is no "ap" in main:box; did you mean main:box.app?'),
    ("empty:zzz", 'there is no "zzz" in empty; nothing in empty looks like an ASGI application.'),
    ("main:wsgi", "main:wsgi is a WSGI application, which asgi-inspect cannot show; put an adapter round it"),
    ("main:config", "main:config is an object of type dict, not an ASGI application"),
    ("main:Three", "main:Three is the class Three, not an ASGI application"),
    ("main:coroutine", "main:coroutine is the function coroutine(), not an ASGI application"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(
        textwrap.dedent(
            """
            async def app(scope, receive, send): ...
            async def coroutine(): ...
            def create_app(): return app
            def create_wsgi(): return wsgi
            def create_nothing(): return None
            def helper(): ...
            def wsgi(environ, start_response): ...
            class Three:
                def __init__(self, a, b, c): ...
            class Box:
                made = 0
                app = staticmethod(app)
                @property
                def fresh(self):
                    Box.made += 1
                    assert Box.made == 1, "evaluated twice"
                    return app
            box = Box()
            config = {}
            """
        )
    )
    (tmp_path / "empty.py").write_text("")
    for file in ("src/deep.py", "package/deeper.py", "package/__init__.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("app = None")
    return tmp_path


@pytest.mark.parametrize(("target", "sentence"), REFUSED)
def test_what_cannot_be_served_is_refused_in_one_sentence(target: str, sentence: str, project: Path) -> None:
    result = launched(target, project)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("asgi-inspect: " + sentence.format(folder=project))
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("server", "hint"), [("hypercorn 1.0", "; did you mean src/deep:app?"), (None, "; there is one in src.")]
)
def test_the_hint_is_one_that_the_server_understands(server: str | None, hint: str, project: Path) -> None:
    assert launched("deep:app", project, server=server).stderr.endswith(f"{hint}\n")


CALLED = """
import json, os
os.environ["ASGI_INSPECT_LAUNCH"] = json.dumps({"file": "trace.jsonl", "factories": %r})
from asgi_inspect.on._target import application
import main
print(type(application(main.create_app, "main:create_app")).__name__)
"""


@pytest.mark.parametrize(
    ("factories", "said"),
    [
        ("called", "Factory"),
        ("option", "itself; if it makes one, add --factory."),
        ("parentheses", "itself; if it makes one, write main:create_app()."),
        ("no", "itself; this server calls no factory: make the application in the module."),
    ],
)
def test_a_factory_is_for_servers_that_call_it(factories: str, said: str, project: Path) -> None:
    command = [sys.executable, "-c", CALLED % factories]
    result = subprocess.run(command, cwd=project, env=_environment(), capture_output=True, text=True, check=False)
    assert (result.stdout or result.stderr).endswith(f"{said}\n")


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("main:create_wsgi", "what main:create_wsgi() made is a WSGI application"),
        ("main:create_nothing", "what main:create_nothing() made is an object of type NoneType"),
    ],
)
def test_what_a_factory_makes_is_refused_likewise(target: str, sentence: str, project: Path) -> None:
    result = launched(target, project, "call")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("asgi-inspect: " + sentence)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("target", "call"),
    [("main:app", []), ("main:box.app", []), ("main:box.fresh", []), ("main:create_app", ["call"])],
)
def test_what_can_be_served_is_traced_and_looked_up_once(target: str, call: list[str], project: Path) -> None:
    result = launched(target, project, *call)
    assert (result.returncode, result.stdout, result.stderr) == (0, "Traced\n", "")


def test_what_the_module_of_the_user_raises_comes_through(project: Path) -> None:
    (project / "broken.py").write_text("import module_of_nobody")
    result = launched("broken:app", project)
    assert result.returncode == 1
    assert result.stderr.endswith("ModuleNotFoundError: No module named 'module_of_nobody'\n")


def test_a_worker_is_refused_with_the_status_that_stops_its_supervisor(project: Path) -> None:
    script = textwrap.dedent(
        """
        import multiprocessing, os
        from asgi_inspect.options import tell

        def work():
            import asgi_inspect.on, importlib
            importlib.import_module("asgi_inspect.on.main")

        if __name__ == "__main__":
            tell(pid=os.getpid())
            worker = multiprocessing.get_context("spawn").Process(target=work)
            worker.start()
            worker.join()
            print(worker.exitcode)
        """
    )
    (project / "supervisor.py").write_text(script)
    variable = json.dumps({"file": str(project / "trace.jsonl"), "body_limit": 1, "app": "main:zzz", "server": "none"})
    result = subprocess.run(
        [sys.executable, "supervisor.py"],
        cwd=project,
        env={**_environment(), "ASGI_INSPECT_LAUNCH": variable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == "3\n"
    assert result.stderr.count("asgi-inspect: ") == 1


def test_the_process_record_names_the_application_of_the_user(load: Load, trace: Path) -> None:
    drive(load("prefixed:app"))
    process = next(record for record in read_trace(trace) if isinstance(record, ProcessRecord))
    assert process.app == "prefixed.app"
