"""An application whose bodies are coded and made in every way, served by real servers, and what their traces hold of it."""

import gzip
import json
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import brotli  # type: ignore[import-untyped]  # it has no annotations
import httpx
import pytest
import zstandard
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from asgi_inspect.trace.connection import Connection
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.read import read_trace
from tests.servers.starting import until
from tests.serving import PATIENCE, running

TEAS: Final = {"teas": [{"id": number, "name": f"茶 {number}", "price": number * 1.5} for number in range(400)]}
PLAIN: Final = json.dumps(TEAS, ensure_ascii=False).encode()


def raw_deflate(data: bytes) -> bytes:
    """Deflate without zlib's frame, as some servers send it."""
    coder = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return coder.compress(data) + coder.flush()


CODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "x-gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "gzip, br": lambda data: bytes(brotli.compress(gzip.compress(data, mtime=0))),
}
PNG: Final = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 640, 480, 8, 6, 0, 0, 0) + bytes(300)
EVENTS: Final = [b'event: tick\ndata: {"n": 1}\n\n', b": beat\n\nda", b"ta: second\ndata: line\n\n"]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """A path a body."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        await _talk(receive, send)
    else:
        await _answer(scope["path"], receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _talk(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "chat"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4001, "reason": "you said so"})
            return
        answer = json.dumps({"you said": message.get("text")}, ensure_ascii=False)
        await send({"type": "websocket.send", "text": answer})
        await send({"type": "websocket.send", "bytes": b"\x00\xff"})


async def _answer(path: str, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    coding = path.removeprefix("/coded/").replace("+", ", ")
    if coding in CODERS:
        coded = CODERS[coding](PLAIN)
        headers = [(b"content-type", b"application/json"), (b"content-encoding", coding.encode())]
        middle = len(coded) // 2
        await _send(send, headers, coded[:middle], coded[middle:])
    elif path == "/png":
        await _send(send, [(b"content-type", b"image/png")], PNG)
    elif path == "/events":
        await _send(send, [(b"content-type", b"text/event-stream")], *EVENTS)
    elif path == "/latin":
        await _send(send, [(b"content-type", b"text/html; charset=iso-8859-1")], "<p>café</p>".encode("latin-1"))
    elif path == "/lines":
        await _send(send, [(b"content-type", b"text/plain")], b"a line\n" * 5000)
    elif path == "/raise":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("as \x1b[31mwished")
    else:
        await _send(send, [], b"")


async def _send(send: Any, headers: list[tuple[bytes, bytes]], *chunks: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number, chunk in enumerate(chunks, 1):
        await send({"type": "http.response.body", "body": chunk, "more_body": number < len(chunks)})


SERVERS: Final = {
    "uvicorn": ["uvicorn", "--port", "0", "--workers", "1", "tests.bodies:app"],
    "hypercorn": ["hypercorn", "-b", "127.0.0.1:0", "tests.bodies:app"],
}


@contextmanager
def served(server: str, file: Path) -> Iterator[int]:
    """Serve the application under asgi-inspect; yields the port, and leaves the whole trace behind."""
    command = [sys.executable, "-m", "asgi_inspect", "-o", str(file), "--quiet", "--no-redact", *SERVERS[server]]
    with running(command) as process:
        port = int(process.wait_for(r"(?i)running on http://127\.0\.0\.1:(\d+)")[1])
        yield port
        began = file.read_bytes().count(b'"record":"scope"') - 1  # the lifespan ends with the server
        until(lambda: file.read_bytes().count(b'"record":"end"') >= began, f"{began} ends")
        process.stop()


def ask_for_everything(port: int) -> None:
    """One connection of each sort."""
    # As it comes: a client that decodes would stumble over two codings in a row.
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        paths = [*(f"/coded/{coding.replace(', ', '+')}" for coding in CODERS), "/png", "/events", "/latin", "/lines"]
        for path in paths:
            with client.stream("GET", path) as response:
                assert b"".join(response.iter_raw())
        client.post("/form?a=1&b=%E8%8C%B6", data={"tea": "玉露", "grams": "50"})
        files = {"photo": ("a.png", PNG, "image/png"), "note": ("茶.txt", b"leaves\n" * 100, "text/plain")}
        client.post("/upload", data={"title": "Leaves\nof tea"}, files=files)
        client.post("/coded-request", content=gzip.compress(PLAIN), headers={"content-encoding": "gzip"})
        client.head("/png")
    try:
        httpx.get(f"http://127.0.0.1:{port}/raise", timeout=PATIENCE)
    except httpx.HTTPError:
        pass  # the response breaks off
    with connect(f"ws://127.0.0.1:{port}/talk", subprotocols=["chat"]) as socket:  # type: ignore[list-item]
        for text in ("hello", "茶"):
            socket.send(text)
            assert [socket.recv(), socket.recv()][1] == b"\x00\xff"
        socket.send("bye")
        with pytest.raises(ConnectionClosedError, match="4001"):
            socket.recv()


def connections_of(file: Path) -> Fold:
    """All that is in a finished trace."""
    fold = Fold()
    for record in read_trace(file):
        fold.feed(record)
    return fold


def at_path(fold: Fold, path: str, method: str = "GET") -> Connection:
    """The one connection with this path."""
    (found,) = [c for c in fold.connections.values() if c.path == path and c.method in (method, None)]
    return found
