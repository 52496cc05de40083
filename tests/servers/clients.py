"""What clients hear of the application, written down so that two servers can be compared: all but what differs by nature."""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx
import websockets.sync.client
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.connection import Connection
from websockets.typing import Subprotocol

from tests.clients import PATIENCE
from tests.servers.http3 import ask_over_http3
from tests.servers.ways import Over

_BY_NATURE = {"date", "x-pid", "sec-websocket-accept"}


@dataclass
class Place:
    """Where a server listens, and what is spoken there."""

    over: Over
    port: int
    socket: Path
    authority: Path
    quic_port: int = 0

    @property
    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))

    def url(self, scheme: str, path: str) -> str:
        return f"{scheme}{'s' if self.over.encrypted else ''}://127.0.0.1:{self.port}{path}"

    def client(self) -> httpx.Client:
        transport = httpx.HTTPTransport(
            verify=self.context if self.over.encrypted else False,
            uds=str(self.socket) if self.over is Over.UNIX else None,
            http1=self.over is not Over.HTTP2,
            http2=self.over is Over.HTTP2,
        )
        return httpx.Client(transport=transport, timeout=PATIENCE, base_url=self.url("http", ""))


@dataclass(frozen=True)
class Heard:
    """One answer."""

    status: int
    headers: list[tuple[str, str]]
    body: str


_REQUESTS = [
    ("GET", "/", b""),
    ("GET", "/scope?a=1&b=%20", b""),
    ("POST", "/echo", b"abc" * 30_000),
    ("GET", "/stream", b""),
    ("GET", "/nothing/%C3%A9", b""),
    ("GET", "/raise", b""),
]


def requests(over: Over) -> list[tuple[str, str, bytes]]:
    """What is asked. The answer to an exception that hypercorn gives over HTTP/3 is none: clients must refuse its header."""
    return _REQUESTS[:-1] if over is Over.HTTP3 else _REQUESTS


def answers(place: Place) -> bool:
    """Whether there is somebody who answers."""
    try:
        if place.over is Over.UNIX:  # httpx would leave a socket open that cannot connect
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(place.socket))
        ask(place, "/ready")
    except (httpx.TransportError, OSError):
        return False
    return True


def ask(place: Place, path: str) -> str:
    """The body of an answer."""
    if place.over is Over.HTTP3:
        return asyncio.run(ask_over_http3(place.quic_port, place.authority, [("GET", path, b"")]))[0][2].decode()
    with place.client() as client:
        return client.get(path).text


def hear(place: Place) -> list[Heard]:
    """All the requests, one after the other."""
    if place.over is Over.HTTP3:
        told = asyncio.run(ask_over_http3(place.quic_port, place.authority, requests(place.over)))
        return [_heard(place, status, headers, body) for status, headers, body in told]
    heard = []
    with place.client() as client:
        for method, path, body in requests(place.over):
            answer = client.request(method, path, content=body)
            heard.append(_heard(place, answer.status_code, answer.headers.raw, answer.content))
    return heard


def _heard(place: Place, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Heard:
    return Heard(
        status,
        [
            (name.decode(), value.decode().replace(str(place.quic_port or place.port), "PORT"))
            for name, value in headers
            if name.decode().lower() not in _BY_NATURE
        ],
        body.decode(),
    )


def connect(place: Place, path: str) -> Connection:
    """Open a WebSocket."""
    subprotocols = [Subprotocol("echo"), Subprotocol("other")]
    if place.over is Over.UNIX:
        return websockets.sync.client.unix_connect(
            str(place.socket), f"ws://127.0.0.1{path}", subprotocols=subprotocols, open_timeout=PATIENCE
        )
    return websockets.sync.client.connect(
        place.url("ws", path),
        ssl=place.context if place.over.encrypted else None,
        subprotocols=subprotocols,
        open_timeout=PATIENCE,
    )


def talk(place: Place) -> list[object]:
    """A conversation over a WebSocket: text, bytes, and the end that the application makes."""
    with connect(place, "/talk") as opened:
        assert opened.response is not None
        told: list[object] = [
            _heard(place, opened.response.status_code, _raw(opened.response.headers), b""),
            opened.subprotocol,
        ]
        for message in ("hello, Zoë", b"\x00\xff\x01", "x" * 70_000):
            opened.send(message)
            told.append(opened.recv(PATIENCE))
        opened.send("bye")
        try:
            told.append(opened.recv(PATIENCE))
        except ConnectionClosed as closed:
            told.append(closed.rcvd)
    return told


def be_refused(place: Place) -> object:
    """What a WebSocket hears that the application does not accept."""
    try:
        connect(place, "/elsewhere").close()
    except InvalidStatus as refused:
        response = refused.response
        return _heard(place, response.status_code, _raw(response.headers), bytes(response.body or b""))
    return "accepted"


def _raw(headers: websockets.Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.raw_items()]
