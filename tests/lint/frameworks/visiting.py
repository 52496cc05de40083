"""A client that asks an application all that it has, over real sockets, as browsers, scripts and bad networks do."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.clients import PATIENCE, Wire
from tests.lint.frameworks.apps.leaves import LINES, SUBPROTOCOL

BODY = b"\x00\xff" + b"leaf" * 50_000
_CLIENT = {"name": "leaf", "version": "1"}
_NEWEST = "2026-07-28"
CLOSE_WITHOUT_CODE = b"\x88\x80leaf"  # masked, as each frame of a client
LARGE, SMALL = "/static/live-view.svg", "/static/filters.md"


@dataclass
class Visitor:
    """One client of one server, and all that it was told that it did not expect."""

    port: int
    odd: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=PATIENCE)

    def ask(self, method: str, path: str, status: int | tuple[int, ...] = 200, **more: Any) -> httpx.Response:
        """Ask over a connection that is kept; another status than this one is odd."""
        try:
            answer = self.http.request(method, path, **more)
        except httpx.TransportError as error:
            self.odd.append(f"{method} {path}: {error!r}")
            return httpx.Response(0)
        if answer.status_code not in (status if isinstance(status, tuple) else (status,)):
            self.odd.append(f"{method} {path}: {answer.status_code}, not {status}")
        return answer

    def leave(self, path: str, *, method: str = "GET", headers: list[tuple[bytes, bytes]] | None = None) -> None:
        """Begin to read an answer, and go without a goodbye."""
        with Wire(self.port) as wire:
            wire.begin(method, path, headers)
            wire.end()
            wire.head()
            wire.chunk()
            wire.abort()

    def leave_uploading(self, path: str) -> None:
        """Go in the middle of what is uploaded."""
        with Wire(self.port) as wire:
            wire.begin("POST", path, [(b"content-length", b"100000")])
            wire.send(BODY[:70_000])
            wire.abort()

    def talk(self, path: str, **options: Any) -> ClientConnection:
        conversation: ClientConnection = connect(
            f"ws://127.0.0.1:{self.port}{path}", open_timeout=PATIENCE, close_timeout=2, **options
        )
        return conversation

    def be_refused(self, path: str, status: tuple[int, ...]) -> None:
        """A handshake that is not accepted."""
        try:
            with self.talk(path):
                self.odd.append(f"WEBSOCKET {path}: accepted")
        except InvalidStatus as refusal:
            if refusal.response.status_code not in status:
                self.odd.append(f"WEBSOCKET {path}: {refusal.response.status_code}, not {status}")


def visit_web(visitor: Visitor) -> None:
    """What a framework for the web has; without WebSockets."""
    ask = visitor.ask
    for _ in range(2):
        ask("GET", "/hello", params={"leaf": "grün"})
    for path in ("/hello", "/stream", SMALL):
        ask("HEAD", path, headers={"connection": "close"})  # what daphne writes of a body would be the next answer's
    ask("OPTIONS", "/hello", (200, 204, 404, 405))
    ask("GET", "/cookies")
    ask("GET", "/empty", 204)
    ask("GET", "/unchanged", 304)
    ask("GET", "/moved", (302, 307))
    ask("GET", "/refused", 403)
    ask("GET", "/fails", 500, headers={"connection": "close"})  # some servers close it after that, some do not
    ask("GET", "/nothing%20here", 404)
    ask("POST", "/hello", (404, 405))  # BlackSheep knows no 405
    for path in ("/stream", "/events"):
        ask("GET", path)
    _ask_as_of_old(visitor)
    _upload(visitor)
    _take_files(visitor)
    visitor.leave("/forever")
    visitor.leave(LARGE)
    visitor.leave_uploading("/echo")
    visitor.leave_uploading("/form")


def _ask_as_of_old(visitor: Visitor) -> None:
    """HTTP/1.0: what has no length ends with its connection; not each server closes that."""
    with Wire(visitor.port) as wire:
        wire.socket.sendall(b"GET /stream HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n")
        answer = b""
        while LINES[-1].encode() not in answer:
            got = wire.socket.recv(65536)
            if not got:
                visitor.odd.append(f"GET /stream HTTP/1.0: {answer!r:.200}")
                return
            answer += got


def _upload(visitor: Visitor) -> None:
    def chunks() -> Any:
        yield BODY[:3]
        yield BODY[3:]

    for body in (b"", b"leaf", BODY, chunks()):
        visitor.ask("POST", "/echo", content=body)
    visitor.ask("POST", "/echo", content=BODY, headers={"expect": "100-continue"})
    visitor.ask("POST", "/form", files={"leaf": ("leaf.bin", BODY)}, data={"name": "grün"})


def _take_files(visitor: Visitor) -> None:
    ask = visitor.ask
    whole = ask("GET", SMALL)
    ask("GET", LARGE)
    ask("GET", LARGE, headers={"accept-encoding": "identity"})
    ask("GET", SMALL, (200, 206), headers={"range": "bytes=2-5"})
    ask("GET", LARGE, (200, 206), headers={"range": "bytes=70000-", "accept-encoding": "identity"})
    ask("GET", SMALL, (200, 206, 400, 416), headers={"range": "bytes=0-3,10-13"})
    ask("GET", SMALL, (200, 416), headers={"range": "bytes=9999999-"})
    ask("GET", "/static/nothing.md", 404)
    ask("GET", "/static/../pyproject.toml", 404)
    kept = {"if-none-match": whole.headers.get("etag", ""), "if-modified-since": whole.headers.get("last-modified", "")}
    ask("GET", SMALL, (200, 304), headers=kept)


def visit_websockets(visitor: Visitor) -> None:
    """Talk, and end in each way there is: by the client, with a code and without, by the application, by nobody."""
    with visitor.talk("/talk", subprotocols=[SUBPROTOCOL, "root"]) as conversation:
        for word in ("hello", "玉露", b"\x00\xff", "x" * 70_000):
            conversation.send(word)
            if (answer := conversation.recv(PATIENCE)) != word:
                visitor.odd.append(f"WEBSOCKET /talk: {answer!r:.50}")
    for end in (1000, 4001):
        with visitor.talk("/talk") as conversation:
            conversation.close(end, "enough")
    with visitor.talk("/talk") as conversation:
        conversation.send("bye")
        with suppress(ConnectionClosed, TimeoutError):  # the code below is what counts
            conversation.recv(1)
        if conversation.close_code != 4000:
            visitor.odd.append(f"WEBSOCKET /talk: ended with {conversation.close_code}")
    _leave_talking(visitor, "/talk", CLOSE_WITHOUT_CODE)
    for path in ("/talk", "/chatty"):
        _leave_talking(visitor, path)
    visitor.be_refused("/closed", (403,))
    visitor.be_refused("/denied", (401, 403))
    visitor.be_refused("/nowhere", (403, 404))


def _leave_talking(visitor: Visitor, path: str, last_frame: bytes = b"") -> None:
    """Vanish in the middle of a conversation, as a client does whose network is gone; or after this frame and its answer."""
    with Wire(visitor.port) as wire:
        wire.socket.sendall(
            b"GET " + path.encode() + b" HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        wire.socket.recv(65536)
        if last_frame:
            wire.socket.sendall(last_frame)
            wire.socket.recv(65536)
        wire.abort()


def visit_events(visitor: Visitor) -> None:
    """Event streams that end, and some that are left."""
    for path in ("/hello", "/events", "/told"):
        visitor.ask("GET", path)
        visitor.ask("GET", path, headers={"accept": "text/event-stream", "last-event-id": "2"})
        visitor.ask("HEAD", path, headers={"connection": "close"})
        visitor.ask("OPTIONS", path, 405)
    visitor.ask("POST", "/events-to-post", content=b"{}")
    visitor.ask("POST", "/events-to-post", content=BODY)
    visitor.ask("GET", "/events-to-post", 405)
    visitor.ask("GET", "/nothing", 404)
    for path in ("/forever", "/pinging", "/events", "/told"):
        visitor.leave(path)
    visitor.leave("/events-to-post", method="POST")
    visitor.leave_uploading("/events-to-post")
    with visitor.http.stream("GET", "/pinging") as answer:
        for line in answer.iter_lines():
            if line.startswith(": ping"):
                return
        visitor.odd.append("GET /pinging: it ended")


def visit_socketio(visitor: Visitor) -> None:
    """A client that polls, one that goes over to a WebSocket, one that begins with it, and some that do it wrong."""
    ask = visitor.ask
    ask("GET", "/filters.md")
    ask("HEAD", "/filters.md", (200, 404))
    ask("GET", SMALL)
    ask("GET", "/nothing", 404)
    ask("GET", "/socket.io/", 400)
    ask("GET", "/socket.io/?EIO=4&transport=polling&sid=unknown", 400)
    ask("OPTIONS", "/socket.io/?EIO=4&transport=polling", (200, 204))
    sid = _poll(visitor)
    with visitor.talk(f"/socket.io/?EIO=4&transport=websocket&sid={sid}") as conversation:
        conversation.send("2probe")
        conversation.recv(PATIENCE)
        conversation.send("5")
        conversation.send('42["leaf",3]')
        _hear(conversation, "42")
    sid = _poll(visitor)
    ask("POST", f"/socket.io/?EIO=4&transport=polling&sid={sid}", content="41")
    with visitor.talk("/socket.io/?EIO=4&transport=websocket") as conversation:
        _hear(conversation, "0")
        conversation.send("40")
        _hear(conversation, "40")
        conversation.send('420["leaf",{"n":1}]')
        _hear(conversation, "43")
        _hear(conversation, "2")
        conversation.send("3")
    with visitor.talk("/socket.io/?EIO=4&transport=websocket") as conversation:
        _hear(conversation, "0")
        conversation.send('40{"who":"nobody"}')
        _hear(conversation, "44")
    _leave_talking(visitor, "/socket.io/?EIO=4&transport=websocket")
    visitor.be_refused("/socket.io/?EIO=4&transport=websocket&sid=unknown", (400, 403))


def _poll(visitor: Visitor) -> str:
    """Connect by polling alone, and hear what comes of an event; returns the session."""
    opened = visitor.ask("GET", "/socket.io/?EIO=4&transport=polling").text
    sid: str = json.loads(opened[1:])["sid"]
    here = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
    visitor.ask("POST", here, content="40")
    visitor.ask("GET", here)
    visitor.ask("POST", here, content='42["leaf",1]')
    visitor.ask("GET", here)
    return sid


def _hear(conversation: ClientConnection, begin: str) -> None:
    while not str(conversation.recv(PATIENCE)).startswith(begin):
        pass


def visit_mcp(visitor: Visitor) -> None:
    """A session of the older revisions from its beginning to its end, then requests of the newest, each for itself."""
    both = {"accept": "application/json, text/event-stream"}
    session = both | {"mcp-session-id": _begin_session(visitor, both), "mcp-protocol-version": "2025-06-18"}
    told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    visitor.ask("POST", "/mcp", 202, json=told, headers=session)
    for method in ("ping", "tools/list", "resources/list", "prompts/list"):
        visitor.ask("POST", "/mcp", json=_call(method, {}), headers=session)
    for tool, arguments in (("grow", {"leaves": 3}), ("slowly", {}), ("fails", {}), ("grow", {"leaves": "x"})):
        call = {"name": tool, "arguments": arguments, "_meta": {"progressToken": 1}}
        visitor.ask("POST", "/mcp", json=_call("tools/call", call), headers=session)
    _wrongly(visitor, both, session)
    with visitor.http.stream("GET", "/mcp", headers=session):
        pass  # the stream of what the server has to say by itself, left as soon as it stands
    visitor.leave_uploading("/mcp")
    visitor.ask("DELETE", "/mcp", headers=session)
    visitor.ask("POST", "/mcp", 404, json=_call("tools/list", {}), headers=session)
    _without_session(visitor, both)


def _begin_session(visitor: Visitor, both: dict[str, str]) -> str:
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": _CLIENT}
    return visitor.ask("POST", "/mcp", json=_call("initialize", hello), headers=both).headers["mcp-session-id"]


def _wrongly(visitor: Visitor, both: dict[str, str], session: dict[str, str]) -> None:
    visitor.ask("POST", "/mcp", 400, content=b"{", headers=both)
    visitor.ask("POST", "/mcp", 400, json=_call("tools/list", {}), headers=both)
    visitor.ask("POST", "/mcp", 406, json=_call("tools/list", {}), headers=session | {"accept": "text/html"})
    visitor.ask("POST", "/mcp", 421, json=_call("tools/list", {}), headers=session | {"host": "elsewhere.example"})
    visitor.ask("POST", "/mcp", (400, 415), content=b"leaf", headers=session | {"content-type": "text/plain"})
    visitor.ask("PUT", "/mcp", 405, headers=session)
    visitor.ask("HEAD", "/mcp", (200, 405), headers=session | {"connection": "close"})
    visitor.ask("GET", "/nothing", 404)


def _without_session(visitor: Visitor, both: dict[str, str]) -> None:
    """The revision in which each request carries all that the server has to know."""
    meta = {"protocolVersion": _NEWEST, "clientInfo": _CLIENT, "clientCapabilities": {}}
    meta = {f"io.modelcontextprotocol/{key}": value for key, value in meta.items()}
    version = both | {"mcp-protocol-version": _NEWEST}
    visitor.ask(
        "POST", "/mcp", json=_call("tools/list", {"_meta": meta}), headers=version | {"mcp-method": "tools/list"}
    )
    for tool, arguments in (("grow", {"leaves": 3}), ("slowly", {}), ("fails", {})):
        call = {"name": tool, "arguments": arguments, "_meta": meta | {"progressToken": 1}}
        headers = version | {"mcp-method": "tools/call", "mcp-name": tool}
        visitor.ask("POST", "/mcp", json=_call("tools/call", call), headers=headers)
    visitor.ask("POST", "/mcp", 400, json=_call("tools/list", {"_meta": meta}), headers=version | {"mcp-method": "x"})


def _call(method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def visit_site(visitor: Visitor) -> None:
    visit_web(visitor)
    visit_websockets(visitor)


def visit_django(visitor: Visitor) -> None:
    visit_web(visitor)
    visitor.be_refused("/talk", (403, 500))


VISITS: dict[str, Callable[[Visitor], None]] = {
    "starlette": visit_site,
    "fastapi": visit_site,
    "django": visit_django,
    "litestar": visit_site,
    "quart": visit_site,
    "falcon": visit_site,
    "blacksheep": visit_site,
    "sse_starlette": visit_events,
    "socketio": visit_socketio,
    "mcp": visit_mcp,
}
"""Each framework, and how it is visited."""
