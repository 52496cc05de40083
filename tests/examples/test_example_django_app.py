"""`examples/django_app.py` under asgi-inspect: a framework that keeps its scope to itself and does not speak lifespan."""

from dataclasses import dataclass

import pytest

from tests.clients import Answer, Headers, Wire
from tests.serving import inspect_command, running
from tests.tracing import Traced, assert_answered, assert_asked, only, traced

JSON: Headers = [(b"content-type", b"application/json")]
ASKED: dict[str, tuple[str, Headers, bytes]] = {
    "/": ("GET", [], b""),
    "/greet": ("POST", JSON, '{"name": "Ada 玉露"}'.encode()),
    "/count": ("GET", [], b""),
    "/nowhere": ("GET", [], b""),
}


@dataclass
class Run:
    wire: Wire
    answers: dict[str, Answer]
    trace: list[Traced]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    file = tmp_path_factory.mktemp("django") / "trace.jsonl"
    command = inspect_command("examples.django_app:app", "--quiet", "-o", str(file))
    with running(command) as server, Wire(server.port) as wire:
        answers = {path: wire.ask(method, path, headers, body) for path, (method, headers, body) in ASKED.items()}
        server.stop()
    return Run(wire, answers, traced(file))


@pytest.mark.parametrize("path", ASKED)
def test_each_request_is_traced_as_it_was_asked_and_answered(run: Run, path: str) -> None:
    method, headers, body = ASKED[path]
    length: Headers = [(b"content-length", str(len(body)).encode())] if body else []
    connection = only(run.trace, path=path)
    assert_asked(connection, run.wire, method, path, [*headers, *length], body)
    assert_answered(connection, run.answers[path])


def test_the_answers_are_those_of_the_example(run: Run) -> None:
    assert run.answers["/"].body == b'{"message": "hello, ASGI!", "path": "/"}'
    assert run.answers["/greet"].body == b'{"message": "hello, Ada \\u7389\\u9732!"}'
    assert run.answers["/count"].chunks == [b"0\n", b"1\n", b"2\n"]
    assert run.answers["/nowhere"].status == 404


def test_django_raises_on_the_lifespan_and_the_server_goes_on(run: Run) -> None:
    lifespan = only(run.trace, type="lifespan")
    assert lifespan.types == ([], [])
    assert lifespan.end is not None
    assert lifespan.end.outcome == "raised"
    assert lifespan.end.error is not None
    assert lifespan.end.error.type.endswith("ValueError")
