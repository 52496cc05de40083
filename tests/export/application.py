"""What is served here: it tells what it was asked, so that two requests are the same where their answers are."""

import base64
import gzip
import json
from typing import Any

OCTETS = bytes(range(256))
EVENTS = [b"data: one\n\n", b"event: second\ndata: two\n\n", b"data: three\n\n"]


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "websocket":
        await talk(scope, receive, send)
        return
    body = b""
    while scope["path"] != "/unread":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message.get("more_body"):
            break
    await answer(scope, body, send)


async def answer(scope: Any, body: bytes, send: Any) -> None:
    match scope["path"]:
        case "/raise":
            raise ValueError("told to\nraise")
        case "/binary":
            await respond(send, [OCTETS], (b"content-type", b"application/octet-stream"))
        case "/gzip":
            coded = gzip.compress(b'{"coded": true}' * 50, mtime=0)
            await respond(send, [coded], (b"content-type", b"application/json"), (b"content-encoding", b"gzip"))
        case "/events":
            await respond(send, EVENTS, (b"content-type", b"text/event-stream"))
        case "/latin":
            await respond(send, ["café".encode("latin-1")], (b"content-type", b"text/plain; charset=iso-8859-1"))
        case "/cookies":
            await respond(
                send,
                [b"<p>cookies</p>"],
                (b"content-type", b"text/html"),
                (b"set-cookie", b"sid=a b=c; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=60"),
                (b"set-cookie", b"old=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
            )
        case "/redirect":
            await respond(send, [], (b"location", b"/elsewhere?x=1"), status=303)
        case _:
            await respond(send, [told(scope, body)], (b"content-type", b"application/json"), (b"x-bytes", b"\xff\xfe"))


def told(scope: Any, body: bytes) -> bytes:
    """The request, all that a client decides of it."""
    heads = sorted([name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"])
    return json.dumps(
        {
            "method": scope["method"],
            "version": scope["http_version"],
            "raw_path": scope["raw_path"].decode("latin-1"),
            "path": scope["path"],
            "query": scope["query_string"].decode("latin-1"),
            "headers": heads,
            "body": base64.b64encode(body).decode(),
        }
    ).encode()


async def respond(send: Any, chunks: list[bytes], *headers: tuple[bytes, bytes], status: int = 200) -> None:
    length = (b"content-length", str(sum(map(len, chunks))).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    for chunk in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def talk(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    if scope["path"] == "/refuse":
        await send({"type": "websocket.close"})
        return
    if scope["path"] == "/deny":
        await send({"type": "websocket.http.response.start", "status": 418, "headers": [(b"x-tea", b"pot")]})
        await send({"type": "websocket.http.response.body", "body": b"short and stout"})
        return
    await send({"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[0]})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "close":
            await send({"type": "websocket.close", "code": 4001, "reason": "as told"})
            return
        await send({**message, "type": "websocket.send"})
