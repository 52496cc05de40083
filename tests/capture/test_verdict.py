"""Which connections failed, by the lines that are written of them."""

import asyncio
import contextlib
from collections import UserDict
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.capture.omissions import omissions
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import ScopeRecord
from tests.stage import http_scope, of_kind, records

HTTP = http_scope()
WEBSOCKET = http_scope(type="websocket", subprotocols=[])
LIFESPAN = {"type": "lifespan", "asgi": {"version": "3.0"}}
START = {"type": "http.response.start", "headers": []}
OK = {**START, "status": 200}
BODY = {"type": "http.response.body", "body": b"tea"}
ACCEPT = {"type": "websocket.accept"}
CLOSE = {"type": "websocket.close"}
LEFT = {"type": "http.disconnect"}

# What the application does: a dict is sent, `receive` receives the next of `got`, an exception is raised.
Steps = list[Any]
CASES: dict[str, tuple[bool, dict[str, Any], Steps, Steps]] = {
    # name: failed, scope, steps, what it receives
    "200": (False, HTTP, [OK, BODY], []),
    "101, then 200": (False, HTTP, [{**START, "status": 101}, BODY], []),
    "399": (False, HTTP, [{**START, "status": 399}, BODY], []),
    "400": (True, HTTP, [{**START, "status": 400}, BODY], []),
    "404 of an enum": (True, HTTP, [{**START, "status": HTTPStatus.NOT_FOUND}, BODY], []),
    "200 of an enum": (False, HTTP, [{**START, "status": HTTPStatus.OK}, BODY], []),
    "599": (True, HTTP, [{**START, "status": 599}, BODY], []),
    "600": (True, HTTP, [{**START, "status": 600}, BODY], []),
    "a status in words": (True, HTTP, [{**START, "status": "200"}, BODY], []),
    "500 in a mapping that is no dict": (True, HTTP, [UserDict({**START, "status": 500}), BODY], []),
    "200 in a mapping that is no dict": (False, HTTP, [UserDict({**OK}), BODY], []),
    "no status": (True, HTTP, [START, BODY], []),
    "type last": (True, HTTP, [{"status": 500, "headers": [], "type": "http.response.start"}, BODY], []),
    "type last, well": (False, HTTP, [{"status": 200, "headers": [], "type": "http.response.start"}, BODY], []),
    "raised before": (True, HTTP, [ValueError()], []),
    "raised after": (True, HTTP, [OK, BODY, ValueError()], []),
    "no answer": (True, HTTP, [], []),
    "no answer to one who left": (False, HTTP, ["receive"], [LEFT]),
    "a body that speaks of it": (False, HTTP, [OK, {**BODY, "body": b'{"type":"http.response.start","status":500}'}], []),
    "a request that speaks of it": (False, HTTP, ["receive", OK, BODY], [{"type": "http.request", "body": b"http.disconnect 500"}]),
    "a message that is none": (False, HTTP, [OK, BODY, "nonsense"], []),
    "accepted": (False, WEBSOCKET, [ACCEPT, CLOSE], []),
    "refused": (True, WEBSOCKET, [CLOSE], []),
    "denied": (True, WEBSOCKET, [{**START, "type": "websocket.http.response.start", "status": 200}], []),
    "neither": (True, WEBSOCKET, [], []),
    "gone before": (False, WEBSOCKET, ["receive"], [{"type": "websocket.disconnect", "code": 1001}]),
    "raised inside": (True, WEBSOCKET, [ACCEPT, ValueError()], []),
    "left open": (False, WEBSOCKET, [ACCEPT], []),
    "the first close counts": (False, WEBSOCKET, [ACCEPT, CLOSE, "receive"], [{"type": "websocket.disconnect", "code": 1011}]),
    "a code that is none": (True, WEBSOCKET, [ACCEPT, {**CLOSE, "code": "1000"}], []),
    "startup and shutdown": (False, LIFESPAN, ["receive", {"type": "lifespan.startup.complete"}, "receive"],
                             [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]),
    "startup failed": (True, LIFESPAN, ["receive", {"type": "lifespan.startup.failed"}], [{"type": "lifespan.startup"}]),
    "shutdown failed": (True, LIFESPAN, ["receive", {"type": "lifespan.shutdown.failed"}], [{"type": "lifespan.shutdown"}]),
    "raised in the startup": (True, LIFESPAN, ["receive", ValueError()], [{"type": "lifespan.startup"}]),
    "no lifespan at all": (False, LIFESPAN, [ValueError()], []),
    "another type": (False, {"type": "mqtt"}, [{"type": "mqtt.x"}], []),
    "another type, raised": (True, {"type": "mqtt"}, [ValueError()], []),
    "no scope": (False, None, [], []),  # type: ignore[dict-item]
    **{f"closed with {code}": (failed, WEBSOCKET, [ACCEPT, {**CLOSE, "code": code}], [])
       for failed, codes in ((False, (1000, 1001, 1005, 1006, 1012)), (True, (1002, 1003, 1007, 1008, 1009, 1010, 1011, 1013, 3000, 4000, 7)))
       for code in codes},
    **{f"left with {code}": (failed, WEBSOCKET, [ACCEPT, "receive"], [{"type": "websocket.disconnect", "code": code}])
       for failed, code in ((False, 1000), (False, None), (False, 1006), (True, 1002), (True, 1009))},
}  # fmt: skip


