"""Point 6 of the transparency contract: any loop, any thread, nothing before the first connection."""

import asyncio
import functools
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
import trio
import uvloop

from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, ScopeRecord
from tests.stage import (
    BODY,
    REQUEST,
    START,
    App,
    http_scope,
    never,
    nothing,
    of_kind,
    only_ours_differs,
    records,
    run,
)


async def agnostic(scope: Any, receive: Any, send: Any) -> None:
    """Runs on any loop, and uses anyio as Starlette does."""
    await receive()
    with anyio.CancelScope() as cancelled:
        cancelled.cancel()
        await receive()
    async with anyio.create_task_group() as group:
        group.start_soon(send, START)
    with anyio.move_on_after(0.01):
        await receive()
    await send(BODY)


def _on_asyncio(main: Callable[[], Awaitable[Any]]) -> Any:
    return asyncio.run(main())  # type: ignore[arg-type]


def _on_uvloop(main: Callable[[], Awaitable[Any]]) -> Any:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())  # type: ignore[arg-type]


LOOPS: dict[str, Callable[[Callable[[], Awaitable[Any]]], Any]] = {
    "asyncio": _on_asyncio,
    "uvloop": _on_uvloop,
    "trio": lambda main: trio.run(main),
}


@pytest.mark.parametrize("loop", LOOPS)
def test_on_every_loop(loop: str, out: Path) -> None:
    logs: list[list[Any]] = []

    async def main(app: App) -> None:
        log: list[Any] = []
        logs.append(log)

        async def receive() -> Any:
            log.append("receive")
            if log.count("receive") == 1:
                return REQUEST
            try:
                await anyio.sleep_forever()
            except BaseException as exc:
                log.append(type(exc).__name__)
                raise

        async def send(message: Any) -> None:
            log.append(message)
            await anyio.sleep(0)

        await app(http_scope(), receive, send)

    middleware = InspectMiddleware(agnostic, out=out)
    LOOPS[loop](functools.partial(main, agnostic))
    LOOPS[loop](functools.partial(main, middleware))
    LOOPS[loop](functools.partial(main, middleware))  # another loop; nothing of the first was kept
    name = "Cancelled" if loop == "trio" else "CancelledError"
    cancelled = ["receive", name]
    assert logs == [["receive", *cancelled, START, *cancelled, BODY]] * 3
    outcomes = [record.outcome for record in of_kind(records(middleware), ReceiveRecord)]
    assert outcomes == [None, "cancelled", "cancelled"] * 2


@pytest.mark.parametrize("group", [True, False], ids=["tasks in a nursery", "alone"])
def test_a_trio_application_that_is_cancelled(group: bool, out: Path) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if not group:
            await trio.sleep_forever()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(receive)
            nursery.start_soon(receive)

    async def main(app: App) -> None:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(app, http_scope(), trio.sleep_forever, never)
                await trio.testing.wait_all_tasks_blocked()
                scope.cancel()
        seen.append(scope.cancelled_caught)

    import trio.testing

    middleware = InspectMiddleware(app, out=out)
    trio.run(main, app)
    trio.run(main, middleware)
    assert seen == [True, True]
    end = of_kind(records(middleware), EndRecord)[0]
    assert (end.outcome, end.error) == ("cancelled", None)


@pytest.mark.parametrize("enter", [True, False], ids=["with", "without"])
def test_in_starlettes_test_client(enter: bool, out: Path) -> None:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wishes for another client library than the one that there is
        from starlette.testclient import TestClient

    async def hello(request: Request) -> JSONResponse:
        return JSONResponse({"body": (await request.body()).decode(), "gone": await request.is_disconnected()})

    async def stream(request: Request) -> StreamingResponse:
        return StreamingResponse(iter(["a", "b"]))

    def boom(request: Request) -> PlainTextResponse:
        raise ValueError("leaves")

    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    routes = [Route("/hello", hello, methods=["POST"]), Route("/stream", stream), Route("/boom", boom)]
    app = Starlette(routes=[*routes, WebSocketRoute("/talk", talk)])

    def visit(app: Any) -> list[Any]:
        client = TestClient(app, raise_server_exceptions=False)
        if enter:
            client.__enter__()
        try:
            answers = [client.post("/hello", content=b"x"), client.get("/stream"), client.get("/boom")]
            with client.websocket_connect("/talk") as talk:
                talk.send_text("hello")
                text = talk.receive_text()
        finally:
            if enter:
                client.__exit__()
        return [*((answer.status_code, answer.headers.raw, answer.content) for answer in answers), text]

    middleware = InspectMiddleware(app, out=out)
    plain = visit(app)
    assert plain[-1] == "hello"
    assert visit(middleware) == plain
    trace = records(middleware)
    assert len(of_kind(trace, ScopeRecord)) == len(of_kind(trace, EndRecord)) == 4 + enter
    assert [end.error.message for end in of_kind(trace, EndRecord) if end.outcome == "raised"] == ["leaves"]


def test_the_constructor_touches_nothing(tmp_path: Path) -> None:
    import threading

    before = set(threading.enumerate())
    middleware = InspectMiddleware(nothing, out=tmp_path / "none" / "trace.jsonl")
    assert set(threading.enumerate()) <= before, "those of other tests may end"
    assert list(tmp_path.iterdir()) == []
    assert not any(isinstance(value, (asyncio.Event, asyncio.Lock)) for value in vars(middleware).values())


def test_no_thread_of_the_applications_is_touched_and_no_task_is_made(out: Path) -> None:
    async def main(app: App) -> set[Any]:
        with only_ours_differs():
            await run(app)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(main(InspectMiddleware(nothing, out=out))) == set()
