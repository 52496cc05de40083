"""The transparency contract, point by point: a play without the middleware and with it, and both sides see the same."""

import asyncio
import contextvars
import functools
import gc
import inspect
import sys
import types
import warnings
import weakref
from collections import OrderedDict, UserDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
import trio
import uvloop
from asgi_inspect.look import class_attribute
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import EndRecord, LostRecord, ReceiveRecord, ScopeRecord, SendRecord, SentRecord
from asgi_inspect.values import Foreign, Truncated

from tests.stage import Account, App, Server, caught, difference, frames_in, of_kind, only_ours_differs, play, records, twice
from tests.traps import CALLS, TRAPS


def http_scope(**more: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"host", b"leaf.example")],
        "client": ("127.0.0.1", 4711),
        "server": ("127.0.0.1", 8000),
        "state": {"n": 1},
        **more,
    }


REQUEST = {"type": "http.request", "body": b"leaves", "more_body": False}
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
BODY = {"type": "http.response.body", "body": b"tea"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


def echo(account: Account) -> App:
    """Receives once, answers, and writes all it sees into the account."""

    async def app(scope: Any, receive: Any, send: Any) -> Any:
        account.add("scope", scope)
        account.add("got", await receive())
        account.add("sent", await send(START))
        account.add("sent", await send(BODY))
        return account_value

    return app


account_value = object()  # what `echo` returns


# --- 1: the very objects, in order, nothing more ------------------------------------------------------------------------


def test_scope_messages_results_and_order_are_the_same_objects(out: Path) -> None:
    scope, result = http_scope(), object()
    before = {key: id(value) for key, value in scope.items()}
    plain, wrapped, middleware = twice(
        echo, out, scope=scope, receives=[("give", REQUEST)], sends=[("give", result), ("later", None)]
    )
    assert difference(plain, wrapped) == ""
    assert wrapped.seen("scope")[0] is scope
    assert wrapped.seen("got")[0] is REQUEST
    assert [message for message in wrapped.seen("send")] == [START, BODY]
    assert wrapped.seen("sent") == [result, None]
    assert wrapped.seen("returned") == [account_value]
    assert {key: id(value) for key, value in scope.items()} == before
    trace = records(middleware)
    assert [type(record).__name__ for record in trace] == [
        "ProcessRecord", "ScopeRecord", "ReceiveRecord", "SendRecord", "SendRecord", "EndRecord",
    ]  # fmt: skip
    assert [record.n for record in trace[2:]] == [1, 2, 3, 4]


def test_nothing_is_received_or_sent_that_the_application_did_not_ask_for(out: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        pass

    plain, wrapped, middleware = twice(lambda account: app, out, scope=http_scope(), receives=[("give", REQUEST)])
    assert difference(plain, wrapped) == ""
    assert wrapped.seen("receive") == wrapped.seen("send") == []
    assert of_kind(records(middleware), EndRecord)[0].n == 1


def test_a_message_is_on_its_way_before_the_next_and_no_turn_of_the_loop_is_added(out: Path) -> None:
    """Nothing is buffered: when `send` returns, the server has had the message; when it waits, the application waits."""

    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            for n in range(5):
                account.add("before", n)
                await send({"type": "http.response.body", "body": b"%d" % n, "more_body": True}["body"])
                account.add("after", n)
                await receive()

        return app

    steps = [("later", None), ("give", None)] * 3
    plain, wrapped, _ = twice(application, out, scope=http_scope(), receives=steps, sends=steps)
    assert difference(plain, wrapped) == ""
    assert [event for event, _ in wrapped.log[:4]] == ["before", "send", "after", "receive"]


def test_receive_and_send_at_the_same_time_and_by_leaked_tasks(out: Path) -> None:
    leaked: list[Any] = []

    def application(account: Account) -> App:
        async def use_later(receive: Any, send: Any) -> None:
            await asyncio.sleep(0)
            account.add("late got", await receive())
            account.add("late sent", await send(BODY))

        async def app(scope: Any, receive: Any, send: Any) -> None:
            account.add("both", tuple(await asyncio.gather(receive(), send(START), receive())))
            leaked.append(asyncio.ensure_future(use_later(receive, send)))

        return app

    late = {"type": "http.disconnect"}
    receives = [("later", REQUEST), ("give", REQUEST), ("give", late)]
    plain, wrapped, middleware = twice(application, out, scope=http_scope(), receives=receives)
    assert difference(plain, wrapped) == ""
    assert wrapped.seen("late got") == [late]
    assert wrapped.log.index(("returned", None)) < wrapped.log.index(("late got", late))
    trace = records(middleware)
    end = of_kind(trace, EndRecord)[0]
    assert [record.n for record in trace[2:]] == [1, 2, 3, 4, 5, 6]
    assert [type(record) for record in trace if getattr(record, "n", 0) > end.n] == [ReceiveRecord, SendRecord]


@pytest.mark.parametrize(
    "iterator",
    [
        lambda pairs: (pair for pair in pairs),
        lambda pairs: map(tuple, pairs),
        lambda pairs: zip([name for name, _ in pairs], [value for _, value in pairs], strict=True),
        iter,
        lambda pairs: Counted(pairs),
    ],
    ids=["generator", "map", "zip", "iter", "own class"],
)
@pytest.mark.parametrize("kind", [dict, OrderedDict, UserDict])
def test_a_one_shot_iterator_in_a_message_is_read_once_and_given_on_as_a_list(
    iterator: Any, kind: Any, out: Path
) -> None:
    pairs = [(b"x-leaf", b"1"), (b"x-leaf", b"2")]
    message = kind({"type": "http.response.start", "status": 200, "headers": iterator(pairs), "other": object()})
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(message)

    async def send(given: Any) -> None:
        seen.append((given, list(given["headers"])))

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(middleware(http_scope(), _never, send))
    given, headers = seen[0]
    assert headers == pairs
    assert list(given) == list(message)
    assert all(given[key] is message[key] for key in message if key != "headers")
    assert given is not message, "the application's own message stays as it is"
    sent = of_kind(records(middleware), SendRecord)[0].message
    assert [tuple(pair) for pair in sent["headers"]] == pairs


class Counted:
    """An iterator of a class of the user's, which knows how often it was read."""

    def __init__(self, members: Any) -> None:
        self.members = list(members)

    def __iter__(self) -> "Counted":
        return self

    def __next__(self) -> Any:
        if not self.members:
            raise StopIteration
        return self.members.pop(0)


def test_one_shot_links_and_headers_of_a_received_message(out: Path) -> None:
    got: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.append(list((await receive())["headers"]))
        await send({"type": "http.response.early_hint", "links": (link for link in [b"</a>", b"</b>"])})

    async def receive() -> Any:
        return {"type": "odd", "headers": iter([(b"a", b"b")])}

    async def send(message: Any) -> None:
        got.append(list(message["links"]))

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(middleware(http_scope(), receive, send))
    assert got == [[(b"a", b"b")], [b"</a>", b"</b>"]]
    assert of_kind(records(middleware), SendRecord)[0].message["links"] == [b"</a>", b"</b>"]


def test_an_iterator_that_raises_in_the_middle_does_so_for_the_server(out: Path) -> None:
    problem = RuntimeError("no more leaves")

    def headers() -> Iterator[Any]:
        yield (b"a", b"1")
        raise problem

    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": headers()})

        return app

    async def main(app: App, scope: Any, server: Server) -> None:
        async def send(message: Any) -> None:
            try:
                for header in message["headers"]:
                    server.account.add("header", header)
            except RuntimeError as exc:
                server.account.add("failed", exc)

        await app(scope, server.receive, send)

    plain, wrapped, _ = twice(application, out, scope=http_scope(), main=main)
    assert wrapped.log == plain.log == [("header", (b"a", b"1")), ("failed", problem), ("returned", None)]


def test_an_iterator_without_an_end_does_not_hold_us(out: Path) -> None:
    def headers() -> Iterator[tuple[bytes, bytes]]:
        n = 0
        while True:
            yield b"x-%d" % n, b""
            n += 1

    got: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers()})

    async def send(message: Any) -> None:
        given = iter(message["headers"])
        got.extend(next(given) for _ in range(20_000))

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(middleware(http_scope(), _never, send))
    assert [name for name, _ in got] == [b"x-%d" % n for n in range(20_000)]


