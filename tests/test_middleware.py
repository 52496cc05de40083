"""`InspectMiddleware`: its attributes, its copies, what it tells of a framework's routes, and what it keeps of bodies."""

import asyncio
import copy
import functools
import pickle
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from asgi_inspect.errors import UsageError
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import EndRecord, ProcessRecord, ReceiveRecord, ScopeRecord, SendRecord, SentRecord
from asgi_inspect.values import Truncated
from tests.stage import BODY, START, Account, echo, http_scope, never, no_send_is_slow, nothing, of_kind, records, run


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    no_send_is_slow(monkeypatch)
    return tmp_path / "trace.jsonl"


class Application:
    """An application that is an object, with attributes of its own."""

    kind = "of the class"

    def __init__(self) -> None:
        self.debug = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(BODY)

    def route(self, path: str) -> str:
        return f"routed {path}"

    def __getnewargs__(self) -> tuple[str]:
        raise AssertionError("this is about a copy of the application, not of the middleware")

    def __deepcopy__(self, memo: dict[int, Any]) -> "Application":
        return Application()


# --- attributes and copies ----------------------------------------------------------------------------------------------


def test_attributes_that_are_not_ours_are_those_of_the_application(out: Path) -> None:
    app = Application()
    middleware = InspectMiddleware(app, out=out)
    assert middleware.app is app
    assert (middleware.debug, middleware.kind, middleware.route("/x")) == (False, "of the class", "routed /x")
    middleware.debug = True
    middleware.added = 1
    assert vars(app) == {"debug": True, "added": 1}
    del middleware.added
    assert not hasattr(app, "added")
    assert not hasattr(middleware, "added")
    with pytest.raises(AttributeError, match="nonsense"):
        middleware.nonsense
    del middleware.app
    with pytest.raises(AttributeError, match="'app'"):
        middleware.debug


def test_a_subclass_keeps_what_is_set_on_it(out: Path) -> None:
    class Labelled(InspectMiddleware):
        def __init__(self, app: Any, label: str) -> None:
            super().__init__(app, out=out)
            self.label = label

    app = Application()
    assert Labelled(app, "leaf").label == "leaf"
    assert not hasattr(app, "label")


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda middleware: pickle.loads(pickle.dumps(middleware))],
    ids=["copy", "deepcopy", "pickle"],
)
@pytest.mark.parametrize("used", [False, True])
def test_copies_are_middlewares_that_write_to_the_same_file(
    copied: Callable[[Any], Any], used: bool, out: Path
) -> None:
    middleware = InspectMiddleware(nothing, out=out)
    if used:
        asyncio.run(run(middleware))
    twin = copied(middleware)
    assert type(twin) is InspectMiddleware
    assert twin.app is nothing
    asyncio.run(run(twin))
    assert len(of_kind(records(twin), EndRecord)) == 1 + used
    assert len(of_kind(records(twin), ProcessRecord)) == 1


def test_a_copy_does_not_ask_the_application_how(out: Path) -> None:
    middleware = InspectMiddleware(Application(), out=out)
    assert type(copy.copy(middleware)) is InspectMiddleware
    assert type(copy.deepcopy(middleware).app) is Application


def test_options_that_cannot_be_are_refused_at_once() -> None:
    for wrong in ({"body_limit": "much"}, {"flush": "never"}, {"format": "xml"}, {"out": 7}, {"utc": "perhaps"}):
        with pytest.raises(UsageError):
            InspectMiddleware(nothing, **wrong)


# --- what is told -------------------------------------------------------------------------------------------------------


def test_the_process_record_names_application_and_server(out: Path) -> None:
    middleware = InspectMiddleware(functools.partial(Application()), out=out)
    assert records(middleware) == []
    asyncio.run(_visit(middleware, "/"))
    process = of_kind(records(middleware), ProcessRecord)[0]
    assert process.app.endswith("test_middleware.Application")
    assert process.server == f"httpx {httpx.__version__}"
    assert process.options["body_limit"] == 65536


async def _visit(app: Any, path: str, method: str = "GET") -> int:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://leaf.example") as client:
        return (await client.request(method, path)).status_code


def _starlette() -> Any:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    async def leaf(request: Any) -> Any:
        return PlainTextResponse("leaf")

    return Starlette(routes=[Route("/leaves/{n:int}", leaf), Mount("/sub", routes=[Route("/leaves/{n}", leaf)])])


def _fastapi() -> Any:
    from fastapi import APIRouter, FastAPI

    app, router = FastAPI(), APIRouter(prefix="/sub")

    @app.get("/leaves/{n}")
    def leaf(n: int) -> int:
        return n

    router.get("/leaves/{n}")(leaf)
    app.include_router(router)
    return app


