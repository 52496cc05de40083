"""The applications that all ways are measured with, and a server that is none: it only calls them.

What a server makes for each request is made anew here for each call: dicts, lists, tuples, strings and byte strings. Otherwise a
cache would look better than it is.
"""

import json
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

App = Callable[[Any, Any, Any], Awaitable[None]]
Message = dict[str, Any]

ECHOES: Final = 1000
CHUNKS: Final = 200
_KIB: Final = 1024
_LARGE: Final = 64 * _KIB  # of a chunk
LARGE_CHUNKS: Final = 160  # 10 MiB in all
_BYTES: Final = random.Random(7).randbytes(_LARGE)  # noqa: S311 (as a picture or an archive has them)

_HEADERS: Final = (
    (b"host", b"127.0.0.1:8000"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"en-US,en;q=0.5"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"connection", b"keep-alive"),
    (b"upgrade-insecure-requests", b"1"),
    (b"sec-fetch-dest", b"document"),
    (b"priority", b"u=0, i"),
)
_SECRETS: Final = (
    (b"authorization", b"Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NzExIn0.c2lnbmF0dXJlLW9mLXRoaXMtdG9rZW4"),
    (b"cookie", b"session=c2Vzc2lvbi1pZC1vZi1hLXVzZXI; theme=dark"),
)
_ORDER: Final = {
    "customer": "Ada Lovelace",
    "lines": [
        {"sku": "TEA-0042", "quantity": 3, "price": 12.5},
        {"sku": "CUP-0007", "quantity": 1, "price": 8.0},
    ],
    "note": "Please ring twice.",
}

Headers = tuple[tuple[bytes, bytes], ...]


class Head:
    """Header lines as a server reads them: names and values are cut out of one buffer, anew for each request."""

    def __init__(self, headers: Headers, *, unique: tuple[bytes, ...] = ()) -> None:
        """unique: names whose value differs in each request."""
        kept = [(name, value) for name, value in headers if name not in unique]
        self._unique = unique
        self._buffer = b"".join(name + value for name, value in kept)
        ends = [0]
        for name, value in kept:
            ends += [ends[-1] + len(name), ends[-1] + len(name) + len(value)]
        self._cuts = list(zip(pairwise(ends[::2]), ends[1::2], strict=False))

    def lines(self, number: int) -> list[tuple[bytes, bytes]]:
        """The list of this request."""
        buffer = self._buffer
        lines = [(buffer[begin:middle], buffer[middle:end]) for (begin, end), middle in self._cuts]
        for name in self._unique:
            lines.append((bytes(bytearray(name)), b"%s-%032x" % (name, number)))
        return lines


class Application(NamedTuple):
    """One application, and what it is asked.

    make: gives the application; it imports what it needs.
    received: the messages that `receive` gives in one call, made as they are asked for.
    units: how many of what is counted (`unit`) there are in a call.
    """

    name: str
    what: str
    make: Callable[[], App]
    head: Head
    received: Callable[[], Iterator[Message]]
    method: str = "GET"
    path: str = "/"
    query: bytes = b""
    body: bytes = b""
    """What a client has to send; of `upload` the bytes of one chunk."""
    websocket: bool = False
    unit: str = "call"
    units: int = 1
    usual: bool = True
    """Measured unless others are asked for."""

    def scope(self, number: int) -> dict[str, Any]:
        """A new one, as uvicorn makes it."""
        raw_path = bytes(bytearray(self.path.encode()))
        scope: dict[str, Any] = {
            "type": "websocket" if self.websocket else "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 32768 + number % 28000),
            "scheme": "ws" if self.websocket else "http",
            "root_path": "",
            "path": raw_path.decode("ascii"),
            "raw_path": raw_path,
            "query_string": bytes(bytearray(self.query)),
            "headers": self.head.lines(number),
            "state": {},
        }
        if self.websocket:
            scope |= {"subprotocols": [], "extensions": {"websocket.http.response": {}}}
        else:
            scope["method"] = self.method
        return scope

    async def call(self, app: App, number: int, send: Callable[[Any], Awaitable[None]] | None = None) -> None:
        """Call it once, as the number-th connection."""
        await app(self.scope(number), _receiver(self.received()), send or _sender())


def _receiver(messages: Iterator[Message]) -> Callable[[], Awaitable[Message]]:
    async def receive() -> Message:
        return next(messages)

    return receive


def _sender() -> Callable[[Any], Awaitable[None]]:
    async def send(message: Any) -> None:
        pass

    return send


def _nothing() -> Iterator[Message]:
    return _request(())


def _request(chunks: Iterable[bytes]) -> Iterator[Message]:
    """A request's body and what follows it."""
    for chunk in chunks:
        yield {"type": "http.request", "body": chunk, "more_body": True}
    yield {"type": "http.request", "body": b"", "more_body": False}
    while True:
        yield {"type": "http.disconnect"}


def _whole(body: bytes) -> Iterator[Message]:
    yield {"type": "http.request", "body": bytes(bytearray(body)), "more_body": False}
    while True:
        yield {"type": "http.disconnect"}


def _large() -> Iterator[Message]:
    return _request(bytes(bytearray(_BYTES)) for _ in range(LARGE_CHUNKS))


def _conversation() -> Iterator[Message]:
    yield {"type": "websocket.connect"}
    for number in range(ECHOES):
        yield {"type": "websocket.receive", "text": said(number)}
    while True:
        yield {"type": "websocket.disconnect", "code": 1000, "reason": ""}


