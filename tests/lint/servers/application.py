"""An application with a bad habit at each of its paths, to be served by real servers: what it does, a step after the other.

It stands alone, as servers import it by its name. A step is a message to send, `RECEIVE`, an exception to raise, or a function
that is given `receive` and `send`; what a server raises out of a send ends the call, as it would in most applications.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Step: TypeAlias = Any

RECEIVE: Final = "receive"
BEGUN: Final = b"begun"
"""In the body of each answer that a client is to leave in its midst."""
_TEXT: Final = (b"content-type", b"text/plain")
_DECLARED: Final = (b"trailer", b"x-sum")
_FILE: Final = os.path.abspath(__file__)
_FILE_LENGTH: Final = (b"content-length", b"%d" % os.stat(_FILE).st_size)


def start(status: Any = 200, *headers: Any, **more: Any) -> Message:
    return {"type": "http.response.start", "status": status, "headers": [_TEXT, *headers], **more}


def body(content: Any = b"a", **more: Any) -> Message:
    return {"type": "http.response.body", "body": content, **more}


def accept(**more: Any) -> Message:
    return {"type": "websocket.accept", **more}


def text(content: Any = "a", **more: Any) -> Message:
    return {"type": "websocket.send", "text": content, **more}


def close(**more: Any) -> Message:
    return {"type": "websocket.close", **more}


def denial(status: int = 401) -> Message:
    return {"type": "websocket.http.response.start", "status": status, "headers": [_TEXT]}


def denial_body(content: bytes = b"no", **more: Any) -> Message:
    return {"type": "websocket.http.response.body", "body": content, **more}


def pathsend(path: Any = None) -> Message:
    return {"type": "http.response.pathsend", "path": _FILE if path is None else path}


def push(**more: Any) -> Message:
    return {"type": "http.response.push", "path": "/a.css", "headers": [], **more}


def early_hint(*links: Any) -> Message:
    return {"type": "http.response.early_hint", "links": list(links or [b"</a.css>; rel=preload; as=style"])}


def trailers(*headers: Any, **more: Any) -> Message:
    return {"type": "http.response.trailers", "headers": list(headers or [(b"x-sum", b"1")]), **more}


async def two_receives(receive: Receive, send: Send) -> None:
    """The second is asked before the first has given anything."""
    calls = [asyncio.ensure_future(receive()) for _ in range(2)]
    _, waiting = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    for call in waiting:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


async def until_the_client_leaves(receive: Receive, send: Send) -> None:
    while not (await receive())["type"].endswith(".disconnect"):
        pass


async def ask_once_more(receive: Receive, send: Send) -> None:
    """A receive that some servers never answer is given up."""
    try:
        await asyncio.wait_for(receive(), 0.05)
    except TimeoutError:
        pass


async def send_whatever_comes(receive: Receive, send: Send) -> None:
    """It does not take to heart that the client has left."""
    try:
        await send(text())
    except OSError:
        pass


async def leave_a_task_behind(receive: Receive, send: Send) -> None:
    """It asks on, when the call is over."""

    async def late() -> None:
        await over.wait()
        await receive()

    over = asyncio.Event()
    _tasks.add(asyncio.ensure_future(late()))
    asyncio.get_running_loop().call_later(0.05, over.set)


async def headers_from_a_generator(receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": (pair for pair in [_TEXT])})


_tasks: Final[set[asyncio.Future[None]]] = set()  # so that they are not collected as garbage

HTTP: Final[Mapping[str, list[Step]]] = {
    "/": [start(), body()],
    # --- the order ---
    "/start-twice": [start(), start(500)],
    "/start-after-complete": [start(), body(), start(500)],
    "/body-after-complete": [start(), body(), body(b"b")],
    "/body-first": [body()],
    "/no-answer": [RECEIVE],
    "/no-body": [start(204)],
    "/unfinished": [start(), body(more_body=True)],
    "/raises-first": [RECEIVE, ValueError("as the application wished")],
    "/raises-in-mid-response": [start(), body(more_body=True), ValueError("as the application wished")],
    "/raises-when-all-is-sent": [start(), body(), ValueError("as the application wished")],
    # --- the start ---
    "/status-missing": [{"type": "http.response.start", "headers": []}],
    "/status-str": [start("200"), body()],
    "/status-103": [start(103), body()],
    "/headers-none": [{"type": "http.response.start", "status": 200, "headers": None}],
    "/header-name-str": [start(200, ("x-a", b"1")), body()],
    "/header-value-int": [start(200, (b"content-length", 1)), body()],
    "/header-name-title-case": [start(200, (b"X-A", b"1")), body()],
    "/header-name-blank": [start(200, (b"x a", b"1")), body()],
    "/header-value-line": [start(200, (b"x-a", b"1\r\nx-b: 2")), body()],
    "/header-value-blanks": [start(200, (b"x-a", b" 1 ")), body()],
    "/header-pseudo": [start(200, (b":status", b"200")), body()],
    "/headers-generator": [headers_from_a_generator, body()],
    "/content-type-twice": [start(200, _TEXT), body()],
    "/transfer-encoding": [start(200, (b"transfer-encoding", b"chunked")), body()],
    "/length-and-encoding": [start(200, (b"content-length", b"1"), (b"transfer-encoding", b"chunked")), body()],
    "/length-no-number": [start(200, (b"content-length", b"one")), body()],
    "/length-twice": [start(200, (b"content-length", b"1"), (b"content-length", b"2")), body()],
    # --- the body ---
    "/too-long": [start(200, (b"content-length", b"1")), body(b"ab")],
    "/too-short": [start(200, (b"content-length", b"9")), body(b"ab")],
    "/body-on-204": [start(204), body()],
    "/body-str": [start(), body("a")],
    "/body-none": [start(), body(None)],
    "/body-memoryview": [start(), body(memoryview(b"a"))],
    "/more-body-int": [start(), body(more_body=1), body(b"b")],
    "/head-in-chunks": [start(), body(more_body=True), body(b"b", more_body=True), body(b"")],
    # --- messages ---
    "/message-list": [[("type", "http.response.start")]],
    "/message-without-type": [{"status": 200}],
    "/message-unknown": [{"type": "http.response.begin", "status": 200}],
    "/message-of-a-websocket": [accept()],
    "/message-of-the-server": [start(), body(), {"type": "http.disconnect"}],
    # --- extensions ---
    "/early-hint": [early_hint(), start(), body()],
    "/trailers": [start(trailers=True), body()],
    "/pathsend": [start(200, _FILE_LENGTH), pathsend()],
    "/pathsend-relative": [start(200, _FILE_LENGTH), pathsend("application.py")],
    "/pathsend-of-bytes": [start(200, _FILE_LENGTH), pathsend(os.fsencode(_FILE))],
    "/pathsend-twice": [start(200, _FILE_LENGTH), pathsend(), pathsend()],
    "/pathsend-behind-a-body": [start(), body(more_body=True), pathsend()],
    "/pathsend-first": [pathsend(), start(200, _FILE_LENGTH), body()],
    "/pathsend-without-a-length": [start(), pathsend()],
    # --- receive and the client ---
    "/two-receives": [RECEIVE, start(), body(BEGUN, more_body=True), two_receives],
    "/receive-after-disconnect": [start(), body(BEGUN, more_body=True), until_the_client_leaves, ask_once_more],
    "/goes-on-after-disconnect": [start(), body(BEGUN, more_body=True), until_the_client_leaves, body()],
    "/upload-cut-off": [until_the_client_leaves, start(), body()],
    "/upload-not-read": [start(), body()],
    # --- the call ---
    "/returns-a-value": [start(), body(), lambda receive, send: _value()],
    "/leaves-a-task-behind": [start(), body(), leave_a_task_behind],
    # --- what servers make of clients ---
    "/method-in-lower-case": [start(), body()],
    "/http-1.0": [start(), body()],
    "/forwarded-as-wss": [start(), body()],
    "/forwarded-as-nothing": [start(), body()],
    # --- what ends some servers ---
    "/exits": [RECEIVE, SystemExit(7)],
    "/status-99": [RECEIVE, start(99), body()],
}

HTTP_2: Final[Mapping[str, list[Step]]] = {
    "/": [start(), body()],
    "/connection-header": [start(200, (b"connection", b"keep-alive")), body()],
    # --- push ---
    "/push": [start(), push(), body()],
    "/push-first": [push(), start(), body()],
    "/push-without-a-path": [start(), {"type": "http.response.push", "headers": []}, body()],
    "/push-without-headers": [start(), {"type": "http.response.push", "path": "/a.css"}, body()],
    "/push-relative": [start(), push(path="a.css"), body()],
    # --- early hints ---
    "/early-hint": [early_hint(), start(), body()],
    "/early-hint-late": [start(), early_hint(), body()],
    "/early-hint-after-all": [start(), body(), early_hint()],
    "/early-hint-without-links": [{"type": "http.response.early_hint"}, start(), body()],
    "/early-hint-str": [early_hint("</a.css>; rel=preload"), start(), body()],
    "/early-hint-no-link": [early_hint(b"/a.css"), start(), body()],
    # --- trailers ---
    "/trailers": [start(200, _DECLARED, trailers=True), body(), trailers()],
    "/trailers-without-the-flag": [start(200, _DECLARED), body(), trailers()],
    "/trailers-that-never-come": [start(200, _DECLARED, trailers=True), body()],
    "/trailers-too-early": [start(200, _DECLARED, trailers=True), body(more_body=True), trailers(), body(b"b")],
    "/trailers-twice": [start(200, _DECLARED, trailers=True), body(), trailers(), trailers()],
    "/trailers-without-headers": [start(200, _DECLARED, trailers=True), body(), {"type": "http.response.trailers"}],
    "/trailers-undeclared": [start(trailers=True), body(), trailers()],
    "/trailers-forbidden": [start(200, _DECLARED, trailers=True), body(), trailers((b"content-length", b"1"))],
    "/trailers-split": [start(200, _DECLARED, trailers=True), body(), trailers(more_trailers=True), trailers()],
    "/trailers-more-int": [start(200, _DECLARED, trailers=True), body(), trailers(more_trailers=0)],
    "/trailers-flag-int": [start(200, _DECLARED, trailers=1), body(), trailers()],
}
"""Of a server that offers push, early hints and trailers."""

WEBSOCKET: Final[Mapping[str, list[Step]]] = {
    "/": [RECEIVE, accept(), RECEIVE],
    # --- the order ---
    "/unanswered": [RECEIVE],
    "/raises-first": [RECEIVE, ValueError("as the application wished")],
    "/accept-unasked": [accept(), close()],
    "/send-first": [RECEIVE, text()],
    "/accept-twice": [RECEIVE, accept(), accept()],
    "/accept-after-close": [RECEIVE, close(), accept()],
    "/send-after-close": [RECEIVE, accept(), close(), text()],
    "/close-twice": [RECEIVE, accept(), close(), close()],
    "/left-open": [RECEIVE, accept()],
    "/raises-while-open": [RECEIVE, accept(), ValueError("as the application wished")],
    "/receive-after-disconnect": [RECEIVE, accept(), until_the_client_leaves, ask_once_more],
    "/goes-on-after-disconnect": [RECEIVE, accept(), until_the_client_leaves, *([send_whatever_comes] * 4)],
    "/closes-after-disconnect": [RECEIVE, accept(), until_the_client_leaves, close()],
    # --- what is sent ---
    "/subprotocol-not-offered": [RECEIVE, accept(subprotocol="none-such"), close()],
    "/text-and-bytes": [RECEIVE, accept(), text(bytes=b"a"), close()],
    "/neither-text-nor-bytes": [RECEIVE, accept(), {"type": "websocket.send"}, close()],
    "/text-as-bytes": [RECEIVE, accept(), text(b"a"), close()],
    "/close-1006": [RECEIVE, accept(), close(code=1006)],
    "/close-99": [RECEIVE, accept(), close(code=99)],
    "/close-1011": [RECEIVE, accept(), close(code=1011)],
    "/close-none": [RECEIVE, accept(), close(code=None)],
    "/close-for-long-reasons": [RECEIVE, accept(), close(code=4000, reason="é" * 100)],
    "/accept-names-its-subprotocol": [RECEIVE, accept(headers=[(b"sec-websocket-protocol", b"chat")]), close()],
    "/message-of-http": [RECEIVE, start(404), body(b"not found")],
    # --- the answer that refuses ---
    "/denial": [RECEIVE, denial(), denial_body()],
    "/denial-unfinished": [RECEIVE, denial(), denial_body(more_body=True)],
    "/accept-after-denial": [RECEIVE, denial(), denial_body(), accept()],
    # --- what servers tell of the client ---
    "/client-closes-without-a-code": [RECEIVE, accept(), until_the_client_leaves],
}

_COMPLETE: Final = {"type": "lifespan.startup.complete"}
_SHUT: Final = {"type": "lifespan.shutdown.complete"}
LIFESPAN: Final[Mapping[str, list[Step]]] = {
    "good": [RECEIVE, _COMPLETE, RECEIVE, _SHUT],
    "complete-twice": [RECEIVE, _COMPLETE, _COMPLETE, RECEIVE, _SHUT],
    "complete-and-failed": [RECEIVE, _COMPLETE, {"type": "lifespan.startup.failed", "message": "no"}, RECEIVE, _SHUT],
    "complete-unasked": [_COMPLETE, RECEIVE, RECEIVE, _SHUT],
    "shut-down-too-early": [RECEIVE, _COMPLETE, _SHUT, RECEIVE],
    "startup-unanswered": [RECEIVE],
    "shutdown-unanswered": [RECEIVE, _COMPLETE, RECEIVE],
    "shut-down-twice": [RECEIVE, _COMPLETE, RECEIVE, _SHUT, _SHUT],
    "ends-early": [RECEIVE, _COMPLETE],
    "ignored": [],
    "raises-in-startup": [RECEIVE, ValueError("no database")],
    "raises-later": [RECEIVE, _COMPLETE, ValueError("as the application wished")],
    "failed-with-an-exception": [RECEIVE, {"type": "lifespan.startup.failed", "message": ValueError("no database")}],
}


async def _value() -> str:
    return "response"


async def play(steps: list[Step], receive: Receive, send: Send) -> object:
    """One step after the other; what a function gives is what the application returns."""
    given: object = None
    for step in steps:
        if step is RECEIVE:
            await receive()
        elif isinstance(step, BaseException):
            raise type(step)(*step.args)
        elif callable(step):
            given = await step(receive, send)
        else:
            await send(step)
    return given


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> object:
    """Whatever the path says; the lifespan is what a variable says."""
    if scope["type"] == "lifespan":
        if "state" in scope:
            scope["state"]["database"] = "open"
        return await play(LIFESPAN[os.environ.get("LIFESPAN", "good")], receive, send)
    habits = {"http": HTTP, "websocket": WEBSOCKET}[scope["type"]]
    if scope.get("http_version") == "2":
        habits = HTTP_2
    return await play(habits[scope["path"]], receive, send)
