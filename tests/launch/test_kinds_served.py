"""Applications of every kind under every server: each is traced once, whatever it carries already."""

import re
import sys
from pathlib import Path

import pytest

from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ScopeRecord
from tests.launch.conftest import free_port
from tests.launch.test_launch import get
from tests.serving import running

KINDS = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from asgi_inspect import InspectMiddleware
from main import app

carrying = InspectMiddleware(app)
with_a_file = InspectMiddleware(app, out="own.jsonl")


async def home(request):
    return PlainTextResponse("home")


inside = Starlette(routes=[Route("/{word}", home)])
inside.add_middleware(InspectMiddleware)


class Twice:
    def __init__(self, scope):
        self.scope = scope

    async def __call__(self, receive, send):
        await app(self.scope, receive, send)


class Awaited:
    def __init__(self, scope, receive, send):
        self.call = app(scope, receive, send)

    def __await__(self):
        return self.call.__await__()


class box:
    app = staticmethod(app)
"""

SERVERS = {
    "uvicorn": "uvicorn {} --port {}",
    "hypercorn": "hypercorn {} -b 127.0.0.1:{}",
    "granian": "granian {} --port {}",
    "daphne": "daphne {} -p {}",
    "gunicorn": "gunicorn -k asgi {} -b 127.0.0.1:{}",
    "gunicorn-uvicorn": "gunicorn -k uvicorn_worker.UvicornWorker {} -b 127.0.0.1:{}",
}


REFUSED = {
    "gunicorn --daemon -k asgi main:app": "gunicorn --daemon goes into the background",
    "gunicorn main:app": "gunicorn's worker class sync serves WSGI",
    "gunicorn -k asgi -b 127.0.0.1:0 kinds:wsgi": "kinds:wsgi is a WSGI application",
    "granian --interface rsgi main:app": "granian is to serve RSGI here",
    "granian --port 0 kinds:wsgi": "kinds:wsgi is a WSGI application",
    "hypercorn wsgi:kinds:wsgi": "wsgi:kinds:wsgi is served as WSGI",
    "hypercorn -b 127.0.0.1:0 kinds:wsgi": "kinds:wsgi is a WSGI application",
    "daphne kinds:wsgi": "kinds:wsgi is a WSGI application",
    "-m daphne kinds:wsgi": "kinds:wsgi is a WSGI application",
}
SAID = {
    "hypercorn kinds:Twice -b 127.0.0.1:0": "kinds:Twice is an application of ASGI 2",
    "granian main:app --port 0": "granian's own default is RSGI: it is started with --interface asgi.",
    "-m granian main:app --port 0": "granian's own default is RSGI: it is started with --interface asgi.",
}


@pytest.mark.parametrize(("words", "sentence"), [*REFUSED.items(), *SAID.items()])
def test_what_is_not_served_as_it_is_is_said(words: str, sentence: str, project: Path, environ: dict[str, str]) -> None:
    (project / "kinds.py").write_text(f"{KINDS}\ndef wsgi(environ, start_response): ...\n")
    command = [sys.executable, "-m", "asgi_inspect", "--no-save", *words.split()]
    with running(command, env={**environ, "HOME": str(project)}, cwd=project) as process:
        process.wait_for(f"^asgi-inspect: {re.escape(sentence)}")
        if words in SAID:
            # granian may lose what ends it while its worker still loads
            process.wait_for(r"Started worker-1|unning on http")
            process.stop()
        else:
            process.wait()
    assert "Traceback" not in process.stderr


def layers(trace: Path, path: str) -> list[tuple[str, int]]:
    """The calls for one path: the connection of each, and its layer."""
    found = [record for record in read_trace(trace) if isinstance(record, ScopeRecord)]
    return [(record.conn, record.layer) for record in found if record.scope.get("path") == path]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("app", "expected"),
    [
        ("carrying", [0]),
        ("with_a_file", [0, 1]),
        ("inside", [0, 1]),
        ("Twice", [0]),
        ("Awaited", [0]),
        ("box.app", [0]),
    ],
)
def test_an_application_is_traced_once(
    app: str, expected: list[int], server: str, project: Path, environ: dict[str, str]
) -> None:
    if app == "box.app" and server.startswith("gunicorn"):
        expected = []  # takes a name or a call, and nothing else
    (project / "kinds.py").write_text(KINDS)
    port = free_port()
    words = SERVERS[server].format(f"kinds:{app}", port).split()
    with running(
        [sys.executable, "-m", "asgi_inspect", "-o", "../trace.jsonl", *words], env=environ, cwd=project
    ) as process:
        if not expected:
            assert process.wait() != 0
            return
        get(port, "/once")
        process.stop()
    found = layers(project.parent / "trace.jsonl", "/once")
    assert [layer for _, layer in found] == expected
    assert len({conn for conn, _ in found}) == 1
    own = project / "own.jsonl"
    assert own.exists() == (app == "with_a_file")
    if own.exists():
        assert [layer for _, layer in layers(own, "/once")] == [0]
