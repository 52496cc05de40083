"""The same troubled server twice, plain and wrapped: what a client saw of each, what each logged, and the trace of the second."""

import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from asgi_inspect.trace.read import Damage, read_trace
from asgi_inspect.trace.records import ProcessRecord, ScopeRecord
from tests.clients import PATIENCE
from tests.serving import Process, running, uvicorn_command
from tests.tracing import Traced

APP = "tests.faults.troubled:app"


def hypercorn_command(app: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "hypercorn", "--workers", "0", "--bind", "127.0.0.1:0", *options, app]


SERVERS = {"uvicorn": uvicorn_command, "hypercorn": hypercorn_command}


@dataclass(frozen=True)
class Pair:
    """Two servers that run; each in turn is told the same."""

    plain: Process
    wrapped: Process
    trace: Path

    @property
    def both(self) -> tuple[Process, Process]:
        return self.plain, self.wrapped


@contextmanager
def pair(trace: Path, *options: str, out: str | None = None, server: str = "uvicorn", **environ: str) -> Iterator[Pair]:
    """Both under this server; the records go to `trace`, or to what `out` says."""
    command = SERVERS[server](APP, *options)
    with (
        running(command, env=environ) as plain,
        running(command, env={"OUT": out or str(trace), **environ}) as wrapped,
    ):
        yield Pair(plain, wrapped, trace)


def port(server: Process) -> int:
    """Where it listens."""
    return int(server.wait_for(r"[Rr]unning on http://127\.0\.0\.1:(\d+)")[1])


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()


def connect(server: Process) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port(server)), timeout=PATIENCE)


def seen(server: Process, data: bytes, *, leaving: bool = False) -> bytes:
    """All that the server says to this, up to its end; the date is left out. `leaving`: we say that nothing more comes."""
    with connect(server) as client:
        client.sendall(data)
        if leaving:
            client.shutdown(socket.SHUT_WR)
        return undated(until_the_end(client))


def until_the_end(client: socket.socket) -> bytes:
    parts = []
    try:
        while part := client.recv(1 << 20):
            parts.append(part)
    except ConnectionResetError:
        parts.append(b"<reset>")
    return b"".join(parts)


def undated(answer: bytes) -> bytes:
    return re.sub(rb"(?im)^date: .*\r\n", b"", answer)


_OURS = re.compile(r'([ |]*)File ".*/asgi_inspect/(?:middleware|capture/tap)\.py", line')
_BY_NATURE = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "now"),
    (r"\[\d+\]", "[pid]"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:port"),
    (r"0x[0-9a-f]+", "0x"),
    (r"Task-\d+", "Task-n"),
    (r"repeated \d+ more times", "repeated n more times"),
    (r"coro=<\S+ \S+ \S+:\d+>", "coro=<>"),
)


def logged(process: Process) -> list[str]:
    """What a server wrote on stderr, without our frames in tracebacks, and what differs from one run to the next."""
    kept: list[str] = []
    inside: int | None = None
    for line in process.stderr.splitlines():
        if inside is not None and len(line) - len(line.lstrip(" |")) > inside:
            continue  # the source of a frame of ours
        ours = _OURS.match(line)
        inside = None if ours is None else len(ours[1])
        if ours is None:
            for pattern, name in _BY_NATURE:
                line = re.sub(pattern, name, line)
            kept.append(line)
    return kept


def told(process: Process) -> list[str]:
    """What the application printed; uvicorn's own access log is not it."""
    return [line for line in process.stdout.splitlines() if not line.startswith("INFO")]


class Left:
    """What is left of a process that was ended at any moment: a reader copes with it."""

    def __init__(self, file: Path) -> None:
        self.damages: list[Damage] = []
        self.connections: dict[str, Traced] = {}
        self.processes: list[ProcessRecord] = []
        for record in read_trace(file, on_damage=self.damages.append):
            if isinstance(record, ProcessRecord):
                self.processes.append(record)
            elif isinstance(record, ScopeRecord):
                self.connections[record.conn] = Traced(record.scope)
            elif (conn := getattr(record, "conn", None)) is not None:
                self.connections[conn].feed(record)
        for conn, one in self.connections.items():
            assert one.numbers == list(range(1, len(one.numbers) + 1)), f"{conn}: a gap in n"

    def finished(self) -> list[str]:
        """The targets of all connections that have an end."""
        return [target(one) for one in self.connections.values() if one.end is not None and "path" in one.scope]

    def open(self) -> list[str]:
        return [target(one) for one in self.connections.values() if one.end is None and "path" in one.scope]

    def only(self, path: str) -> Traced:
        (one,) = [one for one in self.connections.values() if one.scope.get("path") == path]
        return one


def target(one: Traced) -> str:
    query = one.scope.get("query_string", b"").decode()
    return str(one.scope["path"]) + (f"?{query}" if query else "")