def _litestar(sync: bool) -> Any:
    from litestar import Litestar, Router, get

    async def leaf() -> int:
        return 7

    def sync_leaf() -> int:
        return 7

    if sync:
        handler = get("/leaves/{n:int}", sync_to_thread=True)(sync_leaf)
    else:
        handler = get("/leaves/{n:int}")(leaf)
    return Litestar([handler, Router("/sub", route_handlers=[handler])], logging_config=None)


FRAMEWORKS: dict[str, tuple[Callable[[], Any], str, str, str, set[str]]] = {
    "starlette": (_starlette, "/leaves/{n}", "/leaves/{n}", "_starlette.<locals>.leaf", {"app", "endpoint", "path_params"}),
    "fastapi": (_fastapi, "/leaves/{n}", "/sub/leaves/{n}", "_fastapi.<locals>.leaf", {"app", "endpoint", "route"}),
    "litestar": (
        functools.partial(_litestar, False), "/leaves/{n}", "/sub/leaves/{n}", "_litestar.<locals>.leaf",
        {"path_params", "path_template", "route_handler"},
    ),
    "litestar, sync": (
        functools.partial(_litestar, True), "/leaves/{n}", "/sub/leaves/{n}", "_litestar.<locals>.sync_leaf",
        {"path_params", "path_template", "route_handler"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_route_endpoint_and_changes_of_the_scope(name: str, out: Path) -> None:
    make, route, sub_route, endpoint, changes = FRAMEWORKS[name]
    middleware = InspectMiddleware(make(), out=out)
    for path in ("/leaves/7", "/sub/leaves/7", "/none"):
        asyncio.run(_visit(middleware, path))
    first, second, missing = of_kind(records(middleware), EndRecord)
    assert (first.route, second.route) == (route, sub_route)
    assert first.endpoint.endswith(endpoint)
    assert second.endpoint.endswith(endpoint)
    assert set(first.scope_changes) >= changes
    assert missing.route is None
    assert missing.outcome == "returned"


# --- bodies -------------------------------------------------------------------------------------------------------------


def test_a_gigabyte_each_way_costs_bounded_memory_and_a_small_file(out: Path) -> None:
    """Each chunk is new; the trace knows its size, and has the first 64 KiB."""
    size, chunks = 1 << 20, 1024

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(chunks):
            await receive()
            await send({"type": "http.response.body", "body": bytes(size), "more_body": True})

    async def receive() -> Any:
        return {"type": "http.request", "body": bytes(size), "more_body": True}

    async def send(message: Any) -> None:
        pass

    middleware = InspectMiddleware(app, out=out)
    tracemalloc.start()
    try:
        asyncio.run(middleware(http_scope(), receive, send))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * size
    trace = records(middleware)
    assert out.stat().st_size < 2_000_000
    for kind in (ReceiveRecord, SendRecord):
        first, *rest = [record.message["body"] for record in of_kind(trace, kind)]
        assert first == Truncated(size, bytes(65_536))
        assert set(rest) == {Truncated(size, b"")}
        assert len(rest) == chunks - 1


CUT: dict[str, tuple[int | None, list[bytes], list[Any]]] = {
    "all fit": (10, [b"leaf", b"leaves"], [b"leaf", b"leaves"]),
    "the second is cut": (6, [b"leaf", b"leaves"], [b"leaf", Truncated(6, b"le")]),
    "later ones are empty": (5, [b"leaves", b"", b"x"], [Truncated(6, b"leave"), b"", Truncated(1, b"")]),
    "at a character's end": (4, ["äöü".encode()], [Truncated(6, "äö".encode())]),
    "nothing is kept": (0, [b"leaf", b""], [Truncated(4, b""), b""]),
    "no limit": (None, [b"x" * 100_000] * 2, [b"x" * 100_000] * 2),
}


@pytest.mark.parametrize("name", CUT)
@pytest.mark.parametrize("direction", ["receive", "send"])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_the_limit_counts_per_direction_of_a_request(name: str, direction: str, kind: Any, out: Path) -> None:
    limit, bodies, expected = CUT[name]
    given = iter([{"type": "http.request", "body": kind(body), "more_body": True} for body in bodies])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for body in bodies:
            if direction == "receive":
                await receive()
            else:
                await send({"type": "http.response.body", "body": kind(body)})

    async def receive() -> Any:
        return next(given)

    async def send(message: Any) -> None:
        pass

    middleware = InspectMiddleware(app, out=out, body_limit=limit)
    asyncio.run(middleware(http_scope(), receive, send))
    records_ = of_kind(records(middleware), ReceiveRecord if direction == "receive" else SendRecord)
    traced = [record.message["body"] for record in records_]
    assert [_octets(body) for body in traced] == expected


def _octets(body: Any) -> Any:
    """The same without its kind: here it is about how much is kept."""
    if type(body) is Truncated:
        return Truncated(body.size, _octets(body.head))
    return bytes(body)


@pytest.mark.parametrize("content_type", [b"text/event-stream", b"TEXT/Event-Stream; charset=utf-8", b"text/plain"])
@pytest.mark.parametrize("shape", [list, tuple, iter, lambda pairs: dict(pairs).items()])
def test_the_limit_counts_per_event_of_an_event_stream(content_type: bytes, shape: Any, out: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"x-leaf", b"1"), (b"Content-Type", content_type)]
        await send({"type": "http.response.start", "status": 200, "headers": shape(headers)})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"data: leaf\n\n", "more_body": True})

    middleware = InspectMiddleware(app, out=out, body_limit=6)
    asyncio.run(run(middleware))
    bodies = [record.message["body"] for record in of_kind(records(middleware), SendRecord)[1:]]
    later = Truncated(12, b"data: " if b"plain" not in content_type else b"")
    assert bodies == [Truncated(12, b"data: "), later, later]