def test_iterators_in_the_scope_stay_untouched(out: Path) -> None:
    read: list[str] = []

    def headers() -> Iterator[tuple[bytes, bytes]]:
        read.append("read")
        yield b"a", b"b"

    scope = http_scope(headers=headers(), state={"cursor": headers()}, subprotocols=map(str, headers()))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert read == []
        assert list(scope["headers"]) == [(b"a", b"b")]

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(middleware(scope, _never, _never))
    assert read == ["read"]
    traced = of_kind(records(middleware), ScopeRecord)[0].scope
    assert traced["headers"] == traced["state"]["cursor"] == Foreign("$object", "generator")
    assert traced["subprotocols"] == Foreign("$object", "map")


async def _never(*args: Any) -> Any:
    raise AssertionError("nobody asked for this")


# --- 2: nothing in the scope; what travels, travels in a context variable ----------------------------------------------


def test_the_scope_has_what_it_had_and_no_other_context_variable_is_set(out: Path) -> None:
    scope = http_scope()
    before = list(scope.items())
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(list(scope.items()))
        seen.append({var.name for var in contextvars.copy_context()})

    async def main(app: App) -> None:
        with only_ours_differs():
            await app(scope, _never, _never)

    asyncio.run(main(app))
    asyncio.run(main(InspectMiddleware(app, out=out)))
    assert seen[0] == seen[2] == before == list(scope.items())
    assert seen[3] - seen[1] == {"asgi_inspect"}