def play(middleware: Any, scope: Any, got: Steps) -> None:
    given = iter(got)

    async def receive() -> Any:
        return next(given)

    async def send(message: Any) -> None:
        pass

    try:
        asyncio.run(middleware(scope, receive, send))
    except ValueError:
        pass


def application(steps: Steps) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for step in steps:
            if isinstance(step, Exception):
                raise step
            await (receive() if step == "receive" else send(step))

    return app


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("layers", [1, 2])
def test_what_is_an_error(name: str, layers: int, tmp_path: Path) -> None:
    failed, scope, steps, got = CASES[name]
    app = application(steps)
    if layers == 2:
        app = InspectMiddleware(app, out=tmp_path / "t.jsonl", only="errors")
    middleware = InspectMiddleware(app, out=tmp_path / "t.jsonl", only="errors")
    play(middleware, None if scope is None else dict(scope), got)
    omissions().write()
    trace = records(middleware)
    assert len(of_kind(trace, ScopeRecord)) == (layers if failed else 0)
    written = [record.n for record in trace if hasattr(record, "n")]
    assert written == list(range(1, len(written) + 1))


def test_the_outermost_layer_counts(tmp_path: Path) -> None:
    """A 404 that becomes a 200 on its way out is none, and the other way round."""
    out = tmp_path / "t.jsonl"

    def changing(status: int, app: Any) -> Any:
        async def middleware(scope: Any, receive: Any, send: Any) -> None:
            async def change(message: Any) -> None:
                await send({**message, "status": status} if "status" in message else message)

            await app(scope, receive, change)

        return middleware

    for inner, outer, failed in ((404, 200, False), (200, 404, True)):
        app = InspectMiddleware(application([{**START, "status": inner}, BODY]), out=out)
        middleware = InspectMiddleware(changing(outer, app), out=out, only="errors")
        play(middleware, http_scope(path=f"/{inner}"), [])
        omissions().write()
        assert bool(of_kind(records(middleware), ScopeRecord)) is failed


def test_what_an_inner_layer_did_not_do_the_outer_may_have_done(tmp_path: Path) -> None:
    out = tmp_path / "t.jsonl"
    for steps in ([ValueError()], []):
        inner = InspectMiddleware(application(steps), out=out)

        async def handling(scope: Any, receive: Any, send: Any, inner: Any = inner) -> None:
            with contextlib.suppress(ValueError):
                await inner(scope, receive, send)
            for message in (OK, BODY):
                await send(message)

        middleware = InspectMiddleware(handling, out=out, only="errors")
        play(middleware, http_scope(), [])
        omissions().write()
        assert of_kind(records(middleware), ScopeRecord) == []