def test_the_limit_counts_per_message_of_a_websocket(out: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(2):
            await receive()
            await send({"type": "websocket.send", "text": "leaves", "bytes": None})
            await send({"type": "websocket.send", "bytes": b"leaves"})

    async def receive() -> Any:
        return {"type": "websocket.receive", "text": "leaves"}

    async def send(message: Any) -> None:
        pass

    middleware = InspectMiddleware(app, out=out, body_limit=4)
    asyncio.run(middleware({"type": "websocket", "path": "/"}, receive, send))
    trace = records(middleware)
    assert [record.message["text"] for record in of_kind(trace, ReceiveRecord)] == [Truncated(6, "leav")] * 2
    sent = [record.message for record in of_kind(trace, SendRecord)]
    assert [message.get("text") or message["bytes"] for message in sent] == [
        Truncated(6, "leav"), Truncated(6, b"leav"),
    ] * 2  # fmt: skip


# --- times --------------------------------------------------------------------------------------------------------------


def test_times_and_what_took_long(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # here it is what this is about

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(START)
        await send(START)

    pauses = iter([0.0, 0.02])

    async def receive() -> Any:
        await asyncio.sleep(0.03)
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        pause = next(pauses)
        if pause:
            await asyncio.sleep(pause)

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(middleware(http_scope(), receive, send))
    trace = records(middleware)
    received, (quick, slow) = of_kind(trace, ReceiveRecord)[0], of_kind(trace, SendRecord)
    assert 29_000 <= received.wait_us <= received.t_us < 5_000_000
    assert received.t_us <= quick.t_us <= slow.t_us
    (sent,) = [record for record in of_kind(trace, SentRecord) if record.of != quick.n]  # a slow machine slows both
    assert (sent.of, sent.outcome, sent.error) == (slow.n, None, None)
    assert sent.took_us >= 19_000
    assert slow.t_us + sent.took_us <= sent.t_us + 2_000
    assert sent.t_us <= of_kind(trace, EndRecord)[0].t_us


def test_a_quick_send_is_one_record(out: Path) -> None:
    middleware = InspectMiddleware(echo(Account()), out=out)
    asyncio.run(run(middleware))
    assert len(of_kind(records(middleware), SentRecord)) == 0


def test_a_stream_of_events_goes_through_one_by_one(out: Path) -> None:
    """A response that is never complete is seen as far as it came, and its end is told when the client leaves."""
    from starlette.applications import Starlette
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    async def events() -> AsyncIterator[bytes]:
        while True:
            yield b"data: leaf\n\n"
            await asyncio.sleep(0)

    async def stream(request: Any) -> Any:
        return StreamingResponse(events(), media_type="text/event-stream")

    sent: list[Any] = []
    enough = asyncio.Event()

    async def receive() -> Any:
        await enough.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == 5:
            enough.set()

    middleware = InspectMiddleware(Starlette(routes=[Route("/", stream)]), out=out)
    asyncio.run(middleware(http_scope(), receive, send))
    trace = records(middleware)
    assert len(of_kind(trace, SendRecord)) == len(sent) >= 5
    assert of_kind(trace, ReceiveRecord)[0].message == {"type": "http.disconnect"}
    assert of_kind(trace, ScopeRecord)[0].parent is None


def test_what_nobody_calls_opens_nothing(out: Path) -> None:
    InspectMiddleware(nothing, out=out)(http_scope(), never, never).close()
    assert not out.exists()
