"""A load generator of our own, in a process of its own: for machines without wrk, and for what wrk does not do.

Plain sockets in one thread. Each connection asks, reads the whole answer, and asks again; what has begun is read to its end,
so that what is counted here is what the server answered, no more and no less. It takes one `Load` as JSON on stdin, prints
one `Outcome` as JSON, and knows nothing of the rest of the benchmark, so that it starts fast.
"""

import base64
import json
import os
import selectors
import socket
import struct
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Final, Literal, Protocol

from .cores import pin

PATIENCE: Final = 30.0  # seconds without anything from the server
_TOO_MANY: Final = 100  # broken connections: the server is not what is measured any more
_CAME: Final = memoryview(
    bytearray(1 << 18)
)  # one for all: to allocate as much for each read would cost more than the read


class Trouble(Exception):  # noqa: N818 (said to whoever runs the benchmark)
    """Why nothing can be measured, as one sentence."""


@dataclass(frozen=True)
class Load:
    """What each connection asks for, again and again, for so many seconds, or so many times."""

    port: int
    kind: Literal["http", "websocket"] = "http"
    method: str = "GET"
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    """A body, or the message that is sent to a WebSocket; each character is a byte."""
    repeat: int = 1
    """How often it is repeated to make one body: 10 MiB are quicker said than written."""
    connections: int = 16
    seconds: float = 1.0
    times: int | None = None
    """For each connection; in place of seconds."""
    exact: bool = False
    """Answers are long and few: what is under way at the end counts, so it has to be read to its end."""
    core: int | None = None
    """Where the generator runs."""
    patience: float = PATIENCE

    @property
    def payload(self) -> bytes:
        """The whole body."""
        return self.body.encode("latin-1") * self.repeat


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    done: float
    """Whole answers, or echoed messages. With wrk, what was under way at the end counts half."""
    seconds: float
    p50_us: float
    p99_us: float
    failed: int
    """Answers that were no 2xx, and connections that broke."""
    busy: float
    """The share of the time that the generator worked: near 1, it may be what limits."""
    generator: str = "bench.client"

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.done / self.seconds


class Broken(Exception):  # noqa: N818 (of a connection; it never leaves this module)
    """What came is no whole answer."""


class _Answer(Protocol):
    def feed(self, data: bytes) -> bool:
        """Take what came; True when the answer is whole."""

    def good(self) -> bool:
        """Is it a 2xx?"""


class HttpAnswer:
    """One response as it comes in, with a length or in chunks."""

    __slots__ = ("_buffer", "_chunked", "_last", "_left", "_status")

    def __init__(self) -> None:
        self._buffer = b""
        self._status = 0
        self._left = 0  # of the body, or of this chunk with the line's end behind it
        self._chunked = False
        self._last = False

    def good(self) -> bool:
        """Is it a 2xx?"""
        return 200 <= self._status < 300

    def feed(self, data: bytes) -> bool:
        """Take what came; True when the answer is whole."""
        if not self._status:
            data = self._buffer + data
            end = data.find(b"\r\n\r\n")
            self._buffer = data if end < 0 else b""
            if end < 0:
                return False
            self._read_head(data[:end].lower())
            data = data[end + 4 :]
        return self._feed_chunks(self._buffer + data) if self._chunked else self._feed_body(len(data))

    def _read_head(self, head: bytes) -> None:
        self._status = int(head[9:12])
        at = head.find(b"\r\ncontent-length:")
        if at >= 0:
            self._left = int(head[at + 17 :].split(b"\r\n", 1)[0])
        elif b"\r\ntransfer-encoding: chunked" in head:
            self._chunked = True
        elif self._status not in (204, 304):
            raise Broken("an answer that does not say its length")

    def _feed_body(self, came: int) -> bool:
        self._left -= came
        if self._left < 0:
            raise Broken("more than was announced")
        return not self._left

    def _feed_chunks(self, data: bytes) -> bool:
        at = 0
        while True:
            step = min(self._left, len(data) - at)
            at += step
            self._left -= step
            if self._left:
                self._buffer = b""
                return False
            if self._last:
                return True
            end = data.find(b"\r\n", at)
            if end < 0:
                self._buffer = data[at:]
                return False
            size = int(data[at:end].split(b";", 1)[0], 16)
            self._last = not size
            self._left = size + 2
            at = end + 2