def test_what_the_application_sets_in_its_context_is_set_for_the_server(out: Path) -> None:
    leaf = contextvars.ContextVar("leaf", default="none")

    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            account.add("before", leaf.get())
            leaf.set("green")

        return app

    async def main(app: App, scope: Any, server: Server) -> None:
        leaf.set("black")
        await app(scope, server.receive, server.send)
        server.account.add("after", leaf.get())

    plain, wrapped, _ = twice(application, out, scope=http_scope(), main=main)
    assert difference(plain, wrapped) == ""
    assert wrapped.log == [("before", "black"), ("after", "green"), ("returned", None)]


# --- 3: what we do not know is forwarded, and traced --------------------------------------------------------------------


class Strange(dict[Any, Any]):
    """A mapping that answers with something else than it holds."""

    def get(self, key: Any, default: Any = None) -> Any:
        raise AssertionError

    def __getitem__(self, key: Any) -> Any:
        return "something else"

    items = keys = values = __iter__ = get  # type: ignore[assignment]


class Enumish(str):
    __slots__ = ()


UNKNOWN = [
    None,
    "a text",
    7,
    b"octets",
    [],
    object(),
    {},
    {"type": "quic.stream", "n": 1},
    {"type": None},
    {"type": 7, "headers": 7, "body": object()},
    {"type": Enumish("http.request"), "body": "str", "headers": "odd"},
    {b"type": b"http.request", 3: 4, (1, 2): {None: 1}},
    {"$truncated": {"size": 1, "head": ""}, "type": "x"},
    {"type": "http.request", "body": memoryview(b"view"), "headers": {b"a": b"b"}.items()},
    {"type": "x", "\ud800": "\udfff", "big": 1 << 99, "nan": float("nan")},
    UserDict({"type": "http.request", "body": b"user", "headers": [(b"a", b"b")]}),
    types.MappingProxyType({"type": "http.request", "body": b"proxy"}),
    Strange({"type": "http.request", "body": b"strange"}),
]


@pytest.mark.parametrize("unknown", UNKNOWN, ids=lambda unknown: type(unknown).__name__)
def test_unknown_scopes_and_messages_pass_and_are_traced(unknown: Any, out: Path) -> None:
    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            account.add("scope", scope)
            account.add("got", await receive())
            await send(unknown)

        return app

    plain, wrapped, middleware = twice(application, out, scope=unknown, receives=[("give", unknown)])
    assert difference(plain, wrapped) == ""
    assert wrapped.seen("got")[0] is wrapped.seen("send")[0] is unknown
    trace = records(middleware)
    assert [type(record) for record in trace[1:]] == [ScopeRecord, ReceiveRecord, SendRecord, EndRecord]
    assert trace[2].message is not None or unknown is None  # type: ignore[union-attr]


# --- 4: exceptions ------------------------------------------------------------------------------------------------------


class Own(Exception):
    """An exception of the user's, whose text asks for care."""

    asked = 0

    def __str__(self) -> str:
        Own.asked += 1
        raise AssertionError("not now")


def _chained() -> BaseException:
    exc = ValueError("outer")
    exc.__cause__ = KeyError("cause")
    exc.__context__ = OSError(2, "context")
    exc.add_note("a note")
    return exc


