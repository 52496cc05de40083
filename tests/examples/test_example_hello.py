"""`examples/hello.py` under asgi-inspect: what the client sent and got is what the trace holds."""

from dataclasses import dataclass

import pytest

from tests.clients import Answer, Headers, Wire
from tests.serving import inspect_command, running
from tests.tracing import Traced, assert_answered, assert_asked, only, traced

HEADERS: Headers = [(b"accept", b"*/*"), (b"x-name", "玉露".encode())]


@dataclass
class Run:
    wire: Wire
    first: Answer
    second: Answer
    status: int
    trace: list[Traced]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    file = tmp_path_factory.mktemp("hello") / "trace.jsonl"
    with (
        running(inspect_command("examples.hello:app", "--quiet", "-o", str(file))) as server,
        Wire(server.port) as wire,
    ):
        first = wire.ask("GET", "/first?a=1&b=%20", HEADERS)
        second = wire.ask("POST", "/second", HEADERS, b'{"more": true}')
        status = server.stop()
    return Run(wire, first, second, status, traced(file))


def test_two_requests_on_one_connection_of_the_client_are_two_connections_in_the_trace(run: Run) -> None:
    """Keep-alive: both come from the same port."""
    assert [connection.scope["type"] for connection in run.trace] == ["lifespan", "http", "http"]
    first, second = only(run.trace, path="/first"), only(run.trace, path="/second")
    assert first.scope["client"] == second.scope["client"]
    assert_asked(first, run.wire, "GET", "/first?a=1&b=%20", HEADERS)
    assert_answered(first, run.first)
    assert second.headers == [*HEADERS, (b"content-length", b"14")]
    assert second.received == []  # hello never asks for a body, and nobody asks on its behalf
    assert_answered(second, run.second)


def test_the_answer_is_what_the_docstring_promises(run: Run) -> None:
    assert run.first.body == run.second.body == b'{"message": "hello, ASGI!"}'
    assert run.first.header(b"content-type") == b"application/json"


def test_the_lifespan_is_traced_from_startup_to_shutdown(run: Run) -> None:
    lifespan = only(run.trace, type="lifespan")
    assert lifespan.types == (
        ["lifespan.startup", "lifespan.shutdown"],
        ["lifespan.startup.complete", "lifespan.shutdown.complete"],
    )


def test_every_connection_ends_and_the_server_ends_as_it_does_without_us(run: Run) -> None:
    assert [connection.end.outcome for connection in run.trace if connection.end] == ["returned"] * 3
    assert run.status == -15  # uvicorn raises the SIGTERM again, once it has shut down
