"""Message by message over real sockets: each piece that a client sends on its own is a message of its own in the trace."""

from pathlib import Path

import pytest

from tests.clients import Answer, Headers, Wire
from tests.serving import inspect_command, running
from tests.tracing import Traced, assert_answered, assert_asked, only, traced

CHUNKED: Headers = [(b"transfer-encoding", b"chunked")]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wire") / "trace.jsonl"


@pytest.fixture(scope="module")
def wires(file: Path) -> dict[str, tuple[Wire, Answer]]:
    """Three uploads to an application that answers each chunk as it comes, two of them at the same time."""
    command = inspect_command("tests.apps.duplex:app", "--quiet", "-o", str(file))
    with running(command) as server:
        with Wire(server.port) as left, Wire(server.port) as right:
            answers = _open(left, "/left"), _open(right, "/right")
            for chunk in (b"two", b"three"):
                for wire, answer in zip((left, right), answers, strict=True):
                    wire.send(chunk)
                    answer.chunks.append(wire.chunk() or b"")
            for wire in (left, right):
                wire.end()
                assert wire.chunk() is None
        with Wire(server.port) as gone:
            broken = _open(gone, "/gone")
            gone.abort()
        server.stop()
    return {"/left": (left, answers[0]), "/right": (right, answers[1]), "/gone": (gone, broken)}


def _open(wire: Wire, path: str) -> Answer:
    wire.begin("POST", path, CHUNKED)
    wire.send(b"one")
    answer = wire.head()
    answer.chunks.append(wire.chunk() or b"")
    return answer


@pytest.fixture(scope="module")
def trace(file: Path, wires: object) -> list[Traced]:
    return traced(file)


@pytest.mark.parametrize("path", ["/left", "/right"])
def test_each_chunk_of_an_upload_is_a_message(
    path: str, trace: list[Traced], wires: dict[str, tuple[Wire, Answer]]
) -> None:
    wire, answer = wires[path]
    connection = only(trace, path=path)
    assert_asked(connection, wire, "POST", path, CHUNKED, b"onetwothree")
    assert_answered(connection, answer)
    assert [message["body"] for message in connection.received] == [b"one", b"two", b"three", b""]
    assert [message["body"] for message in connection.sent[1:]] == [b"ONE", b"TWO", b"THREE", b""]


def test_an_upload_that_breaks_off_ends_with_a_disconnect(
    trace: list[Traced], wires: dict[str, tuple[Wire, Answer]]
) -> None:
    connection = only(trace, path="/gone")
    assert connection.types[0] == ["http.request", "http.disconnect"]
    assert connection.received[0] == {"type": "http.request", "body": b"one", "more_body": True}
    assert wires["/gone"][1].chunks == [b"ONE"]
