"""Correct traffic of ten frameworks, each under two servers: no finding at error level, but those that are true.

Each application is written as its framework's own pages have it, and each server is a process of its own. What is found there
is a bug of a published project, and stands below with its reason; all else at this level would be a false alarm of ours.
"""

import re
import signal
import socket
import sys
from pathlib import Path

import pytest

from asgi_inspect.lint.choice import Choice
from asgi_inspect.lint.finding import Finding
from asgi_inspect.lint.linter import Linter
from asgi_inspect.trace.read import read_trace
from asgi_inspect.trace.records import ScopeRecord
from tests.lint.frameworks.visiting import VISITS, Visitor
from tests.servers.starting import LISTENS, reserved, until
from tests.serving import ROOT, Process, running

SERVERS = {
    "uvicorn": "uvicorn {app} --port 0 --http httptools --ws websockets-sansio",
    "uvicorn-h11": "uvicorn {app} --port 0 --http h11 --ws wsproto",
    "hypercorn": "hypercorn {app} --bind 127.0.0.1:0",
    "hypercorn-trio": "hypercorn {app} --bind 127.0.0.1:0 -k trio",
    "granian": "granian {app} --interface asgi --port {port}",
    "daphne": "daphne {app} --port 0 -v 1",
    "gunicorn": "gunicorn {app} --bind 127.0.0.1:0 -k asgi --no-control-socket",
}
PAIRS = [
    ("starlette", "hypercorn-trio"),
    ("starlette", "daphne"),
    ("fastapi", "uvicorn-h11"),
    ("fastapi", "granian"),
    ("django", "uvicorn"),
    ("django", "daphne"),
    ("litestar", "hypercorn"),
    ("litestar", "granian"),
    ("quart", "hypercorn"),
    ("quart", "gunicorn"),
    ("falcon", "uvicorn"),
    ("falcon", "granian"),
    ("blacksheep", "uvicorn-h11"),
    ("blacksheep", "hypercorn"),
    ("sse_starlette", "uvicorn"),
    ("sse_starlette", "gunicorn"),
    ("socketio", "uvicorn"),
    ("socketio", "daphne"),
    ("mcp", "uvicorn-h11"),
    ("mcp", "hypercorn-trio"),
]
"""Each framework twice, each server at least twice. The MCP SDK needs a lifespan, which daphne has not."""


_PORTS = {"A339": "the port of the client is a str", "A343": "the port of the server is a str"}
_NO_CODE = {"W409": "a close frame without a code is told as code None, where 1005 belongs"}
_TWO_LENGTHS = {"H219": "the answer to HEAD for a static file has its size as content-length, and a second one of 0"}
KNOWN = {
    ("starlette", "daphne"): _NO_CODE,
    ("fastapi", "granian"): _PORTS,
    ("litestar", "granian"): _PORTS,
    ("falcon", "granian"): _PORTS,
    ("blacksheep", "uvicorn-h11"): _TWO_LENGTHS,
    ("blacksheep", "hypercorn"): _TWO_LENGTHS,
}
"""What is found at error level, each time, and true: a bug of the server in granian and daphne, of the framework in BlackSheep."""
ODD = {
    ("blacksheep", "uvicorn-h11"): r"HEAD /static/filters\.md: ",
    ("blacksheep", "hypercorn"): r"HEAD /static/filters\.md: ",
    (
        "falcon",
        "granian",
    ): r"GET /stream HTTP/1\.0: b'HTTP/1\.0 500 ",  # Falcon refuses the "1" that granian has for 1.0
}
"""What the client cannot get there, for such a bug."""


@pytest.mark.parametrize(("framework", "server"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_correct_traffic_breaks_no_rule(framework: str, server: str, tmp_path: Path) -> None:
    trace, odd = visited(framework, server, tmp_path)
    assert [what for what in odd if not re.match(ODD.get((framework, server), "$"), what)] == []
    connections, found = linted(trace)
    assert connections > 20, "it was hardly asked anything"
    assert {finding.code for finding in found} == set(KNOWN.get((framework, server), ())), told(found)


def visited(framework: str, server: str, folder: Path) -> tuple[Path, list[str]]:
    """Serve it, ask all it has, and stop it in good order; returns its trace, and what the client did not expect."""
    trace = folder / "trace.jsonl"
    app = f"asgi_inspect.on.tests.lint.frameworks.apps.{framework}_app:app"
    surroundings = {"ASGI_INSPECT_OUT": str(trace), "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    with reserved() as port:  # granian alone uses it, as it does not say which one it got
        command, *options = SERVERS[server].format(app=app, port=port).split()
        argv = [str(Path(sys.executable).with_name(command)), *options]
        with running(argv, env=surroundings) as process:
            visitor = Visitor(listening(process))
            VISITS[framework](visitor)
            visitor.http.close()
            process.stop(signal.SIGTERM)
    return trace, visitor.odd


def listening(process: Process) -> int:
    """The port, once somebody answers there: a supervisor says that it listens before its workers do."""
    port = int(process.wait_for(LISTENS)[1])

    def answers() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    until(answers, "a server that listens")
    return port


def linted(trace: Path) -> tuple[int, list[Finding]]:
    """How many connections there were, and what is wrong with them."""
    linter, connections = Linter(Choice.read(level="error")), 0
    for record in read_trace(trace):
        linter.feed(record)
        connections += isinstance(record, ScopeRecord)
    linter.finish()
    return connections, linter.findings


def told(findings: list[Finding]) -> str:
    return "\n".join(f"{finding.code} {finding.where}: {finding.sentence} {finding.records}" for finding in findings)
