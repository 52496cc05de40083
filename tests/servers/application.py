"""The application of the matrix: copied as `main.py` into the folder in which each server is started.

It runs on asyncio and trio alike, and answers what a client can compare. What only its terminal can tell (which process
started, whether the lifespan came to its end) it prints.
"""

import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

EDITION = "edition 1"
FAILS = False
# What a framework adds to the scope is not the server's, and what tells of the client differs from one run to the next.
_NOT_COMPARED = {"client", "server", "headers", "state"}
_ASGI = {*_NOT_COMPARED, "type", "asgi", "http_version", "method", "scheme", "path", "raw_path", "query_string"}
_ASGI |= {"root_path", "extensions"}


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await lifespan(scope, receive, send)
    elif scope["type"] == "websocket":
        await websocket(scope, receive, send)
    elif scope["path"] == "/raise":
        raise RuntimeError("as the application wished")
    elif scope["path"] == "/echo":
        await echo(receive, send)
    elif scope["path"] == "/stream":
        await stream(send)
    elif scope["path"] == "/wait":
        await wait(receive, send)
    else:
        known = {"/": EDITION, "/pid": str(os.getpid()), "/scope": described(scope)}
        await answer(send, known.get(scope["path"]))


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        say(message["type"])
        if "state" in scope:
            scope["state"]["ready"] = True
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


def say(text: str) -> None:
    sys.stdout.write(f"application: {text} in {os.getpid()}\n")  # one write, as workers share the stream
    sys.stdout.flush()


async def answer(send: Send, text: str | None) -> None:
    status, body = (404, b"nothing here") if text is None else (200, text.encode())
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body)), (b"x-twice", b"1")]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"x-twice", b"2")]})
    await send({"type": "http.response.body", "body": body})


def described(scope: dict[str, Any]) -> str:
    """What the server gave, and of which types."""
    values = {key: scope[key] for key in _ASGI - _NOT_COMPARED if key in scope}
    types = {key: type(scope[key]).__name__ for key in _ASGI if key in scope}
    return f"{sorted(values.items())}\n{sorted(types.items())}\n{sorted(scope.get('state', {}))}"


async def echo(receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 201, "headers": [(b"content-type", b"text/plain")]})
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        await send({"type": "http.response.body", "body": message.get("body", b"").upper(), "more_body": more})


async def stream(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for number in range(3):
        await send({"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def wait(receive: Receive, send: Send) -> None:
    """Begin an answer, and wait until the client has gone."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-pid", b"%d" % os.getpid())]})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


async def websocket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await receive()
    if scope["path"] != "/talk":
        await send({"type": "websocket.close", "code": 4404})
        return
    await send({"type": "websocket.accept", "subprotocol": "echo", "headers": [(b"x-pid", b"%d" % os.getpid())]})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4000, "reason": "you said it"})
            return
        if message.get("text") is not None:
            await send({"type": "websocket.send", "text": message["text"].upper()})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"][::-1]})


def create_app() -> Callable[..., Awaitable[None]]:
    return app
