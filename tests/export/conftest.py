"""Servers that are traced, talked to, and what their traces hold."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.servers.starting import until
from tests.serving import Process, running

APP = "tests.export.application:app"
COMMANDS = {
    "uvicorn": ["uvicorn", "--port", "0", "--workers", "1", APP],
    "hypercorn": ["hypercorn", "-b", "127.0.0.1:0", APP],
    "two workers": ["uvicorn", "--port", "0", "--workers", "2", APP],
}


class Traced(NamedTuple):
    """A server that runs, and its trace."""

    process: Process
    port: int
    file: Path

    def ask(self, octets: bytes) -> bytes:
        """Send these bytes, and all that comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), 30) as wire:
            wire.sendall(octets)
            return b"".join(iter(lambda: wire.recv(65536), b""))

    def get(self, target: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
        """One request by itself, its headers as they stand here."""
        length = [f"Content-Length: {len(body)}"] if body else []
        lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Connection: close", *length, *headers]
        return self.ask("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body)

    def wait_for_ends(self, number: int) -> None:
        """Wait until so many HTTP and WebSocket connections have ended in the trace."""
        until(lambda: self.file.read_bytes().count(b'"record":"end"') >= number, f"{number} ends")


@contextmanager
def traced(kind: str, file: Path, *options: str) -> Iterator[Traced]:
    """Serve the application under asgi-inspect."""
    command = [
        sys.executable,
        "-m",
        "asgi_inspect",
        "-o",
        str(file),
        "--quiet",
        "--no-redact",
        *options,
        *COMMANDS[kind],
    ]
    with running(command) as process:
        port = int(process.wait_for(r"(?i)running on http://127\.0\.0\.1:(\d+)")[1])
        workers = 2 if kind == "two workers" else 1
        until(lambda: file.exists() and file.read_bytes().count(b"startup.complete") == workers, f"{workers} workers")
        yield Traced(process, port, file)


def everything(server: Traced) -> int:
    """One connection of each sort; how many they are."""
    targets = ["/binary", "/gzip", "/events", "/latin", "/cookies", "/redirect", "/raise"]
    for target in targets:
        server.get(target, "Accept-Encoding: gzip")
    server.get("/%7Bid%7D/[x]?a=1&b=%C3%A9+x&empty=", "Cookie: a=1; b=2", "Cookie: c=3")
    server.get("/form", "Content-Type: application/x-www-form-urlencoded", method="POST", body=b"name=Zo%C3%AB&x=")
    server.get("/files", "Content-Type: multipart/form-data; boundary=XX", method="POST", body=MULTIPART)
    server.get("/octets", method="PUT", body=bytes(range(256)))
    with connect(f"ws://127.0.0.1:{server.port}/talk", subprotocols=["chat"]) as client:  # type: ignore[list-item]
        for words in ("Zoë", b"\x00\xff", "close"):
            client.send(words)
            if words != "close":
                assert client.recv() == words
        client.close()
    for path in ("/refuse", "/deny"):
        with pytest.raises(InvalidStatus), connect(f"ws://127.0.0.1:{server.port}{path}"):
            pass
    return len(targets) + 7


MULTIPART = (
    b'--XX\r\nContent-Disposition: form-data; name="title"\r\n\r\nLeaves\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="photo"; filename="a \\"b\\".png"\r\nContent-Type: image/png\r\n\r\n'
    b"\x89PNG\x00\r\n--XX--\r\n"
)


@pytest.fixture(scope="session", params=list(COMMANDS))
def captured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of a server that has ended, with one connection of each sort."""
    file = tmp_path_factory.mktemp("captured") / "trace.jsonl"
    with traced(request.param, file) as server:
        server.wait_for_ends(everything(server))
        server.process.stop()
    return file