class Echo:
    """One message of a WebSocket as it comes back; what else the server says (a ping) is passed over."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    def good(self) -> bool:
        """A message that came whole is good."""
        return True

    def feed(self, data: bytes) -> bool:
        """Take what came; True when a message is whole."""
        self._buffer += data
        while (frame := _first_frame(self._buffer)) is not None:
            opcode, end = frame
            self._buffer = self._buffer[end:]
            if opcode == 8:
                raise Broken("the server closed the WebSocket")
            if opcode in (1, 2):
                return True
        return False


def _first_frame(data: bytes) -> tuple[int, int] | None:
    """The opcode of the first frame and where it ends; None where it is not whole. A server does not mask."""
    if len(data) < 2:
        return None
    size, at = data[1] & 0x7F, 2
    if size >= 126:
        at = 4 if size == 126 else 10
        if len(data) < at:
            return None
        size = int.from_bytes(data[2:at])
    return (data[0] & 0x0F, at + size) if len(data) >= at + size else None


def request_of(load: Load) -> bytes:
    """What a connection sends each time: a request, or a masked text frame."""
    body = load.payload
    if load.kind == "websocket":
        size = len(body)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
        return b"\x81" + length + bytes(4) + body  # masked with zeros: it is what it was
    lines = [f"{load.method} {load.path} HTTP/1.1", f"host: 127.0.0.1:{load.port}"]
    lines += [f"{name}: {value}" for name, value in load.headers]
    if body or load.method == "POST":
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(eq=False)
class Line:
    """One connection to the server."""

    load: Load
    request: bytes
    times: int
    begun: int = 0
    answer: _Answer = field(default_factory=HttpAnswer)
    unsent: memoryview = field(default_factory=lambda: memoryview(b""))

    def __post_init__(self) -> None:
        self.connect()

    def connect(self) -> None:
        """Open it, in place of one that broke."""
        self.socket = socket.create_connection(("127.0.0.1", self.load.port), self.load.patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.load.kind == "websocket":
                _shake_hands(self.socket, self.load)
        except (Trouble, OSError):
            self.socket.close()
            raise
        self.socket.setblocking(False)

    def ask(self, now: int) -> None:
        """Send the request, as much of it as goes now."""
        self.begun = now
        self.answer = Echo() if self.load.kind == "websocket" else HttpAnswer()
        self.unsent = memoryview(self.request)
        self.write()

    def write(self) -> None:
        """Send more of it."""
        try:
            while self.unsent:
                self.unsent = self.unsent[self.socket.send(self.unsent) :]
        except BlockingIOError:
            pass

    def read(self) -> bool:
        """Take what has come; True when the answer is whole."""
        came = self.socket.recv_into(_CAME)
        if not came:
            raise Broken("the server closed the connection")
        return self.answer.feed(bytes(_CAME[:came]))


def _shake_hands(connection: socket.socket, load: Load) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {load.path} HTTP/1.1", f"host: 127.0.0.1:{load.port}", "upgrade: websocket", "connection: upgrade"]
    lines += [f"sec-websocket-key: {key}", "sec-websocket-version: 13"]
    lines += [f"{name}: {value}" for name, value in load.headers if name != "connection"]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += (came := connection.recv(1))  # no byte more: what follows is the first frame's
        if not came:
            raise Trouble("in place of opening a WebSocket the server closes the connection")
    status = head.split(b"\r\n", 1)[0].decode("latin-1")
    if " 101 " not in status:
        raise Trouble(f"in place of opening a WebSocket the server says {status}")


class Drive:
    """All connections of one load, until it is done."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.took: list[int] = []
        self.failed = 0
        self._selector = selectors.DefaultSelector()
        self._lines: list[Line] = []
        self._open = 0
        self._until = 0

    def run(self) -> Outcome:
        """Do it; raises Trouble or OSError where the server does not answer."""
        request = request_of(self.load)
        try:
            for _ in range(self.load.connections):
                self._lines.append(Line(self.load, request, self.load.times or 0))
            return self._run()
        finally:
            self._selector.close()
            for line in self._lines:
                line.socket.close()

    def _run(self) -> Outcome:
        began, worked = time.perf_counter_ns(), time.process_time_ns()
        self._until = began + int(self.load.seconds * 1e9)
        for line in self._lines:
            self._begin(line, began)
        while self._open:
            events = self._selector.select(self.load.patience)
            for key, mask in events:
                self._go_on(key.data, mask)
            if not events:
                raise Trouble(f"the server gave no answer for {self.load.patience:.0f} s")
        spent = time.perf_counter_ns() - began
        return self._outcome(spent, time.process_time_ns() - worked)

    def _begin(self, line: Line, now: int) -> None:
        line.ask(now)
        self._selector.register(line.socket, self._wanted(line), line)
        self._open += 1

    def _go_on(self, line: Line, mask: int) -> None:
        try:
            if mask & selectors.EVENT_WRITE:
                line.write()
                if not line.unsent:
                    self._selector.modify(line.socket, selectors.EVENT_READ, line)
            if mask & selectors.EVENT_READ and line.read():
                self._answered(line)
        except (Broken, ValueError, OSError) as exc:
            self._again(line, exc)

    def _answered(self, line: Line) -> None:
        now = time.perf_counter_ns()
        self.took.append(now - line.begun)
        self.failed += not line.answer.good()
        line.times -= 1
        if line.times > 0 if self.load.times is not None else now < self._until:
            line.ask(now)
            if line.unsent:
                self._selector.modify(line.socket, self._wanted(line), line)
        else:
            self._close(line)

    def _again(self, line: Line, why: Exception) -> None:
        """Another connection in place of one that broke."""
        self.failed += 1
        if self.failed > _TOO_MANY:
            raise Trouble(f"the server broke {self.failed} connections: {why}") from why
        self._close(line)
        line.connect()
        self._begin(line, time.perf_counter_ns())

    def _close(self, line: Line) -> None:
        self._selector.unregister(line.socket)
        line.socket.close()
        self._open -= 1

    @staticmethod
    def _wanted(line: Line) -> int:
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if line.unsent else 0)

    def _outcome(self, spent: int, worked: int) -> Outcome:
        took = sorted(self.took)
        if not took:
            raise Trouble("not one answer came")
        return Outcome(
            done=len(took),
            seconds=spent / 1e9,
            p50_us=took[len(took) // 2] / 1e3,
            p99_us=took[len(took) * 99 // 100] / 1e3,
            failed=self.failed,
            busy=worked / spent,
        )


def main() -> int:
    """Read a load, drive it, print what came of it."""
    given = json.loads(sys.stdin.read())
    load = Load(**{**given, "headers": tuple((name, value) for name, value in given["headers"])})
    pin(load.core)
    try:
        print(json.dumps(asdict(Drive(load).run())))
    except (Trouble, OSError) as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
