"""An application that says what nobody should, and a client that sends all that a socket can carry."""

import socket
from typing import Any

from websockets.sync.client import connect

from tests.hostile.nasty import FIELD, NASTY, OCTETS

WORDS = NASTY.replace("\0", "")
WIRE = bytes(octet for octet in FIELD if octet >= 0x20 and octet != 0x7F)
"""What servers let pass in a header: all but the controls of ASCII."""


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.failed", "message": NASTY})
        return
    scope["route"] = type("Route", (), {"path": NASTY})()
    scope["endpoint"] = endpoint
    await receive()
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})
        return
    if b"raise" in scope["query_string"]:
        raise Nasty(NASTY) from ExceptionGroup(NASTY, [ValueError(NASTY), KeyError(NASTY)])
    kind = dict(scope["headers"]).get(b"x-kind", b"text/plain")
    nasty = FIELD if scope["query_string"] == b"refused" else WIRE
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind), (b"x-nasty", nasty)]}
    )
    await send({"type": "http.response.body", "body": OCTETS})


async def endpoint() -> None:
    """Nobody calls it; its name is what counts."""


endpoint.__qualname__ = WORDS
endpoint.__module__ = WORDS
Nasty = type(WORDS, (Exception,), {"__module__": WORDS})


def attack(port: int) -> int:
    """Send it all; how many connections got an answer that is none of the server's own refusals."""
    kinds = [b"text/plain", b"application/json", b"text/event-stream", b"text/html; charset=" + WIRE, WIRE]
    answered = 0
    for kind in kinds:
        lines = [
            b"GET /%1B%5B8m%E2%80%AE%C2%9B8m%5Bbold%20red%5DB?a=[bold:red] HTTP/1.1",
            b"Host: x",
            b"Connection: close",
            b"X-Kind: " + kind,
        ]
        answered += b" 200 " in ask(
            port, [*lines, b"User-Agent: \x9b8m\xe2\x80\xae[bold red]B[/]:bomb:", b"X-Long: " + b"\x9b" * 50_000]
        )
    for line in (
        b"X: " + OCTETS.replace(b"\n", b"").replace(b"\r", b""),
        b"X\x1b: y",
        b"Cookie: a=\x1b]0;title\x07",
        b"Host: \x9b8m",
    ):
        ask(port, [b"GET /?raise HTTP/1.1", b"Connection: close", line])
    ask(port, [b"GET /?refused HTTP/1.1", b"Host: x", b"Connection: close"])
    ask(port, [b"G\x1bT / HTTP/1.1", b"Host: x"])
    talk(port)
    ask(port, [b"GET /?raise HTTP/1.1", b"Host: x", b"Connection: close"])
    return answered


def talk(port: int) -> None:
    """A WebSocket: a text, bytes, and a close with a reason."""
    with connect(f"ws://127.0.0.1:{port}/") as client:
        for words in (NASTY, OCTETS):
            client.send(words)
            client.recv()
        client.close(4000, "\x1b[8m\u202e[bold red]B")


def ask(port: int, lines: list[bytes]) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 20) as wire:
        wire.sendall(b"\r\n".join([*lines, b"", b""]))
        return b"".join(iter(lambda: wire.recv(65536), b""))
