"""Loads: thousands of connections at once, large bodies each way, a hundred thousand headers. Memory is bounded, the trace whole.

What is measured is the most memory that the server's process had, with and without us.
"""

import asyncio
import base64
import resource
import struct
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.capture.process import current_process
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.values import Truncated
from tests.clients import PATIENCE
from tests.faults.pairing import APP, connect, get, pair, port, seen, until_the_end
from tests.serving import Process, running, uvicorn_command
from tests.stage import BODY, START, http_scope, nothing, records, run
from tests.tracing import traced

MIB = 1 << 20


@pytest.fixture(scope="module", autouse=True)
def descriptors() -> Iterator[int]:
    """As many as may be had; the servers inherit it."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def fitting(wanted: int) -> int:
    """So many connections, or what the limit of descriptors lets us have in one process."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return wanted if limit == resource.RLIM_INFINITY else min(wanted, limit - 200)


def peak(server: Process) -> int:
    """The most memory that the server had, in bytes."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def alone(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(coroutine, 2 * PATIENCE))


# --- many at once -------------------------------------------------------------------------------------------------------


async def ask_at_once(address: int, count: int) -> list[bytes]:
    """So many requests, of which none is answered before all have come."""

    async def ask(number: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", address)
        writer.write(get(f"/together?{count}"))
        answer = await reader.read()
        writer.close()
        return answer

    return await asyncio.gather(*map(ask, range(count)))


def test_two_thousand_requests_at_once(tmp_path: Path) -> None:
    count = fitting(2000)
    with pair(tmp_path / "trace.jsonl", "--backlog", "4096", "--no-access-log") as servers:
        peaks = []
        for server in servers.both:
            answers = alone(ask_at_once(port(server), count))
            assert sum(b"hello, ASGI!" in answer for answer in answers) == count
            peaks.append(peak(server))
        servers.wrapped.stop()
    asked = [one for one in traced(servers.trace) if one.scope.get("path") == "/together"]
    assert len(asked) == count
    assert all(one.types == ([], ["http.response.start", "http.response.body"]) for one in asked)
    assert peaks[1] - peaks[0] < 32 * MIB


async def talk(address: int, number: int, all_have_come: asyncio.Barrier) -> bytes:
    """A WebSocket: one message and its echo, when all of them are open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", address)
    key = base64.b64encode(b"%016d" % number)
    writer.write(
        b"GET /%d HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: %b\r\n\r\n" % (number, key)
    )
    await reader.readuntil(b"\r\n\r\n")
    await all_have_come.wait()
    text = b"%08d" % number
    writer.write(frame(1, text))
    echo = await reader.readexactly(2 + len(text))
    writer.write(frame(8, struct.pack(">H", 1000)))
    await reader.read()
    writer.close()
    return echo[2:]


def frame(opcode: int, data: bytes) -> bytes:
    """A frame as a client sends it, with a mask that changes nothing."""
    return bytes([0x80 | opcode, 0x80 | len(data)]) + bytes(4) + data


async def talk_at_once(address: int, count: int) -> list[bytes]:
    barrier = asyncio.Barrier(count)
    return await asyncio.gather(*(talk(address, number, barrier) for number in range(count)))


def test_five_thousand_websockets(tmp_path: Path) -> None:
    count = fitting(5000)
    trace = tmp_path / "trace.jsonl"
    options = ("--backlog", "8192", "--ws", "wsproto")
    with running(uvicorn_command(APP, *options), env={"OUT": str(trace)}) as server:
        address, before = port(server), peak(server)
        echoes = alone(talk_at_once(address, count))
        assert echoes == [b"%08d" % number for number in range(count)]
        grown = peak(server) - before
        server.stop()
    left = [one for one in traced(trace) if one.scope["type"] == "websocket"]
    assert len(left) == count
    received = ["websocket.connect", "websocket.receive", "websocket.disconnect"]
    assert all(one.types == (received, ["websocket.accept", "websocket.send"]) for one in left)
    assert {one.received[1]["text"] for one in left} == {f"{number:08}" for number in range(count)}
    assert grown < count * 32 * 1024  # 17 KiB of it are the server's own


# --- large --------------------------------------------------------------------------------------------------------------

SIZE = 256


