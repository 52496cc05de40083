"""An application that raises, whatever and whenever: server and client see what they see without us, and it is recorded."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capture.sinking import until
from tests.faults.pairing import Left, Pair, get, logged, pair, seen

OF_A_TASK = ["error", "group", "closed", "cancelled", "base", "stop", "memory", "recursion", "interrupts"]
EVERY = [*OF_A_TASK, "interrupt", "exit"]


@pytest.fixture(scope="module", params=["h11", "httptools"])
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two that outlive all that is raised in them."""
    trace = tmp_path_factory.mktemp(request.param) / "trace.jsonl"
    with pair(trace, "--http", request.param) as servers:
        yield servers


@pytest.mark.parametrize(
    ("what", "when"),
    [
        *[(what, when) for what in EVERY for when in ("before", "after", "late")],
        *[(what, "task") for what in OF_A_TASK],
    ],
)
def test_the_same_for_client_and_server(what: str, when: str, servers: Pair) -> None:
    path = f"/raise/{what}/{when}"
    before = [len(logged(server)) for server in servers.both]
    plain, wrapped = (seen(server, get(path)) for server in servers.both)
    assert wrapped == plain
    for server in servers.both:
        assert seen(server, get(f"/marks?{what}-{when}")).endswith(b'{"message": "hello, ASGI!"}')
        server.wait_for(f"^marked {what}-{when}$")  # or two logs of which nothing was read yet would be the same
    until(lambda: logged(servers.wrapped)[before[1] :] == logged(servers.plain)[before[0] :], "the same log")
    until(lambda: path in Left(servers.trace).finished(), "its end in the trace")
    _assert_recorded(servers.trace, path, what, when)


def _assert_recorded(trace: Path, path: str, what: str, when: str) -> None:
    one = Left(trace).only(path)
    messages = {"before": 0, "after": 2, "late": 2, "task": 2}[when]
    assert len(one.sent) == messages
    assert one.end is not None
    if when == "task":
        assert one.end.outcome == "returned"  # what a task raises is no outcome of the application
    elif what in ("closed", "cancelled"):
        assert one.end.outcome == "cancelled"
    else:
        assert one.end.outcome == "raised"
        assert one.end.error is not None
        assert one.end.error.type == _TYPES[what]


_TYPES = {
    "error": "ValueError",
    "group": "BaseExceptionGroup",
    "base": "BaseException",
    "stop": "StopAsyncIteration",
    "memory": "MemoryError",
    "recursion": "RecursionError",
    "interrupt": "KeyboardInterrupt",
    "exit": "SystemExit",
    "interrupts": "BaseExceptionGroup",
}


@pytest.mark.parametrize(
    ("what", "when", "name"),
    [
        ("interrupt", "task", "uvicorn"),  # what the application itself raises, uvicorn catches
        ("exit", "task", "uvicorn"),
        ("interrupt", "before", "hypercorn"),
        ("exit", "after", "hypercorn"),
    ],
)
def test_what_ends_the_server_does_so_with_the_same_status_and_words(
    what: str, when: str, name: str, tmp_path: Path
) -> None:
    path = f"/raise/{what}/{when}"
    with pair(tmp_path / "trace.jsonl", server=name) as servers:
        for server in servers.both:
            seen(server, get("/first"))
        plain, wrapped = (seen(server, get(path)) for server in servers.both)
        assert wrapped == plain
        assert servers.wrapped.wait() == servers.plain.wait()
        if name == "uvicorn":  # the other's garbage speaks in any order
            assert logged(servers.wrapped) == logged(servers.plain)
    left = Left(servers.trace)
    assert not left.damages
    assert left.finished() == ["/first", path]
    end = left.only(path).end
    assert end is not None
    assert end.outcome == ("cancelled" if when == "task" else "raised")  # the loop is shut down around it


def test_an_encoder_without_memory(tmp_path: Path) -> None:
    """The body passes; in its place stands that it did."""
    with pair(tmp_path / "trace.jsonl", ASGI_INSPECT_BODY_LIMIT="none") as servers:
        plain, wrapped = (seen(server, get("/large")) for server in servers.both)
        assert wrapped == plain
        assert len(wrapped) > 8 << 20
        assert b"hello" in seen(servers.wrapped, get("/afterwards"))
        servers.wrapped.stop()
        assert servers.wrapped.stderr.count("asgi-inspect: a record could not be written whole (MemoryError") == 1
    left = Left(servers.trace)
    assert left.finished() == ["/large", "/afterwards"]
    assert [type(message).__name__ for message in left.only("/large").sent] == ["dict", "Truncated"]