EXCEPTIONS: dict[str, Callable[[], BaseException]] = {
    "ValueError": lambda: ValueError("leaves"),
    "with all that can hang on one": _chained,
    "own": Own,
    "OSError": lambda: ConnectionResetError(104, "gone"),
    "CancelledError": lambda: asyncio.CancelledError("why"),
    "GeneratorExit": GeneratorExit,
    "StopAsyncIteration": StopAsyncIteration,
    "KeyboardInterrupt": KeyboardInterrupt,
    "SystemExit": lambda: SystemExit(3),
    "BaseException": BaseException,
    "ExceptionGroup": lambda: ExceptionGroup("many", [ValueError("a"), ExceptionGroup("more", [Own(), OSError(1, "b")])]),
    "BaseExceptionGroup": lambda: BaseExceptionGroup("worst", [KeyboardInterrupt(), SystemExit(1)]),
    "cycle": lambda: _cycle(),
}


def _cycle() -> BaseException:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    return one


@pytest.mark.parametrize("name", EXCEPTIONS)
@pytest.mark.parametrize("where", ["app", "receive", "send", "receive, caught", "send, caught"])
def test_an_exception_arrives_as_it_is(name: str, where: str, out: Path) -> None:
    exc = EXCEPTIONS[name]()
    cause, context = exc.__cause__, exc.__context__

    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            if where == "app":
                exc.__traceback__ = None
                raise exc
            try:
                await (receive() if where.startswith("receive") else send(BODY))
            except BaseException as seen:
                failure = caught(seen)
                account.add("app caught", failure.told())
                account.add("ours at most", failure.ours <= 1)
                if not where.endswith("caught"):
                    raise

        return app

    async def main(app: App, scope: Any, server: Server) -> None:
        try:
            await app(scope, server.receive, server.send)
        except BaseException as seen:
            failure = caught(seen)
            server.account.add("server caught", failure.told())
            # A frame of ours for each call that it came through, and no more.
            assert failure.ours in (0, 1 if where == "app" else 2)

    steps = [("raise", exc)]
    plain, wrapped, middleware = twice(application, out, scope=http_scope(), receives=steps, sends=steps, main=main)
    assert difference(plain, wrapped) == ""
    assert len(wrapped.log) >= 2
    assert (exc.__cause__, exc.__context__) == (cause, context)
    trace = records(middleware)
    end = of_kind(trace, EndRecord)[-1]
    cancelled = name in ("CancelledError", "GeneratorExit")
    if where.endswith("caught"):
        assert end.outcome == "returned"
    else:
        assert (end.outcome, end.error is None) == (("cancelled", True) if cancelled else ("raised", False))
    if where != "app":
        call = of_kind(trace, ReceiveRecord if where.startswith("receive") else SentRecord)[-1]
        assert call.outcome == ("cancelled" if cancelled else "raised")


def test_an_exception_raised_while_another_is_handled_keeps_its_context(out: Path) -> None:
    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            account.add("handled now", sys.exc_info()[1])
            try:
                await receive()
            except ValueError:
                account.add("handled then", sys.exc_info()[1])
                await send(START)  # the server sees what is handled, too
                raise RuntimeError("second") from None

        return app

    async def main(app: App, scope: Any, server: Server) -> None:
        async def send(message: Any) -> None:
            server.account.add("handled in send", sys.exc_info()[1])

        try:
            await app(scope, server.receive, send)
        except RuntimeError as exc:
            server.account.add("context", (exc.__context__, exc.__suppress_context__))
        server.account.add("handled after", sys.exc_info()[1])

    first = ValueError("first")
    plain, wrapped, _ = twice(application, out, scope=http_scope(), receives=[("raise", first)], main=main)
    assert difference(plain, wrapped) == ""
    assert wrapped.seen("context") == [(first, True)]


