"""`examples/starlette_websocket.py` under asgi-inspect: text, binary, both ways of closing, and both ways of refusing."""

from dataclasses import dataclass, field

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.serving import inspect_command, running
from tests.tracing import Traced, only, traced

SAID: list[str | bytes] = ["hello", b"\x00\xff\xfe", "", "玉露 🍵", b"", b"plain"]


@dataclass
class Run:
    got: list[str | bytes] = field(default_factory=list)
    subprotocol: str | None = None
    server_close: tuple[int, str] | None = None
    denial: tuple[int, bytes] | None = None
    refusal: int | None = None
    trace: list[Traced] = field(default_factory=list)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    file = tmp_path_factory.mktemp("starlette") / "trace.jsonl"
    run = Run()
    with running(inspect_command("examples.starlette_websocket:app", "--quiet", "-o", str(file))) as server:
        converse(run, f"ws://127.0.0.1:{server.port}")
        server.stop()
    run.trace = traced(file)
    return run


def converse(run: Run, url: str) -> None:
    """All that clients do in this test."""
    with connect(f"{url}/echo?closed-by=client", subprotocols=[Subprotocol("tea")]) as websocket:
        run.subprotocol = websocket.subprotocol
        for data in SAID:
            websocket.send(data)
            run.got.append(websocket.recv())
        websocket.close(code=4001, reason="enough 茶")
    with connect(f"{url}/echo?closed-by=server") as websocket:
        websocket.send("bye")
        with pytest.raises(ConnectionClosedError) as closed:
            websocket.recv()
        assert closed.value.rcvd is not None
        run.server_close = closed.value.rcvd.code, closed.value.rcvd.reason
    with pytest.raises(InvalidStatus) as denied, connect(f"{url}/private"):
        pass
    run.denial = denied.value.response.status_code, bytes(denied.value.response.body or b"")
    with pytest.raises(InvalidStatus) as refused, connect(f"{url}/closed"):
        pass
    run.refusal = refused.value.response.status_code


def payloads(messages: list[dict[str, object]], kind: str) -> list[object]:
    """The text or the bytes of each message of this type."""
    return [
        message["text"] if message.get("text") is not None else message["bytes"]
        for message in messages
        if message["type"] == kind
    ]


def test_text_and_bytes_go_both_ways_and_the_client_closes(run: Run) -> None:
    connection = only(run.trace, query_string=b"closed-by=client")
    assert connection.types == (
        ["websocket.connect", *["websocket.receive"] * len(SAID), "websocket.disconnect"],
        ["websocket.accept", *["websocket.send"] * len(SAID)],
    )
    assert run.got == SAID
    assert payloads(connection.received, "websocket.receive") == SAID
    assert payloads(connection.sent, "websocket.send") == run.got
    assert (connection.received[-1]["code"], connection.received[-1]["reason"]) == (4001, "enough 茶")
    assert list(connection.scope["subprotocols"]) == ["tea"]
    assert connection.sent[0]["subprotocol"] == run.subprotocol == "tea"


def test_the_server_closes_with_a_code_and_a_reason(run: Run) -> None:
    connection = only(run.trace, query_string=b"closed-by=server")
    assert connection.types == (
        ["websocket.connect", "websocket.receive"],
        ["websocket.accept", "websocket.close"],
    )
    assert (connection.sent[-1]["code"], connection.sent[-1]["reason"]) == (4000, "as you wish") == run.server_close


def test_a_denial_is_the_response_that_the_client_got(run: Run) -> None:
    connection = only(run.trace, path="/private")
    assert connection.types[1] == ["websocket.http.response.start", "websocket.http.response.body"]
    assert (connection.sent[0]["status"], connection.sent[1]["body"]) == run.denial
    assert run.denial == (401, b'{"detail":"members only"}')


def test_a_close_before_the_accept_is_a_bare_403_for_the_client(run: Run) -> None:
    connection = only(run.trace, path="/closed")
    assert connection.types[1] == ["websocket.close"]
    assert connection.sent[0]["code"] == 4401
    assert run.refusal == 403


def test_every_connection_returned(run: Run) -> None:
    assert [connection.end.outcome for connection in run.trace if connection.end] == ["returned"] * 5
