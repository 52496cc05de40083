"""Several `InspectMiddleware` in one call: layers of one connection, connections of their own, and files of their own."""

import asyncio
import socket
import types
from collections import UserDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import UNSET

from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.connection import Fold
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, ScopeRecord, SendRecord
from asgi_inspect.values import Truncated
from tests.serving import serving
from tests.stage import BODY, REQUEST, START, Account, App, echo, http_scope, never, nothing, of_kind, records, run


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


def onion(out: Path, *between: Callable[[App], App], app: App | None = None) -> InspectMiddleware:
    """An application with a tap inside and outside of each of these middlewares."""
    layered: Any = InspectMiddleware(app or echo(Account()), out=out, name="innermost")
    for number, middleware in enumerate(between):
        layered = InspectMiddleware(middleware(layered), out=out, name=f"layer {number}")
    assert isinstance(layered, InspectMiddleware)
    return layered


def through(app: App) -> App:
    async def middleware(scope: Any, receive: Any, send: Any) -> Any:
        return await app(scope, receive, send)

    return middleware


def conns(trace: Any) -> list[tuple[str | None, str | None, int, int | None]]:
    """The scope records: name, parent as the number of its connection, layer, inside."""
    scopes = of_kind(trace, ScopeRecord)
    order = list(dict.fromkeys(scope.conn for scope in scopes))
    return [
        (scope.name, None if scope.parent is None else str(order.index(scope.parent)), scope.layer, scope.inside)
        for scope in scopes
    ]


def test_layers_join_one_connection_with_one_counter(out: Path) -> None:
    middleware = onion(out, through, through)
    asyncio.run(run(middleware))
    trace = records(middleware)
    assert len({record.conn for record in of_kind(trace, ScopeRecord)}) == 1
    assert conns(trace) == [("layer 1", None, 0, None), ("layer 0", None, 1, 0), ("innermost", None, 2, 1)]
    events = [record for record in trace if isinstance(record, ReceiveRecord | SendRecord | EndRecord)]
    assert [record.n for record in events] == list(range(1, 13))
    assert [(type(record).__name__[0], record.layer, getattr(record, "same", None)) for record in events] == [
        ("R", 0, None), ("R", 1, 1), ("R", 2, 1),
        ("S", 2, None), ("S", 1, 4), ("S", 0, 4),
        ("S", 2, None), ("S", 1, 7), ("S", 0, 7),
        ("E", 2, None), ("E", 1, None), ("E", 0, None),
    ]  # fmt: skip
    (connection,) = _folded(trace)
    assert [connection.message_of(record) for record in events[:9]] == [REQUEST] * 3 + [_listed(START)] * 3 + [BODY] * 3


def _folded(trace: Any) -> Any:
    fold = Fold()
    for record in trace:
        fold.feed(record)
    return fold.connections.values()


def _listed(message: dict[str, Any]) -> dict[str, Any]:
    """Pairs of a trace are lists."""
    return {**message, "headers": [list(pair) for pair in message["headers"]]}


# --- `same` is said of the very message only ----------------------------------------------------------------------------


def _copying(app: App) -> App:
    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        async def copy_in() -> Any:
            return dict(await receive())

        async def copy_out(message: Any) -> None:
            await send(dict(message))

        await app(scope, copy_in, copy_out)

    return middleware


def _changing(app: App) -> App:
    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        async def change(message: Any) -> None:
            message["added"] = True
            await send(message)

        await app(scope, receive, change)

    return middleware


def _twice(app: App) -> App:
    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        async def twice(message: Any) -> None:
            await send(message)
            await send(message)

        await app(scope, receive, twice)

    return middleware


def _swallowing(app: App) -> App:
    """Sends only its own message, which is equal to the one that it swallows."""

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        async def swallow(message: Any) -> None:
            pass

        await app(scope, receive, swallow)
        await send({"type": "x"})

    return middleware