def upload(server: Process, size: int) -> bytes:
    chunk = b"\x00\xff" * (MIB // 2)
    with connect(server) as client:
        head = f"POST /swallow HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size * MIB}\r\n\r\n"
        client.sendall(head.encode())
        for _ in range(size):
            client.sendall(chunk)
        return until_the_end(client)


def download(server: Process, size: int) -> int:
    with connect(server) as client:
        client.sendall(get(f"/pour?{size}"))
        buffer, total = bytearray(MIB), 0
        while got := client.recv_into(buffer):
            total += got
        return total


def test_a_large_body_up_and_down(tmp_path: Path) -> None:
    """A quarter of a gigabyte each way: memory does not grow with it."""
    with pair(tmp_path / "trace.jsonl", "--http", "httptools", "--no-access-log") as servers:
        peaks = []
        for server in servers.both:
            assert str(SIZE * MIB).encode() in upload(server, SIZE)
            assert download(server, SIZE) > SIZE * MIB
            peaks.append(peak(server))
        servers.wrapped.stop()
    up, down = (one for one in traced(servers.trace) if one.scope.get("path") in ("/swallow", "/pour"))
    assert sum(_size(message) for message in up.received) == SIZE * MIB
    assert sum(_size(message) for message in down.sent[1:]) == SIZE * MIB
    assert len(down.sent) == SIZE + 2
    assert peaks[1] - peaks[0] < 16 * MIB
    assert servers.trace.stat().st_size < 300 * len(up.received) + 500 * SIZE + 400_000


def _size(message: dict[str, Any]) -> int:
    body = message.get("body", b"")
    return body.size or 0 if isinstance(body, Truncated) else len(body)


def test_many_headers_each_way(tmp_path: Path) -> None:
    """As many as the server takes: 64 KiB of a request's for h11, no limit for httptools and for an answer."""
    count = 100_000
    with pair(tmp_path / "trace.jsonl", "--http", "httptools", "--no-access-log") as servers:
        asked = b"".join(b"X-%d: leaf\r\n" % number for number in range(count))
        data = b"GET /headers?%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" % count + asked + b"\r\n"
        plain, wrapped = (seen(server, data) for server in servers.both)
        assert wrapped == plain
        assert wrapped.count(b": leaf\r\n") == count
        assert str(count + 2).encode() in wrapped[-20:]
        peaks = [peak(server) for server in servers.both]
        servers.wrapped.stop()
    one = next(one for one in traced(servers.trace) if one.scope.get("path") == "/headers")
    assert len(one.scope["headers"]) == count + 2
    assert len(one.sent[0]["headers"]) == count
    assert peaks[1] - peaks[0] < 64 * MIB


# --- deep ---------------------------------------------------------------------------------------------------------------


def deep(levels: int, kind: type) -> Any:
    nest: Any = kind()
    for _ in range(levels):
        nest = {"deeper": nest} if kind is dict else [nest] if kind is list else (nest,)
    return nest


@pytest.mark.parametrize("kind", [dict, list, tuple])
def test_deep_scopes_and_messages(kind: type, tmp_path: Path) -> None:
    """Ten thousand levels in whatever place: it passes, and what is too deep stands as truncated."""
    nest = deep(10_000, kind)
    scope = http_scope(state={"nest": nest}, extensions={"nest": nest}, unheard=nest)
    got: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.append(scope)
        await send({**START, "unheard": nest})
        await send({**BODY, "nest": nest})

    out = tmp_path / "trace.jsonl"
    middleware = InspectMiddleware(app, out=out)
    asyncio.run(run(middleware, scope))
    assert got[0] is scope
    (one,) = [one for one in traced(_written(middleware, out)) if "path" in one.scope]
    assert [message["type"] for message in one.sent] == ["http.response.start", "http.response.body"]
    assert out.stat().st_size < 2 * MIB


def _written(middleware: InspectMiddleware, out: Path) -> Path:
    assert records(middleware)
    return out


def test_a_hundred_thousand_headers_and_keys(tmp_path: Path) -> None:
    """In a scope that no server would give; its identity stays, and the record holds all headers and says what it left out."""
    headers = [(b"x-%d" % number, b"leaf") for number in range(100_000)]
    state = {f"key {number}": number for number in range(100_000)}
    out = tmp_path / "trace.jsonl"
    middleware = InspectMiddleware(nothing, out=out)
    scope = http_scope(headers=headers, state=state)
    open_before = current_process().open
    asyncio.run(run(middleware, scope))
    (one,) = traced(_written(middleware, out))
    assert list(map(tuple, one.scope["headers"])) == headers
    assert isinstance(one.scope["state"], (dict, Truncated))
    assert out.stat().st_size < 4 * MIB
    assert current_process().open == open_before
