"""Clients that leave, and those who never listen: the application hears of it what it hears without us, and it is recorded so."""

import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.capture.sinking import until
from tests.faults.pairing import Left, Pair, connect, get, pair, told, undated, until_the_end
from tests.serving import Process
from tests.tracing import Traced

SERVERS = {
    "h11": ("uvicorn", "--http", "h11"),
    "httptools": ("uvicorn", "--http", "httptools"),
    "hypercorn": ("hypercorn",),
}


@pytest.fixture(scope="module", params=SERVERS)
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp(request.param)
    name, *options = SERVERS[request.param]
    with pair(folder / "trace.jsonl", *options, server=name, WENT=str(folder / "went")) as servers:
        yield servers


def reset(client: socket.socket) -> None:
    """Leave without a goodbye."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def post(path: str, body: bytes, size: int) -> bytes:
    """A request of which only a part of the body comes."""
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode() + body


def before(client: socket.socket, server: Process) -> None:
    """In the midst of what it says itself."""
    client.sendall(post("/hears?before", b"lea", 10))
    until_heard(server)
    reset(client)


def until_heard(server: Process) -> None:
    until(lambda: told(server)[-1:] == ["heard http.request"], "what was sent arrives")


def politely(client: socket.socket, server: Process) -> None:
    client.sendall(post("/hears?politely", b"lea", 10))
    until_heard(server)
    client.close()


def during(client: socket.socket, server: Process) -> None:
    client.sendall(get("/listens?during"))
    until_told(client, b"begun")
    reset(client)


def until_told(client: socket.socket, words: bytes) -> bytes:
    heard = b""
    while words not in heard:
        heard += client.recv(4096)
    return heard


def half_closed(client: socket.socket, server: Process) -> None:
    """It says that nothing more comes, and still listens."""
    client.sendall(get("/listens?half-closed"))
    until_told(client, b"begun")
    client.shutdown(socket.SHUT_WR)
    until_the_end(client)
    client.close()


def afterwards(client: socket.socket, server: Process) -> None:
    client.sendall(get("/answers-and-listens?afterwards"))
    until_the_end(client)
    client.close()


def on_keep_alive(client: socket.socket, server: Process) -> None:
    """After the whole answer, on a connection that would stay open."""
    client.sendall(b"GET /answers-and-listens?on-keep-alive HTTP/1.1\r\nHost: x\r\n\r\n")
    until_told(client, b"hello, ASGI!")
    reset(client)


LEAVING: dict[str, Callable[[socket.socket, Process], None]] = {
    "before": before,
    "politely": politely,
    "during": during,
    "half-closed": half_closed,
    "afterwards": afterwards,
    "on-keep-alive": on_keep_alive,
}


@pytest.mark.parametrize("name", LEAVING)
def test_the_application_hears_the_same_and_it_is_recorded(name: str, servers: Pair) -> None:
    heard = []
    for server in servers.both:
        count = len(told(server))
        LEAVING[name](connect(server), server)
        until(lambda: any(line.startswith("received") for line in told(server)[count:]), "what was heard")
        heard.append(told(server)[count:])
    assert heard[0] == heard[1]
    one = recorded(servers.trace, name)
    assert [f"heard {kind}" for kind in one.types[0]] == heard[1][:-1]
    assert one.types[0][-1] == "http.disconnect"
    assert one.end is not None
    assert one.end.outcome == "returned"


def recorded(trace: Path, query: str) -> Traced:
    """The connection with this query, when it has ended."""

    def found() -> list[Traced]:
        return [
            one
            for one in Left(trace).connections.values()
            if one.scope.get("query_string") == query.encode() and one.end is not None
        ]

    until(found, "its end in the trace")
    (one,) = found()
    return one


def test_an_application_that_never_receives(servers: Pair) -> None:
    """It streams on to a client that has gone: what it sent is there, and no disconnect, as nobody asked."""
    went = servers.trace.with_name("went")
    clients = [connect(server) for server in servers.both]
    for client in clients:
        client.sendall(post("/deaf?never", b"never read", 10))
        assert client.recv(4096)
        reset(client)
    went.touch()
    for server in servers.both:
        server.wait_for("^sent")
    plain, wrapped = ([line for line in told(server) if line.startswith("sent")] for server in servers.both)
    assert wrapped == plain
    one = recorded(servers.trace, "never")
    assert one.received == []
    assert one.sent[0]["type"] == "http.response.start"
    assert [message["body"] for message in one.sent[-2:]] == [b"begun", b"tea"]
    assert one.end is not None
    assert one.end.outcome == "returned"


def test_a_body_that_does_not_come(servers: Pair) -> None:
    """The application gives up waiting: one `receive` was cancelled, and is told as that."""
    answers = []
    for server in servers.both:
        with connect(server) as client:
            client.sendall(post("/gives-up?alone", b"lea", 10))
            answers.append(undated(until_told(client, b"hello, ASGI!")))
    assert answers[1] == answers[0]
    one = recorded(servers.trace, "alone")
    assert one.types[0] == ["http.request"]
    assert one.outcomes == ["cancelled"]
    assert one.end is not None
    assert one.end.outcome == "returned"


def test_a_task_that_the_server_cancels(tmp_path: Path) -> None:
    """At its own end, when somebody does not go; and a client that never reads, and one that never sends its body."""
    with pair(tmp_path / "trace.jsonl", "--timeout-graceful-shutdown", "0") as servers:
        for server in servers.both:
            clients = [connect(server) for _ in range(3)]
            clients[0].sendall(get("/never?neither"))
            clients[1].sendall(post("/hears?nothing-comes", b"lea", 10))
            clients[2].sendall(get("/pour?64"))
            assert clients[2].recv(100)
            until(lambda: _arrived(server, servers), "all three")
            server.stop()
            for client in clients:
                client.close()
        plain, wrapped = (sorted(told(server)) for server in servers.both)
        assert (
            wrapped
            == plain
            == [
                "ended by CancelledError",
                "heard http.request",
                "received http.request CancelledError",
                "waits",
            ]
        )
    left = Left(servers.trace)
    assert left.damages == []
    outcomes = {
        one.scope["path"]: one.end.outcome for one in left.connections.values() if one.end and "path" in one.scope
    }
    assert outcomes == {"/never": "cancelled", "/hears": "cancelled", "/pour": "cancelled"}
    assert left.only("/hears").outcomes == ["cancelled"]
    assert left.only("/never").numbers == [1]


def _arrived(server: Process, servers: Pair) -> bool:
    if server is servers.plain:
        return {"heard http.request", "waits"} <= set(told(server))
    records = servers.trace.read_bytes()
    return all(query in records for query in (b"neither", b"nothing-comes", b'"query_string":"64"'))
