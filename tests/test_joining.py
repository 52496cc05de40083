"""Which call of an application is a layer of the connection around it, and which is a connection of its own."""

import asyncio
import socket
import types
from collections import UserDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import EndRecord
from tests.onion import conns, onion, through
from tests.serving import serving
from tests.stage import BODY, Account, App, echo, http_scope, no_send_is_slow, nothing, of_kind, records, run


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    no_send_is_slow(monkeypatch)
    return tmp_path / "trace.jsonl"


SHARED: dict[str, Callable[[Any], Any]] = {
    "the scope itself": lambda scope: scope,
    "a copy": dict,
    "the headers": lambda scope: {"type": "http", "headers": scope["headers"]},
    "the state": lambda scope: {"type": "http", "state": scope["state"]},
    "asgi": lambda scope: {"type": "http", "asgi": scope["asgi"]},
    "the extensions": lambda scope: {"type": "http", "extensions": scope["extensions"]},
    "a UserDict": UserDict,
    "a subclass": lambda scope: type("Scope", (dict,), {})(scope),
    "a proxy": types.MappingProxyType,
}
OWN: dict[str, Callable[[Any], Any]] = {
    "equal, but its own": lambda scope: http_scope(extensions={}),
    "another type": lambda scope: {**scope, "type": "websocket"},
    "no type": lambda scope: {key: scope[key] for key in scope if key != "type"},
    "nothing in common": lambda scope: {"type": "http", "path": scope["path"], "client": scope["client"]},
    "no mapping": lambda scope: None,
}


@pytest.mark.parametrize("name", [*SHARED, *OWN])
@pytest.mark.parametrize("outer", [dict, UserDict])
def test_who_joins(name: str, outer: Any, out: Path) -> None:
    scope = outer(http_scope(extensions={}))
    made = (SHARED | OWN)[name](dict(scope) if name not in ("the scope itself", "a copy") else scope)

    def pick(app: App) -> App:
        async def middleware(scope: Any, receive: Any, send: Any) -> None:
            await app(made, receive, send)

        return middleware

    middleware = onion(out, pick, app=nothing)
    asyncio.run(run(middleware, scope))
    joined = [("layer 0", None, 0, None), ("innermost", None, 1, 0)]
    own = [("layer 0", None, 0, None), ("innermost", "0", 0, None)]
    assert conns(records(middleware)) == (joined if name in SHARED else own)


@pytest.mark.parametrize("shared", [(), "", None, b"", 0], ids=repr)
def test_what_there_is_only_one_of_joins_nobody(shared: Any, out: Path) -> None:
    def other(app: App) -> App:
        async def middleware(scope: Any, receive: Any, send: Any) -> None:
            await app({"type": "http", "headers": shared}, receive, send)

        return middleware

    middleware = onion(out, other, app=nothing)
    asyncio.run(run(middleware, {"type": "http", "headers": shared}))
    assert [layer for _, _, layer, _ in conns(records(middleware))] == [0, 0]


def test_the_same_scope_object_joins_whatever_it_holds(out: Path) -> None:
    middleware = onion(out, through, app=nothing)
    asyncio.run(run(middleware, {"n": 1}))
    assert [layer for _, _, layer, _ in conns(records(middleware))] == [0, 1]


def test_a_layer_joins_by_what_a_layer_around_it_put_into_the_scope(out: Path) -> None:
    """A copy of a copy, in which nothing is as the server gave it, but much is as the middleware in between did."""

    def replacing(app: App) -> App:
        async def middleware(scope: Any, receive: Any, send: Any) -> None:
            await app({"type": "http", "headers": [*scope["headers"]], "state": scope["state"]}, receive, send)

        return middleware

    def dropping(app: App) -> App:
        async def middleware(scope: Any, receive: Any, send: Any) -> None:
            await app({"type": "http", "headers": scope["headers"]}, receive, send)

        return middleware

    middleware = onion(out, dropping, replacing, app=nothing)
    asyncio.run(run(middleware))
    assert [(layer, inside) for _, _, layer, inside in conns(records(middleware))] == [(0, None), (1, 0), (2, 1)]


def test_an_application_that_a_handler_calls_is_a_connection_of_its_own(out: Path) -> None:
    inner = InspectMiddleware(echo(Account()), out=out, name="inner")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(inner), base_url="http://leaf.example") as client:
            await client.get("/")
        await run(inner, http_scope())

    middleware = InspectMiddleware(app, out=out, name="outer")
    asyncio.run(run(middleware))
    assert conns(records(middleware)) == [("outer", None, 0, None), ("inner", "0", 0, None), ("inner", "0", 0, None)]


def test_a_task_that_outlived_its_connection_is_one_of_its_own(out: Path) -> None:
    inner = InspectMiddleware(nothing, out=out, name="inner")
    tasks: list[asyncio.Task[Any]] = []

    async def late(scope: Any) -> None:
        await asyncio.sleep(0.01)
        await run(inner, scope)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        tasks.append(asyncio.create_task(late(scope)))

    async def main() -> None:
        await run(middleware)
        await tasks[0]

    middleware = InspectMiddleware(app, out=out, name="outer")
    asyncio.run(main())
    assert conns(records(middleware)) == [("outer", None, 0, None), ("inner", "0", 0, None)]


def test_two_connections_that_share_one_scope_object(out: Path) -> None:
    """Whatever they share: called apart from each other, they are two."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)
        scope["mine"] = True

    async def main() -> None:
        await asyncio.gather(run(middleware, scope), run(middleware, scope))

    scope = http_scope()
    middleware = InspectMiddleware(app, out=out)
    asyncio.run(main())
    trace = records(middleware)
    assert conns(trace) == [(None, None, 0, None)] * 2
    assert [end.scope_changes for end in of_kind(trace, EndRecord)] == [["mine"], ["mine"]]


def test_a_server_that_reads_on_in_the_context_of_the_connection_before(out: Path) -> None:
    """asyncio reads on in the context in which reading was resumed: after a large upload, that of its application."""
    seen: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
        await send(BODY)

    middleware = InspectMiddleware(app, out=out)

    async def outermost(scope: Any, receive: Any, send: Any) -> None:
        from asgi_inspect.capture.recorder import current

        seen.append(bool(current.get()))
        await middleware(scope, receive, send)

    with (
        serving(outermost, loop="asyncio", lifespan="off") as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        for size in (3_000_000, 0, 0):
            client.sendall(b"POST / HTTP/1.1\r\nhost: leaf\r\ncontent-length: %d\r\n\r\n" % size + bytes(size))
            answer = b""
            while not answer.endswith(b"tea"):
                answer += client.recv(65_536)
    assert True in seen, "the server does not do so any longer: this test is of no use"
    assert conns(records(middleware)) == [(None, None, 0, None)] * 3
