"""`examples/fastapi_app.py` under asgi-inspect: every way of HTTP, and what the trace holds of it."""

import hashlib
from dataclasses import dataclass, field

import httpx
import pytest
from websockets.sync.client import connect

from tests.clients import PATIENCE, Answer, Headers, Wire
from tests.serving import inspect_command, running
from tests.tracing import Traced, assert_answered, assert_asked, bodies, only, traced

JSON: Headers = [(b"content-type", b"application/json")]
ORDER = '{"tea": "玉露", "grams": 50}'.encode()
CHUNKS = [bytes([number]) * 4000 for number in range(10)]


@dataclass
class Run:
    """What the clients saw, by the path that they asked for."""

    wires: dict[str, Wire] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    trace: list[Traced] = field(default_factory=list)
    posted: httpx.Response | None = None
    uploaded: httpx.Response | None = None
    said: list[str | bytes] = field(default_factory=list)

    def ask(self, port: int, method: str, target: str, headers: Headers, body: bytes = b"") -> None:
        with Wire(port) as wire:
            self.wires[target], self.answers[target] = wire, wire.ask(method, target, headers, body)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    file = tmp_path_factory.mktemp("fastapi") / "trace.jsonl"
    run = Run()
    with running(inspect_command("examples.fastapi_app:app", "--quiet", "--no-redact", "-o", str(file))) as server:
        converse(run, server.port)
        server.stop()
    run.trace = traced(file)
    return run


def converse(run: Run, port: int) -> None:
    """All that clients do in this test."""
    for target in ("/teas/sencha?grams=50", "/teas/lapsang", "/brewing", "/temperature", "/last-tin"):
        run.ask(port, "GET", target, [(b"accept", b"*/*")])
    run.ask(port, "POST", "/orders", JSON, ORDER)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE) as client:
        form = client.build_request("POST", "/login", data={"name": "Ada", "password": "žluť"})
        file = ("leaf.png", b"\x89PNG\r\n\x1a\n\x00\xff", "image/png")
        photo = client.build_request("POST", "/photos", files={"photo": file})
        photo.read()  # httpx would make the multipart body while it sends it, and forget it
        run.posted, run.uploaded = client.send(form), client.send(photo)
    upload(run, port)
    leave(run, port)
    with connect(f"ws://127.0.0.1:{port}/counter", compression=None) as websocket:
        for text in ("one sencha", "再来一杯"):
            websocket.send(text)
            run.said.append(websocket.recv())


def upload(run: Run, port: int) -> None:
    """Send a body in chunks, without saying how long it will be."""
    with Wire(port) as wire:
        wire.begin("PUT", "/inventory", [(b"transfer-encoding", b"chunked")])
        for chunk in CHUNKS:
            wire.send(chunk)
        run.wires["/inventory"], run.answers["/inventory"] = wire, wire.finish()


def leave(run: Run, port: int) -> None:
    """Go away twice: before an answer has begun, and in the middle of one."""
    with Wire(port) as wire:
        # The server says "continue" when the application has asked for the body: then it waits for us, and we go.
        wire.begin("GET", "/ceremony", [(b"expect", b"100-continue"), (b"content-length", b"2")])
        assert wire.informational() == 100
        wire.send(b"hi")
        wire.abort()
    with Wire(port) as wire:
        wire.begin("GET", "/temperature?events=100000")
        run.answers["/temperature?events=100000"] = answer = wire.head()
        answer.chunks = [wire.chunk() or b"", wire.chunk() or b""]
        wire.abort()


def at(run: Run, target: str) -> Traced:
    path, _, query = target.partition("?")
    return only(run.trace, path=path, query_string=query.encode())


@pytest.mark.parametrize("target", ["/teas/sencha?grams=50", "/teas/lapsang", "/brewing", "/temperature"])
def test_a_get_is_traced_as_it_was_asked_and_answered(run: Run, target: str) -> None:
    assert_asked(at(run, target), run.wires[target], "GET", target, [(b"accept", b"*/*")])
    assert_answered(at(run, target), run.answers[target])


def test_the_answers_are_those_of_the_example(run: Run) -> None:
    assert run.answers["/teas/sencha?grams=50"].body == b'{"tea":"sencha","price":3.25}'
    assert run.answers["/teas/lapsang"].status == 404
    assert len(run.answers["/brewing"].chunks) == 4
    assert len(run.answers["/temperature"].chunks) == 3


