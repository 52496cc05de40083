"""A trace of a real server with a little of everything that filters speak of, captured for the test that asks."""

import os
import sys
import textwrap
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from tests.launch.conftest import free_port
from tests.serving import PATIENCE, ROOT, running

APPLICATION = textwrap.dedent(
    """
    import gzip


    class Route:
        def __init__(self, path):
            self.path = path


    class OutOfTea(LookupError):
        pass


    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        if scope["type"] == "websocket":
            return await websocket(scope, receive, send)
        path = scope["path"]
        if path == "/api/broken":
            raise ExceptionGroup("tea", [OutOfTea("none left"), ValueError("x")])
        scope["route"] = Route("/api/items/{id}" if path.startswith("/api/items") else path)
        if path == "/events":
            await start(send, 200, (b"content-type", b"text/event-stream"))
            for part in (b"data: half a wo", b"rd split\\n\\n"):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/packed":
            body = gzip.compress(b"leaves " * 9 + b"hidden treasure")
            await start(send, 200, (b"content-type", b"text/plain"), (b"content-encoding", b"gzip"))
            await send({"type": "http.response.body", "body": body[:15], "more_body": True})
            await send({"type": "http.response.body", "body": body[15:]})
        elif path == "/big":
            await start(send, 200, (b"content-type", b"application/octet-stream"))
            await send({"type": "http.response.body", "body": b"\\xff" * 20_000})
        elif path.startswith("/api/items"):
            body = b""
            while True:
                message = await receive()
                body += message["body"]
                if not message["more_body"]:
                    break
            await start(send, 201, (b"content-type", b"application/json"), (b"set-cookie", b"sid=4711; Path=/"))
            await send({"type": "http.response.body", "body": body})
        else:
            await start(send, 404, (b"content-type", b"text/plain"))
            await send({"type": "http.response.body", "body": b"nothing here"})


    async def start(send, status, *headers):
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})


    async def websocket(scope, receive, send):
        await receive()
        if scope["path"] == "/refused":
            return await send({"type": "websocket.close", "code": 1008})
        await send({"type": "websocket.accept", "headers": [(b"x-room", b"seven")]})
        await send({"type": "websocket.send", "text": (await receive())["text"].upper()})
        await send({"type": "websocket.close", "code": 4001, "reason": "done"})
    """
)

COMMANDS = {
    "uvicorn": ["uvicorn", "main:app", "--port"],
    "hypercorn": ["hypercorn", "main:app", "--bind"],
}


def capture(server: str, folder: Path) -> Path:
    """Serve the application, ask it everything, end it; the trace."""
    (folder / "main.py").write_text(APPLICATION)
    trace, port = folder / "trace.jsonl", free_port()
    place = str(port) if server == "uvicorn" else f"127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "asgi_inspect",
        "-o",
        str(trace),
        "--quiet",
        "--no-redact",
        *COMMANDS[server],
        place,
    ]
    with running(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=folder) as process:
        process.wait_for(f"unning on http://127.0.0.1:{port}")
        ask(port)
        process.stop()
    return trace


def ask(port: int) -> None:
    """Everything that there is to ask."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        client.post("/api/items/1", json={"name": "Ada L"}, params={"debug": "1", "q": "a b"})
        client.put("/api/items/2", content="Grüße", headers={"X-Request-ID": "r2", "Host": "tea.example"})
        for path in ("/events", "/packed", "/big", "/no where"):
            client.get(path)
        assert client.get("/api/broken").status_code == 500
    with connect(f"ws://127.0.0.1:{port}/talk") as socket:
        socket.send("lemon tea")
        assert socket.recv() == "LEMON TEA"
        with pytest.raises(ConnectionClosedError):
            socket.recv()
    with pytest.raises(InvalidStatus):
        connect(f"ws://127.0.0.1:{port}/refused")
