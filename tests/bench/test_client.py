"""Our own load generator: it reads answers as they come, in whatever pieces, and counts what the server counts."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.apps import APPS, CHUNKS, ECHOES
from bench.client import Broken, Drive, Echo, HttpAnswer, Load, Trouble, request_of
from bench.cores import choose_cores, pinned
from bench.load import ceiling, drive, find_wrk, fits_wrk
from bench.outside import load_of
from bench.served import Order, Server

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
LONG = HEAD + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0\r\n\r\n012345\r\n0\r\n\r\n"


@pytest.mark.parametrize("whole", [LONG, CHUNKED, b"HTTP/1.1 204 No Content\r\n\r\n"], ids=["length", "chunks", "none"])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_an_answer_is_whole_with_its_last_byte(whole: bytes, size: int) -> None:
    answer = HttpAnswer()
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert [answer.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert answer.good()


@pytest.mark.parametrize(("status", "good"), [(199, False), (200, True), (299, True), (302, False), (500, False)])
def test_only_a_2xx_is_good(status: int, good: bool) -> None:
    answer = HttpAnswer()
    assert answer.feed(b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % status)
    assert answer.good() is good


@pytest.mark.parametrize("answer", [LONG + b"!", HEAD + b"\r\nhello"], ids=["too long", "no length"])
def test_what_is_no_answer_is_broken(answer: bytes) -> None:
    with pytest.raises(Broken):
        HttpAnswer().feed(answer)


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("length", [5, 200])
def test_a_message_is_whole_with_its_last_byte(length: int, size: int) -> None:
    head = bytes([0x81, length]) if length < 126 else b"\x81\x7e" + length.to_bytes(2)
    frames = b"\x89\x02hi" + head + bytes(length)
    echo = Echo()
    pieces = [frames[at : at + size] for at in range(0, len(frames), size)]
    assert [echo.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]


def test_a_close_frame_is_no_echo() -> None:
    with pytest.raises(Broken):
        Echo().feed(b"\x88\x02\x03\xe8")


@contextmanager
def served(app: str, folder: Path) -> Iterator[Server]:
    server = Server(Order(app, "bare", str(folder)))
    try:
        server.listen()
        yield server
    finally:
        server.close()


@pytest.mark.parametrize("app", ["hello", "fastapi-post", "stream", "upload", "download"])
def test_it_counts_what_the_server_counts(app: str, tmp_path: Path) -> None:
    with served(app, tmp_path) as server:
        load = load_of(APPS[app], server.port, 0.1, None)
        outcome = Drive(load).run()
        assert outcome.done >= load.connections
        assert outcome.failed == 0
        assert server.used().requests == outcome.done
        assert 0 < outcome.p50_us <= outcome.p99_us <= outcome.seconds * 1e6


def test_it_echoes_so_many_times(tmp_path: Path) -> None:
    with served("websocket", tmp_path) as server:
        load = Load(server.port, kind="websocket", body="x" * 200, connections=3, times=20)
        assert Drive(load).run().done == 60


def test_it_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    with served("hello", tmp_path) as server:
        outcome = drive(Load(server.port, connections=2, times=5, core=choose_cores().load))
        assert (outcome.done, outcome.generator) == (10, "bench.client")
        assert server.used().requests == 10


def test_answers_that_are_errors_are_counted(tmp_path: Path) -> None:
    with served("fastapi-get", tmp_path) as server:
        outcome = Drive(Load(server.port, path="/nowhere", connections=1, times=3)).run()
        assert (outcome.done, outcome.failed) == (3, 3)


def test_a_server_that_is_not_there_is_a_trouble(tmp_path: Path) -> None:
    with served("hello", tmp_path) as server:
        port = server.port
    with pytest.raises(Trouble, match="refused"):
        drive(Load(port, times=1))


@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"], ids=["nothing", "a half"])
def test_a_server_that_breaks_off_each_time_is_a_trouble(says: bytes) -> None:
    with _answering(says, close=True) as port, pytest.raises(Trouble, match="broke 101 connections"):
        Drive(Load(port, connections=1, times=1)).run()


def test_a_server_that_says_nothing_is_a_trouble() -> None:
    with _answering(b"", close=False) as port, pytest.raises(Trouble, match="no answer"):
        Drive(Load(port, connections=1, times=1, patience=0.05)).run()


@contextmanager
def _answering(says: bytes, *, close: bool) -> Iterator[int]:
    """A server that says this to each request, whole or not, and closes, or keeps all open."""
    kept: list[socket.socket] = []
    over = threading.Event()

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            kept.append(connection)
            if over.is_set():
                return
            if close:
                with connection:
                    connection.recv(65_536)
                    connection.sendall(says)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            socket.create_connection(listener.getsockname()).close()
            thread.join()
            for connection in kept:
                connection.close()


@pytest.mark.parametrize("wrk", [None, find_wrk()][: 2 if find_wrk() else 1], ids=lambda wrk: "wrk" if wrk else "ours")
def test_the_generator_knows_its_own_limit(wrk: str | None) -> None:
    limit = ceiling(wrk, choose_cores(), 0.1)
    assert limit.generator == ("wrk" if wrk else "bench.client")
    assert limit.rate > 0
    assert limit.failed == 0


@pytest.mark.parametrize("wrk", [None, find_wrk()][: 2 if find_wrk() else 1], ids=lambda wrk: "wrk" if wrk else "ours")
def test_both_generators_send_a_body(wrk: str | None, tmp_path: Path) -> None:
    with served("fastapi-post", tmp_path) as server:
        outcome = drive(load_of(APPS["fastapi-post"], server.port, 0.1, None), wrk)
        assert outcome.failed == 0
        # wrk stops in the middle: of each connection, one request may have been under way.
        assert abs(server.used().requests - outcome.done) <= (0 if wrk is None else 16)


def test_wrk_is_not_asked_for_what_it_cannot_do() -> None:
    assert fits_wrk(Load(1))
    assert not any(map(fits_wrk, (Load(1, kind="websocket"), Load(1, times=1), Load(1, exact=True))))


def test_a_request_is_what_the_application_is_called_with() -> None:
    lines = request_of(load_of(APPS["fastapi-get"], 8000, 1, None)).split(b"\r\n")
    assert lines[:2] == [b"GET /items/7?page=2 HTTP/1.1", b"host: 127.0.0.1:8000"]
    assert lines[-2:] == [b"", b""]
    upload = request_of(load_of(APPS["upload"], 8000, 1, None))
    assert len(upload.split(b"\r\n\r\n", 1)[1]) == 10 << 20
    assert (CHUNKS, ECHOES) == (200, 1000)


def test_a_command_is_pinned_where_there_are_cores() -> None:
    assert pinned(None, ["wrk", "-v"]) == ["wrk", "-v"]
    assert pinned(1, ["wrk", "-v"])[-3:] == ["1", "wrk", "-v"]
