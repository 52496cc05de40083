"""Several `InspectMiddleware` in one call: the layers of a connection, what passed through them, and files of their own."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.fold import Fold
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, ScopeRecord, SendRecord
from asgi_inspect.values import Truncated
from tests.onion import conns, onion, through
from tests.stage import (
    BODY,
    REQUEST,
    START,
    Account,
    App,
    echo,
    http_scope,
    never,
    no_send_is_slow,
    of_kind,
    records,
    run,
)


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    no_send_is_slow(monkeypatch)
    return tmp_path / "trace.jsonl"


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