SAME: dict[str, tuple[Callable[[App], App], list[tuple[int, int | None]]]] = {
    "passed on": (through, [(1, None), (0, 1), (1, None), (0, 3)]),
    "copied": (_copying, [(1, None), (0, None), (1, None), (0, None)]),
    "changed in place": (_changing, [(1, None), (0, None), (1, None), (0, 3)]),
    "sent twice": (_twice, [(1, None), (0, 1), (0, None), (1, None), (0, 4), (0, None)]),
    "swallowed": (_swallowing, [(1, None), (1, None), (0, None)]),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_message(name: str, out: Path) -> None:
    middleware, expected = SAME[name]
    message = {"type": "x"}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(message)
        await send(message)  # the very same again: another sending

    layered = onion(out, middleware, app=app)
    asyncio.run(run(layered))
    sent = of_kind(records(layered), SendRecord)
    assert [(record.layer, record.same) for record in sent] == expected
    assert all((record.message is UNSET) == (record.same is not None) for record in sent)


def test_what_was_cut_is_not_called_the_same(out: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.body", "body": b"leaves"})

    middleware = InspectMiddleware(InspectMiddleware(app, out=out), out=out, body_limit=2)
    asyncio.run(run(middleware))
    assert [record.same for record in of_kind(records(middleware), SendRecord)] == [None, None]


# --- who joins ----------------------------------------------------------------------------------------------------------

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


# --- files and limits ---------------------------------------------------------------------------------------------------


def test_an_inner_layer_with_a_file_of_its_own_writes_both(out: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    innermost = InspectMiddleware(echo(Account()), name="innermost")
    middle = InspectMiddleware(innermost, out=own, name="middle", body_limit=2)
    outer = InspectMiddleware(middle, out=out, name="outer")
    asyncio.run(run(outer))
    assert conns(records(outer)) == [("outer", None, 0, None), ("middle", None, 1, 0), ("innermost", None, 2, 1)]
    assert conns(records(middle)) == [("middle", None, 0, None), ("innermost", None, 1, 0)]
    for trace in (records(outer), records(middle)):
        assert {record.outcome for record in of_kind(trace, EndRecord)} == {"returned"}
    assert of_kind(records(middle), ReceiveRecord)[0].message["body"] == Truncated(6, b"le")


def test_of_two_limits_the_lower_one_holds(out: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(BODY)
        await send(BODY)

    def traced(outer: Any, inner: Any) -> list[Any]:
        file = out.with_name(f"{outer}-{inner}.jsonl")
        given = {} if inner == "not given" else {"body_limit": inner}
        middleware = InspectMiddleware(InspectMiddleware(app, out=file, **given), out=file, body_limit=outer)
        asyncio.run(run(middleware))
        sent = sorted(of_kind(records(middleware), SendRecord), key=lambda record: (record.layer, record.n))
        return [BODY["body"] if record.same else record.message["body"] for record in sent]

    tea, t, te, none = BODY["body"], Truncated(3, b"t"), Truncated(3, b"te"), Truncated(3, b"")
    assert traced(None, "not given") == [tea, tea] * 2
    assert traced(None, 4) == [tea, t] * 2
    assert traced(2, None) == [te, none] * 2
    assert traced(2, 100) == [te, none] * 2
    assert traced(100, 2) == [te, none] * 2
    assert traced(2, 0) == [none, none] * 2


def test_nothing_of_a_connection_is_held_when_it_is_over(out: Path) -> None:
    import gc
    import weakref

    class Leaf:
        pass

    kept: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        kept.append((receive, send))  # as a task that was left behind does

    async def main() -> None:
        leaf = Leaf()
        scope = http_scope(state={"leaf": leaf}, leaf=leaf)
        reference = weakref.ref(leaf)
        del leaf
        await InspectMiddleware(InspectMiddleware(app, out=out), out=out)(scope, never, never)
        del scope
        gc.collect()
        assert reference() is None

    asyncio.run(main())


def test_a_buffer_in_a_message_is_not_held(out: Path) -> None:
    """A memoryview that lives on would forbid the application to resize its buffer."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        buffer = bytearray(b"leaves")
        await send({"type": "http.response.body", "body": memoryview(buffer), "more_body": True})
        buffer.clear()
        buffer += b"tea" * 100_000
        await send({"type": "http.response.body", "body": memoryview(buffer)})
        buffer.clear()

    middleware = onion(out, through, app=app)
    asyncio.run(run(middleware))
    assert len(of_kind(records(middleware), SendRecord)) == 4
