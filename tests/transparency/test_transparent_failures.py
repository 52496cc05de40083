"""Point 8 of the transparency contract: our own failure never reaches the application."""

import asyncio
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import EndRecord, LostRecord, ReceiveRecord, SendRecord
from asgi_inspect.values import Truncated
from tests.stage import (
    BODY,
    REQUEST,
    START,
    Account,
    App,
    difference,
    echo,
    fail,
    http_scope,
    nothing,
    of_kind,
    records,
    run,
    twice,
)

_START = {**START, "headers": ((b"content-type", b"text/plain"),)}  # no list, so that it is looked at closely
BROKEN = {
    "sink cannot be opened": "asgi_inspect.middleware.sink_for",
    "process cannot be told": "asgi_inspect.capture.connection.current_process",
    "time cannot be told": "asgi_inspect.capture.recorder.stamp",
    "usual scope cannot be encoded": "asgi_inspect.capture.recorder.usual_scope",
    "usual message cannot be encoded": "asgi_inspect.capture.recorder.usual_send",
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
            account.add("sent", await send(_START))
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
        if "usual" not in what:
            for name in ("usual_scope", "usual_receive", "usual_send"):
                patch.setattr(f"asgi_inspect.capture.recorder.{name}", lambda *given: None)
        patch.setattr(BROKEN[what], fail)
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
    healthy = InspectMiddleware(nothing, out=out)
    asyncio.run(run(healthy))
    trace = records(healthy)
    assert of_kind(trace, EndRecord)[-1].outcome == "returned"
    if (
        "usual" not in what and what != "nothing can be encoded"
    ):  # there each record is written, if with `$truncated` in it
        lost = of_kind(trace, LostRecord)
        assert lost
        assert all(record.records >= 1 and "asgi-inspect failed: RuntimeError" in record.why for record in lost)


def test_what_can_be_recorded_is_recorded_where_the_scope_cannot(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("asgi_inspect.capture.recorder.scope_json", fail)
        middleware = InspectMiddleware(echo(Account()), out=out)
        asyncio.run(run(middleware))
    trace = records(middleware)
    assert [type(record) for record in trace[1:]] == [ReceiveRecord, SendRecord, SendRecord, EndRecord, LostRecord]
    assert (trace[-1].records, trace[-1].conns) == (1, 1)  # type: ignore[union-attr]


def test_what_cannot_be_encoded_stands_as_truncated(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    middleware = InspectMiddleware(echo(Account()), out=out)
    with monkeypatch.context() as patch:
        patch.setattr("asgi_inspect.capture.lines.encode", fail)
        asyncio.run(run(middleware, http_scope(user=object())))
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
                asyncio.run(run(wrapped, {**http_scope(), "depth": depth}))
            except RecursionError:
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