def said(number: int) -> str:
    """The number-th small message of a conversation."""
    return f'{{"number": {number}, "text": "as chats have it"}}'


def _hello() -> App:
    async def hello(scope: Any, receive: Any, send: Any) -> None:
        await send({
            "type": "http.response.start", "status": 200,
            "headers": [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"13")],
        })  # fmt: skip
        await send({"type": "http.response.body", "body": b"Hello, world!"})

    return hello


def _fastapi() -> App:
    from fastapi import FastAPI
    from pydantic import BaseModel

    class Line(BaseModel):
        sku: str
        quantity: int
        price: float

    class Order(BaseModel):
        customer: str
        lines: list[Line]
        note: str = ""

    app = FastAPI()

    @app.get("/items/{item_id}")
    async def item(item_id: int, page: int = 1) -> dict[str, Any]:
        return {"id": item_id, "name": "Darjeeling", "price": 12.5, "in_stock": True, "page": page}

    # Given, not read from the annotation: this class is no global.
    async def order(order: Any) -> Any:
        return {"id": 4711, "total": sum(line.quantity * line.price for line in order.lines), "order": order}

    order.__annotations__ = {"order": Order}
    app.post("/orders")(order)
    return app


def _json(size: int, name: str = "origin") -> Callable[[], App]:
    """Answers JSON of about so many bytes, as APIs have it. name: of a field in each object."""
    item = {
        "name": "Darjeeling",
        "price": 12.5,
        "in_stock": True,
        "tags": ["black", "loose"],
        name: {"country": "India"},
    }
    items = [{"id": number, **item} for number in range(max(1, size // (len(json.dumps(item)) + 12)))]
    body = json.dumps({"items": items, "total": len(items)}).encode()
    length = b"%d" % len(body)

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await send({
            "type": "http.response.start", "status": 200,
            "headers": [(b"content-type", b"application/json"), (b"content-length", length)],
        })  # fmt: skip
        await send({"type": "http.response.body", "body": bytes(bytearray(body))})

    return lambda: answer


def _stream() -> App:
    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await send({
            "type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain; charset=utf-8")],
        })  # fmt: skip
        for number in range(CHUNKS):
            await send({"type": "http.response.body", "body": b"%07d;" % number * 128, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return stream


def _download() -> App:
    length = str(LARGE_CHUNKS * _LARGE).encode()

    async def download(scope: Any, receive: Any, send: Any) -> None:
        await send({
            "type": "http.response.start", "status": 200,
            "headers": [(b"content-type", b"application/octet-stream"), (b"content-length", length)],
        })  # fmt: skip
        for _ in range(LARGE_CHUNKS):
            await send({"type": "http.response.body", "body": bytes(bytearray(_BYTES)), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return download


def _upload() -> App:
    async def upload(scope: Any, receive: Any, send: Any) -> None:
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message["body"])
            more = message.get("more_body", False)
        body = b"%d" % size
        await send({
            "type": "http.response.start", "status": 200,
            "headers": [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))],
        })  # fmt: skip
        await send({"type": "http.response.body", "body": body})

    return upload


def _echo() -> App:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})

    return echo


_PLAIN: Final = Head(_HEADERS)
_JSON: Final = Head(
    (*_HEADERS[:6], (b"content-type", b"application/json"), (b"content-length", b"%d" % len(json.dumps(_ORDER))))
)
_UPLOAD: Final = Head((
    *_HEADERS[:6], (b"content-type", b"application/octet-stream"), (b"content-length", b"%d" % (LARGE_CHUNKS * _LARGE)),
))  # fmt: skip

APPS: Final[dict[str, Application]] = {
    app.name: app
    for app in (
        Application("hello", "raw ASGI, 9 request headers", _hello, _PLAIN, _nothing),
        Application(
            "hello-unique", "2 of the 9 header values differ in each request", _hello,
            Head(_HEADERS, unique=(b"accept", b"priority")), _nothing,
        ),
        Application("hello-secrets", "with a bearer token and two cookies", _hello, Head(_HEADERS + _SECRETS), _nothing),
        Application(
            "fastapi-get", "FastAPI, a path and a query parameter", _fastapi, _PLAIN, _nothing,
            path="/items/7", query=b"page=2",
        ),
        Application(
            "fastapi-post", "FastAPI, a JSON body in a model", _fastapi, _JSON, lambda: _whole(json.dumps(_ORDER).encode()),
            method="POST", path="/orders", body=json.dumps(_ORDER).encode(),
        ),
        Application("stream", f"{CHUNKS} chunks of 1 KiB", _stream, _PLAIN, _nothing, unit="chunk", units=CHUNKS),
        Application(
            "websocket", f"{ECHOES:,} small messages in, the same out", _echo, _PLAIN, _conversation, websocket=True,
            unit="message", units=2 * ECHOES,
        ),
        Application("download", "10 MiB in chunks of 64 KiB", _download, _PLAIN, _nothing, unit="MiB", units=10),
        Application(
            "upload", "10 MiB in chunks of 64 KiB", _upload, _UPLOAD, _large, method="POST", body=_BYTES, unit="MiB", units=10,
        ),
        Application("json-1k", "answers 1 KiB of JSON", _json(_KIB), _PLAIN, _nothing, usual=False),
        Application("json-60k", "answers 60 KiB of JSON", _json(60 * _KIB), _PLAIN, _nothing, usual=False),
        Application(
            "json-secrets", "answers 60 KiB of JSON with a secret in each object", _json(60 * _KIB, "token"), _PLAIN, _nothing,
            usual=False,
        ),
    )
}  # fmt: skip
