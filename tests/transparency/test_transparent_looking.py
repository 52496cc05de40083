"""Point 5 of the transparency contract: the snapshot is taken at once, and looking does not act."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.look import class_attribute
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, ScopeRecord, SendRecord
from asgi_inspect.values import Truncated
from tests.stage import (
    BODY,
    START,
    http_scope,
    never,
    nothing,
    of_kind,
    records,
    run,
)
from tests.traps import CALLS, TRAPS


def test_what_is_changed_after_the_call_is_traced_as_it_was(out: Path) -> None:
    headers = [(b"a", b"1")]
    buffer = bytearray(b"before")
    scope = http_scope(state={"leaves": [1]})
    received = {"type": "http.request", "body": bytearray(b"in"), "headers": [[b"h", b"1"]]}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["path"] = "/mounted"
        scope["state"]["leaves"].append(2)
        message = await receive()
        message["body"][:] = b"IN"
        message["headers"][0][1] = b"2"
        message["more"] = True
        start = {"type": "http.response.start", "status": 200, "headers": headers}
        await send(start)
        headers.append((b"b", b"2"))
        start["status"] = 500
        await send({"type": "http.response.body", "body": buffer})
        buffer[:] = b"after"
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def receive() -> Any:
        return received

    async def send(message: Any) -> None:
        message["type"] = "taken over by the server"

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(middleware(scope, receive, send))
    trace = records(middleware)
    traced = of_kind(trace, ScopeRecord)[0].scope
    assert (traced["path"], traced["state"]) == ("/", {"leaves": [1]})
    assert of_kind(trace, ReceiveRecord)[0].message == {
        "type": "http.request", "body": bytearray(b"in"), "headers": [[b"h", b"1"]],
    }  # fmt: skip
    start, body, again = [record.message for record in of_kind(trace, SendRecord)]
    assert start == {"type": "http.response.start", "status": 200, "headers": [[b"a", b"1"]]}
    assert body["body"] == bytearray(b"before")
    assert again["headers"] == [[b"a", b"1"], [b"b", b"2"]]


@pytest.mark.parametrize("name", TRAPS)
@pytest.mark.parametrize(
    "where", ["user", "type", "type of the message", "headers", "state", "body", "status", "route", "endpoint", "asgi"]
)
def test_looking_does_not_act(name: str, where: str, out: Path) -> None:
    trap = TRAPS[name]()
    scope, message = http_scope(**{where: trap}), {**START, **BODY, where.removesuffix(" of the message"): trap}
    if where == "headers" and class_attribute(type(trap), "__next__"):
        message["headers"] = [(trap, trap), trap]  # an iterator that stands there itself is read, on purpose

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(message)
        scope["user"] = trap

    async def receive() -> Any:
        return message

    async def send(message: Any) -> None:
        pass

    middleware = InspectMiddleware(app, out=out)
    CALLS.clear()
    asyncio.run(middleware(scope, receive, send))
    called, CALLS[:] = list(CALLS), []
    assert called == []
    assert [type(record) for record in records(middleware)[1:]] == [ScopeRecord, ReceiveRecord, SendRecord, EndRecord]


@pytest.mark.parametrize("name", TRAPS)
def test_looking_does_not_act_where_the_whole_scope_or_message_is_odd(name: str, out: Path) -> None:
    trap = TRAPS[name]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(trap)

    async def receive() -> Any:
        return trap

    async def send(message: Any) -> None:
        pass

    inner = InspectMiddleware(app, out=out)
    CALLS.clear()
    asyncio.run(InspectMiddleware(inner, out=out)(trap, receive, send))
    called, CALLS[:] = list(CALLS), []
    assert called == []
    assert len(of_kind(records(inner), EndRecord)) == 2


def test_the_text_of_an_exception_is_asked_for_once_and_only_after_the_application(out: Path) -> None:
    asked: list[str] = []
    stage: list[str] = ["running"]

    class Asked(Exception):
        def __str__(self) -> str:
            asked.append(stage[0])
            return "a text"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        exc = Asked()
        try:
            await receive()
        except Asked as first:
            stage[0] = "over"
            raise ExceptionGroup("all", [first, exc]) from first

    async def receive() -> Any:
        raise Asked

    middleware = InspectMiddleware(app, out=out)
    with pytest.raises(ExceptionGroup):
        asyncio.run(middleware(http_scope(), receive, never))
    assert asked == ["over", "over"]
    trace = records(middleware)
    assert of_kind(trace, ReceiveRecord)[0].error.message is None
    assert [one.message for one in of_kind(trace, EndRecord)[0].error.exceptions] == ["a text", "a text"]


def test_a_state_of_millions_does_not_hold_the_application(out: Path) -> None:
    state = {"cache": dict.fromkeys(range(3_000_000)), "list": [None] * 10_000_000, "n": 1}
    middleware = InspectMiddleware(nothing, out=out)
    started = asyncio.new_event_loop()
    try:
        began = time.thread_time()
        started.run_until_complete(run(middleware, http_scope(state=state)))
        took = time.thread_time() - began
    finally:
        started.close()
    assert took < 0.5, "it was walked, or copied"
    assert of_kind(records(middleware), ScopeRecord)[0].scope["state"] == {
        "cache": Truncated(None), "list": Truncated(None), "n": 1,
    }  # fmt: skip


def test_a_huge_text_is_cut(out: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.send", "text": "leaf " * 10_000_000, "other": "x" * 10_000_000})

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(run(middleware, {"type": "websocket"}))
    message = of_kind(records(middleware), SendRecord)[0].message
    assert message["text"] == Truncated(50_000_000, ("leaf " * 20_000)[:65_536])
    assert message["other"] == Truncated(10_000_000, "x" * 65_536)
    assert out.stat().st_size < 200_000