def test_the_application_stays_free_of_our_failure_in_its_context(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where nothing can be recorded, what the application raises knows nothing of that."""
    monkeypatch.setattr("asgi_inspect.middleware.sink_for", _fail)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert sys.exc_info() == (None, None, None)
        raise ValueError("leaves")

    with pytest.raises(ValueError, match="leaves") as raised:
        asyncio.run(_run(InspectMiddleware(app, out=out)))
    assert raised.value.__context__ is None
    assert [name for file, name in frames_in(raised.value.__traceback__) if file.endswith("middleware.py")] == [
        "InspectMiddleware.__call__"
    ]


def _fail(*args: object, **options: object) -> Any:
    raise RuntimeError("ours")


async def _run(app: Any, scope: Any = None) -> Any:
    async def receive() -> Any:
        return REQUEST

    async def send(message: Any) -> None:
        pass

    return await app(http_scope() if scope is None else scope, receive, send)


CANCELLED_IN = ["receive", "send", "app", "receive in a task", "wait_for", "timeout"]


@pytest.mark.parametrize("where", CANCELLED_IN)
def test_cancellation_reaches_what_waits_and_comes_back(where: str, out: Path) -> None:
    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            try:
                if where == "send":
                    await send(BODY)
                elif where == "app":
                    await asyncio.Event().wait()
                elif where == "receive in a task":
                    task = asyncio.ensure_future(receive())
                    await asyncio.sleep(0)
                    task.cancel("enough")
                    await task
                elif where == "wait_for":
                    await asyncio.wait_for(receive(), 0.001)
                elif where == "timeout":
                    async with asyncio.timeout(0.001):
                        await receive()
                else:
                    await receive()
            except BaseException as exc:
                account.add("app caught", caught(exc).args)
                account.add("kind", type(exc).__name__)
                raise

        return app

    async def main(app: App, scope: Any, server: Server) -> None:
        task = asyncio.ensure_future(app(scope, server.receive, server.send))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if where in ("receive", "send", "app"):
            task.cancel("the server stops")
        try:
            await task
        except BaseException as exc:
            server.account.add("server caught", (type(exc).__name__, exc.args, task.cancelled(), task.cancelling()))

    plain, wrapped, middleware = twice(application, out, scope=http_scope(), sends=[("wait",)], main=main)
    if where in ("wait_for", "timeout"):  # how often a loop turns until a clock has struck is no business of ours
        wrapped.turns = plain.turns
    assert difference(plain, wrapped) == ""
    trace = records(middleware)
    end = of_kind(trace, EndRecord)[0]
    assert (end.outcome, end.error) == ("cancelled", None) if "wait" not in where and where != "timeout" else True
    kinds = {"send": SentRecord, "app": EndRecord}
    assert of_kind(trace, kinds.get(where, ReceiveRecord))[0].outcome == "cancelled"


def test_an_application_that_is_closed_is_cancelled(out: Path) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await receive()
        except GeneratorExit:
            seen.append("closed")
            raise

    @types.coroutine
    def suspend() -> Iterator[None]:
        yield

    async def receive() -> Any:
        await suspend()

    middleware = InspectMiddleware(app, out=out)
    call = middleware(http_scope(), receive, _never)
    call.send(None)
    # In another context than that in which it began, as at the end of a loop.
    contextvars.Context().run(call.close)
    assert seen == ["closed"]
    trace = records(middleware)
    assert [record.outcome for record in trace[2:]] == ["cancelled", "cancelled"]  # type: ignore[union-attr]


def test_an_application_that_goes_on_after_cancellation_is_let(out: Path) -> None:
    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> str:
            try:
                await receive()
            except asyncio.CancelledError:
                account.add("cleaning up")
                await send(START)
            return "done all the same"

        return app

    async def main(app: App, scope: Any, server: Server) -> Any:
        task = asyncio.ensure_future(app(scope, server.receive, server.send))
        await asyncio.sleep(0)
        task.cancel()
        return await task

    plain, wrapped, middleware = twice(application, out, scope=http_scope(), sends=[("later", None)], main=main)
    assert difference(plain, wrapped) == ""
    assert wrapped.seen("returned") == ["done all the same"]
    assert of_kind(records(middleware), EndRecord)[0].outcome == "returned"


def test_nothing_of_an_exception_is_kept_alive(out: Path) -> None:
    class Leaf:
        pass

    gone: list[weakref.ref[Leaf]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        leaf = Leaf()
        gone.append(weakref.ref(leaf))
        raise ValueError("leaves")

    async def main() -> None:
        with pytest.raises(ValueError, match="leaves"):
            await _run(InspectMiddleware(InspectMiddleware(app, out=out), out=out))
        assert gone[0]() is None, "a frame is still referred to, or only by a cycle"

    gc.collect()
    gc.disable()
    try:
        asyncio.run(main())
    finally:
        gc.enable()


# --- 5: the snapshot is taken at once, and looking does not act --------------------------------------------------------


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
@pytest.mark.parametrize("where", ["user", "type", "headers", "state", "body", "status", "route", "endpoint", "asgi"])
def test_looking_does_not_act(name: str, where: str, out: Path) -> None:
    trap = TRAPS[name]()
    scope, message = http_scope(**{where: trap}), {**START, **BODY, where: trap}
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
        asyncio.run(middleware(http_scope(), receive, _never))
    assert asked == ["over", "over"]
    trace = records(middleware)
    assert of_kind(trace, ReceiveRecord)[0].error.message is None
    assert [one.message for one in of_kind(trace, EndRecord)[0].error.exceptions] == ["a text", "a text"]


def test_a_state_of_millions_does_not_hold_the_application(out: Path) -> None:
    state = {"cache": dict.fromkeys(range(3_000_000)), "list": [None] * 10_000_000, "n": 1}
    middleware = InspectMiddleware(_nothing, out=out)
    started = asyncio.new_event_loop()
    try:
        began = started.time()
        started.run_until_complete(_run(middleware, http_scope(state=state)))
        took = started.time() - began
    finally:
        started.close()
    assert took < 0.5, "it was walked, or copied"
    assert of_kind(records(middleware), ScopeRecord)[0].scope["state"] == {
        "cache": Truncated(None), "list": Truncated(None), "n": 1,
    }  # fmt: skip


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    pass


def test_a_huge_text_is_cut(out: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.send", "text": "leaf " * 10_000_000, "other": "x" * 10_000_000})

    middleware = InspectMiddleware(app, out=out)
    asyncio.run(_run(middleware, {"type": "websocket"}))
    message = of_kind(records(middleware), SendRecord)[0].message
    assert message["text"] == Truncated(50_000_000, ("leaf " * 20_000)[:65_536])
    assert message["other"] == Truncated(10_000_000, "x" * 65_536)
    assert out.stat().st_size < 200_000


# --- 6: any loop, any thread, after a fork ------------------------------------------------------------------------------


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
    assert logs == [["receive", REQUEST, *(log := ["receive", name]), START, *log, BODY][0:1] + [*log, START, *log, BODY]] * 3
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
                nursery.start_soon(app, http_scope(), trio.sleep_forever, _never)
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
        return JSONResponse({"gone": await request.is_disconnected(), "body": (await request.body()).decode()})

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
    middleware = InspectMiddleware(_nothing, out=tmp_path / "none" / "trace.jsonl")
    assert set(threading.enumerate()) == before
    assert list(tmp_path.iterdir()) == []
    assert not any(isinstance(value, (asyncio.Event, asyncio.Lock)) for value in vars(middleware).values())


def test_no_thread_of_the_applications_is_touched_and_no_task_is_made(out: Path) -> None:
    async def main(app: App) -> set[Any]:
        with only_ours_differs():
            await _run(app)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(main(InspectMiddleware(_nothing, out=out))) == set()


# --- 7: what servers look at --------------------------------------------------------------------------------------------


def test_its_call_is_as_servers_look_for_it(out: Path) -> None:
    from asgiref.compatibility import is_double_callable

    middleware = InspectMiddleware(_nothing, out=out)
    assert inspect.iscoroutinefunction(middleware.__call__)
    assert list(inspect.signature(middleware).parameters) == ["scope", "receive", "send"]
    assert all(
        parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        for parameter in inspect.signature(middleware).parameters.values()
    )
    assert not is_double_callable(middleware)
    with pytest.raises(TypeError):
        middleware()  # type: ignore[call-arg]


class Application:
    """An application that is an object."""

    def __init__(self) -> None:
        self.debug = False
        self.account = Account()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await echo(self.account)(scope, receive, send)

    async def method(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self(scope, receive, send)

    def __getnewargs__(self) -> tuple[str]:
        return ("the application's own",)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Application":
        return type(self)()


@types.coroutine
def generator_based(scope: Any, receive: Any, send: Any) -> Any:
    return (yield from echo(Account())(scope, receive, send).__await__())


class Awaited:
    """An application that gives an awaitable that is no coroutine."""

    def __call__(self, scope: Any, receive: Any, send: Any) -> "Awaited":
        self.call = echo(Account())(scope, receive, send)
        return self

    def __await__(self) -> Any:
        return self.call.__await__()  # type: ignore[attr-defined]


async def more(extra: int, scope: Any, receive: Any, send: Any, *, key: int) -> Any:
    return await echo(Account())(scope, receive, send)


APPLICATIONS: dict[str, Callable[[], Any]] = {
    "function": lambda: echo(Account()),
    "object": Application,
    "method": lambda: Application().method,
    "partial": lambda: functools.partial(more, 1, key=2),
    "generator-based coroutine": lambda: generator_based,
    "awaitable": Awaited,
    "wrapped": lambda: InspectMiddleware(echo(Account()), out=lambda record: None),
}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications_of_every_kind(name: str, out: Path) -> None:
    middleware = InspectMiddleware(APPLICATIONS[name](), out=out)
    assert asyncio.run(_run(middleware)) is account_value
    assert len([record for record in of_kind(records(middleware), SendRecord) if record.layer == 0]) == 2


@pytest.mark.parametrize("call", [lambda scope, receive, send: None, lambda scope: None, lambda: None, None, 7])
def test_what_is_no_application_fails_as_it_does_alone(call: Any, out: Path) -> None:
    async def serve(app: Any) -> None:
        await app(http_scope(), _never, _never)

    with pytest.raises(TypeError) as plain:
        asyncio.run(serve(call))
    with pytest.raises(TypeError) as wrapped:
        asyncio.run(serve(InspectMiddleware(call, out=out)))
    assert wrapped.value.args == plain.value.args


# --- 8: our own failure ------------------------------------------------------------------------------------------------

BROKEN = {
    "sink cannot be opened": "asgi_inspect.middleware.sink_for",
    "process cannot be told": "asgi_inspect.capture.recorder.current_process",
    "time cannot be told": "asgi_inspect.capture.recorder.timestamp",
    "scope cannot be encoded": "asgi_inspect.capture.recorder.scope_json",
    "message cannot be encoded": "asgi_inspect.capture.recorder.message_json",
    "nothing can be encoded": "asgi_inspect.capture.lines._json",
    "size cannot be told": "asgi_inspect.capture.recorder.body_size",
    "exception cannot be told": "asgi_inspect.capture.recorder.describe",
    "route cannot be told": "asgi_inspect.capture.recorder.route_of",
    "iterator cannot be told": "asgi_inspect.capture.tap.replayable",
    "name cannot be told": "asgi_inspect.middleware.name_of",
    "sink raises": "asgi_inspect.capture.file.FileSink.add",
    "flush raises": "asgi_inspect.capture.file.FileSink.flush",
}


@pytest.mark.parametrize("what", BROKEN)
def test_our_own_failure_never_reaches_the_application(
    what: str, out: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from asgi_inspect.capture import notice
    from asgi_inspect.capture.process import current_process

    monkeypatch.setattr(notice, "_said", set())
    problem = OSError(1, "theirs")

    def application(account: Account) -> App:
        async def app(scope: Any, receive: Any, send: Any) -> Any:
            account.add("got", await receive())
            account.add("sent", await send(START))
            try:
                await receive()
            except OSError as exc:
                account.add("caught", (exc, exc.__context__))
            try:
                await send(BODY)
            except OSError as exc:
                account.add("caught", (exc, exc.__context__))
            raise problem

        return app

    steps: list[Any] = [("later", REQUEST), ("raise", problem)]
    open_before = current_process().open
    with monkeypatch.context() as patch:
        patch.setattr(BROKEN[what], _fail)
        plain, wrapped, middleware = twice(application, out, scope=http_scope(), receives=steps, sends=steps)
        assert difference(plain, wrapped) == ""
        middleware = InspectMiddleware(middleware, out=out)  # two layers break as well as one
        plain, wrapped, middleware = twice(
            lambda account: InspectMiddleware(application(account), out=out),
            out, scope=http_scope(), receives=steps, sends=steps,
        )  # fmt: skip
        assert difference(plain, wrapped) == ""
    assert current_process().open == open_before
    if what != "flush raises":
        assert capfd.readouterr().err.count("asgi-inspect: ") >= 1, "it is said"
    # When it works again, it is recorded again, with a word on what is missing.
    healthy = InspectMiddleware(_nothing, out=out)
    asyncio.run(_run(healthy))
    trace = records(healthy)
    assert of_kind(trace, EndRecord)[-1].outcome == "returned"
    if what != "nothing can be encoded":  # there each record is written, with `$truncated` in it
        lost = of_kind(trace, LostRecord)
        assert lost
        assert all(record.records >= 1 and "asgi-inspect failed: RuntimeError" in record.why for record in lost)


def test_what_can_be_recorded_is_recorded_where_the_scope_cannot(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("asgi_inspect.capture.recorder.scope_json", _fail)
        middleware = InspectMiddleware(echo(Account()), out=out)
        asyncio.run(_run(middleware))
    trace = records(middleware)
    assert [type(record) for record in trace[1:]] == [ReceiveRecord, SendRecord, SendRecord, EndRecord, LostRecord]
    assert (trace[-1].records, trace[-1].conns) == (1, 1)  # type: ignore[union-attr]


def test_what_cannot_be_encoded_stands_as_truncated(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    middleware = InspectMiddleware(echo(Account()), out=out)
    with monkeypatch.context() as patch:
        patch.setattr("asgi_inspect.capture.lines.encode", _fail)
        asyncio.run(_run(middleware, http_scope(user=object())))
    trace = records(middleware)
    assert trace[1].scope == Truncated(None)  # type: ignore[union-attr]
    assert [record.message for record in of_kind(trace, ReceiveRecord)] == [REQUEST]


def test_near_the_end_of_the_stack(out: Path) -> None:
    """However deep the application already is: what it calls works as it did, but for the few frames that we stand in."""

    def depth_of_failure(app: Callable[[Any], Any]) -> int:
        """The least number of frames that the application needs beneath it for its `send` to work."""

        async def nested(scope: Any, receive: Any, send: Any) -> bool:
            async def deeper(n: int) -> bool:
                if n:
                    return await deeper(n - 1)
                await send(BODY)
                return True

            return await deeper(scope["depth"])

        wrapped = app(nested)
        for depth in range(150, 0, -1):
            try:
                asyncio.run(_run(wrapped, {**http_scope(), "depth": depth}))
            except RecursionError as exc:
                assert exc.__context__ is None or isinstance(exc.__context__, RecursionError)
                continue
            return depth
        raise AssertionError

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 150)
    try:
        plain = depth_of_failure(lambda app: app)
        wrapped = depth_of_failure(lambda app: InspectMiddleware(app, out=out))
    finally:
        sys.setrecursionlimit(limit)
    # One frame for the application's call, one for its send, one for the call with which that begins.
    assert plain - wrapped <= 3, (plain, wrapped)


# --- 9: off is off -----------------------------------------------------------------------------------------------------


def test_off_is_off(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASGI_INSPECT", "0")
    given: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> str:
        given[:] = [scope, receive, send]
        return "value"

    scope, receive, send = http_scope(), _never, _nothing
    middleware = InspectMiddleware(app, out=out, body_limit="nonsense")
    monkeypatch.delenv("ASGI_INSPECT")  # it was read when the middleware was made
    assert asyncio.run(middleware(scope, receive, send)) == "value"  # type: ignore[arg-type]
    assert given == [scope, receive, send]
    assert given[1] is receive
    assert not out.exists()
    assert middleware.__name__ == "app"
    assert set(vars(middleware)) == {"app", "_off"}


def test_no_warning_comes_from_an_awaitable_that_is_dropped(out: Path) -> None:
    """An application that calls `receive` and never awaits what it gets is warned of, once, as without us."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        receive()

    async def receive() -> Any:
        raise AssertionError

    for wrapped in (app, InspectMiddleware(app, out=out)):
        with warnings.catch_warnings(record=True) as caught_warnings:
            warnings.simplefilter("always")
            asyncio.run(wrapped(http_scope(), receive, _never))
            gc.collect()
        assert ["never awaited" in str(warning.message) for warning in caught_warnings] == [True]


def test_the_accounts_are_compared_by_identity() -> None:
    """The comparison that this file stands on tells equal objects apart."""
    one, other = Account(), Account()
    one.add("got", {"type": "x"})
    other.add("got", {"type": "x"})
    assert "event 0" in difference(one, other)
    other.log = list(one.log)
    assert difference(one, other) == ""
    other.turns = 1
    assert "turns" in difference(one, other)
    assert play(_fine, Account()).log == [("returned", 1)]


async def _fine() -> int:
    return 1


def test_messages_are_any_mapping() -> None:
    assert isinstance(UserDict(), Mapping)