def test_a_json_body_goes_in_and_the_background_task_ends_after_the_answer(run: Run) -> None:
    connection = at(run, "/orders")
    headers = [*JSON, (b"content-length", str(len(ORDER)).encode())]
    assert_asked(connection, run.wires["/orders"], "POST", "/orders", headers, ORDER)
    assert_answered(connection, run.answers["/orders"])
    assert run.answers["/orders"].status == 201
    assert connection.end is not None
    assert connection.end.t_us >= 50_000  # what the task takes


def test_a_form_and_an_upload_arrive_byte_for_byte(run: Run) -> None:
    for path, response in (("/login", run.posted), ("/photos", run.uploaded)):
        assert response is not None
        connection = at(run, path)
        assert b"".join(bodies(connection.received)) == response.request.content
        assert b"".join(bodies(connection.sent)) == response.content
        assert connection.sent[0]["status"] == response.status_code == 200
        wanted = {name.lower(): value for name, value in response.request.headers.raw}
        assert dict(connection.scope["headers"]) == wanted


def test_a_chunked_upload_comes_in_several_messages_that_join_to_what_was_sent(run: Run) -> None:
    connection = at(run, "/inventory")
    assert_asked(
        connection,
        run.wires["/inventory"],
        "PUT",
        "/inventory",
        [(b"transfer-encoding", b"chunked")],
        b"".join(CHUNKS),
    )
    assert_answered(connection, run.answers["/inventory"])
    digest = hashlib.sha256(b"".join(CHUNKS)).hexdigest()
    assert run.answers["/inventory"].body == f'{{"size":40000,"sha256":"{digest}"}}'.encode()


def test_an_exception_is_traced_with_its_cause_behind_the_500_that_the_client_got(run: Run) -> None:
    connection = at(run, "/last-tin")
    assert_answered(connection, run.answers["/last-tin"])
    assert run.answers["/last-tin"].status == 500
    end = connection.end
    assert end is not None
    assert end.outcome == "raised"
    assert end.error is not None
    assert (end.error.type, end.error.message) == ("examples.fastapi_app.OutOfTeaError", "the last tin is gone")
    assert end.error.cause is not None
    assert end.error.cause.type.endswith("KeyError")
    assert end.error.frames[-1].function == "last_tin"


def test_a_client_that_leaves_before_the_answer_is_a_disconnect_that_the_application_received(run: Run) -> None:
    connection = at(run, "/ceremony")
    received, _ = connection.types
    assert received == ["http.request", "http.disconnect"]
    assert bodies(connection.received) == [b"hi"]
    assert connection.end is not None
    assert connection.end.outcome == "returned"


def test_a_client_that_leaves_a_stream_got_the_first_of_the_chunks_that_were_sent(run: Run) -> None:
    connection = at(run, "/temperature?events=100000")
    received, sent = connection.types
    assert received == ["http.request", "http.disconnect"]
    assert sent[0] == "http.response.start"
    assert bodies(connection.sent)[:2] == run.answers["/temperature?events=100000"].chunks
    assert all(message.get("more_body") for message in connection.sent[1:])


def test_a_websocket_conversation_that_the_client_closes(run: Run) -> None:
    connection = only(run.trace, type="websocket")
    assert connection.types[0] == ["websocket.connect", *["websocket.receive"] * 2, "websocket.disconnect"]
    assert connection.types[1] == ["websocket.accept", *["websocket.send"] * 2]
    assert [message["text"] for message in connection.received[1:3]] == ["one sencha", "再来一杯"]
    assert [message["text"] for message in connection.sent[1:]] == run.said
    assert connection.received[-1]["code"] == 1000


def test_what_the_lifespan_yields_is_in_the_state_of_each_scope(run: Run) -> None:
    lifespan = only(run.trace, type="lifespan")
    assert lifespan.types == (
        ["lifespan.startup", "lifespan.shutdown"],
        ["lifespan.startup.complete", "lifespan.shutdown.complete"],
    )
    assert at(run, "/brewing").scope["state"]["shop"] == "open"


def test_the_trace_holds_these_connections_and_no_other(run: Run) -> None:
    kinds: dict[str, int] = {}
    for connection in run.trace:
        kinds[connection.scope["type"]] = kinds.get(connection.scope["type"], 0) + 1
    assert kinds == {"lifespan": 1, "http": 11, "websocket": 1}
