"""Clients that tell exactly what they sent and what they got, chunk by chunk, over real sockets."""

import socket
import struct
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import h11

PATIENCE = 30.0  # seconds

Headers = list[tuple[bytes, bytes]]


@dataclass
class Answer:
    """An HTTP response as it came over the wire: `chunks` are the server's, where it sent the body in chunks."""

    status: int
    headers: Headers
    chunks: list[bytes] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key == name), None)


class Wire:
    """One HTTP/1.1 connection to a server on this machine; several requests may go over it, one after the other."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.address: tuple[str, int] = self.socket.getsockname()
        self._protocol = h11.Connection(h11.CLIENT)
        self._chunked = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.socket.close()

    def ask(self, method: str, target: str, headers: Headers | None = None, body: bytes = b"") -> Answer:
        """Send a whole request and read its whole answer."""
        headers = headers or []
        if body:
            headers = [*headers, (b"content-length", str(len(body)).encode())]
        self.begin(method, target, headers)
        if body:
            self.send(body)
        return self.finish()

    def begin(self, method: str, target: str, headers: Headers | None = None) -> None:
        """Send the head of a request; with `transfer-encoding: chunked`, every `send` is one chunk."""
        if self._protocol.our_state is not h11.IDLE:
            self._protocol.start_next_cycle()
        host = (b"host", f"127.0.0.1:{self.socket.getpeername()[1]}".encode())
        self._write(h11.Request(method=method, target=target, headers=[host, *(headers or [])]))

    def send(self, data: bytes) -> None:
        self._write(h11.Data(data=data))

    def finish(self) -> Answer:
        """End the request's body, and read the answer to its end."""
        self.end()
        answer = self.head()
        while (chunk := self.chunk()) is not None:
            answer.chunks.append(chunk)
        return answer

    def end(self) -> None:
        """End the request's body."""
        self._write(h11.EndOfMessage())

    def head(self) -> Answer:
        """Read until the answer has begun."""
        event = self._next()
        assert isinstance(event, h11.Response), event
        answer = Answer(event.status_code, [(name, value) for name, value in event.headers])
        self._chunked = answer.header(b"transfer-encoding") == b"chunked"
        return answer

    def informational(self) -> int:
        """Read one interim answer (`100 Continue`, `103 Early Hints`) and return its status."""
        event = self._next()
        assert isinstance(event, h11.InformationalResponse), event
        return event.status_code

    def chunk(self) -> bytes | None:
        """Read one whole chunk (of a body that has a length: what there is of it); None at the end."""
        data = b""
        while True:
            event = self._next()
            if isinstance(event, h11.EndOfMessage):
                assert not data, "the body ended within a chunk"
                return None
            assert isinstance(event, h11.Data), event
            data += bytes(event.data)
            if event.chunk_end or not self._chunked:
                return data

    def abort(self) -> None:
        """Leave without a goodbye: the server gets a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _write(self, event: h11.Event) -> None:
        self.socket.sendall(self._protocol.send(event) or b"")

    def _next(self) -> h11.Event:
        while True:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA:
                self._protocol.receive_data(self.socket.recv(65536))
                continue
            assert isinstance(event, h11.Event), f"the server left: {event}"
            return event
