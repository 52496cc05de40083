"""Point 4 of the transparency contract: exceptions and cancellation go through as they are."""

import asyncio
import contextvars
import gc
import sys
import types
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, SentRecord
from tests.stage import (
    BODY,
    START,
    Account,
    App,
    Server,
    caught,
    difference,
    fail,
    frames_in,
    http_scope,
    never,
    of_kind,
    records,
    run,
    twice,
)


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
    "ExceptionGroup": lambda: ExceptionGroup(
        "many", [ValueError("a"), ExceptionGroup("more", [Own(), OSError(1, "b")])]
    ),
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
    monkeypatch.setattr("asgi_inspect.middleware.sink_for", fail)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert sys.exc_info() == (None, None, None)
        raise ValueError("leaves")

    with pytest.raises(ValueError, match="leaves") as raised:
        asyncio.run(run(InspectMiddleware(app, out=out)))
    assert raised.value.__context__ is None
    assert [name for file, name in frames_in(raised.value.__traceback__) if file.endswith("middleware.py")] == [
        "InspectMiddleware.__call__"
    ]


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
    call = middleware(http_scope(), receive, never)
    contextvars.copy_context().run(call.send, None)
    # In another context than that in which it began, as at the end of a loop.
    contextvars.copy_context().run(call.close)
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
            await run(InspectMiddleware(InspectMiddleware(app, out=out), out=out))
        assert gone[0]() is None, "a frame is still referred to, or only by a cycle"

    gc.collect()
    gc.disable()
    try:
        asyncio.run(main())
    finally:
        gc.enable()
