"""Transparency as a property: whatever a server and an application do, legal or not, both see the same with and without us.

The points of the contract one by one are under `tests/transparency/`.
"""

import asyncio
from collections import UserDict
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, ScopeRecord, SendRecord
from tests.stage import (
    BODY,
    REQUEST,
    START,
    Account,
    App,
    Server,
    Step,
    difference,
    http_scope,
    of_kind,
    play,
    records,
    twice,
)

SCOPES: list[Any] = [
    http_scope(),
    {"type": "websocket", "path": "/", "headers": (), "subprotocols": ["tea"]},
    {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}},
    {"type": "unheard.of", "n": 1},
    UserDict(http_scope()),
    None,
    "a text",
]
MESSAGES: list[Any] = [
    REQUEST,
    START,
    BODY,
    {"type": "http.disconnect"},
    {"type": "websocket.receive", "text": "leaf", "bytes": None},
    {"type": "websocket.close", "code": 1000},
    {"type": "lifespan.startup.failed", "message": "\udcff"},
    {"type": "http.response.body", "body": bytearray(b"\xff" * 100), "more_body": True},
    {},
    {b"type": 1},
    UserDict(BODY),
    None,
    "text",
    [1],
]
EXCEPTIONS: list[BaseException] = [
    ValueError("leaves"),
    OSError(32, "broken"),
    asyncio.CancelledError("by hand"),
    SystemExit(3),
    KeyboardInterrupt(),
    ExceptionGroup("many", [ValueError(1), TypeError(2)]),
]

FILES = count()

messages = st.sampled_from(MESSAGES)
exceptions = st.sampled_from(EXCEPTIONS)
plain_exceptions = st.sampled_from(EXCEPTIONS[:2])


def step(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(name), *arguments)


server_steps = st.lists(
    st.one_of(step("give", messages), step("later", messages), step("raise", exceptions), step("wait")), max_size=6
)
app_steps = st.lists(
    st.one_of(
        step("receive"),
        step("send", messages),
        step("receive, whatever comes"),
        step("send, whatever comes", messages),
        step("receive, cancelled"),
        step("send, cancelled", messages),
        step("both", messages),
        step("leave behind", messages),
        step("change", messages),
        step("add to the scope", messages),
        step("turn"),
        step("raise", exceptions),
        step("raise from", exceptions, plain_exceptions),
        step("return", messages),
    ),
    max_size=8,
)


def scripted(steps: Iterable[Step], account: Account) -> App:
    """An application that does this, step by step."""

    async def app(scope: Any, receive: Any, send: Any) -> Any:
        account.add("scope", scope)
        for act in steps:
            account.add("step", act[0])
            if act[0] == "return":
                return act[1]
            await _act(act, account, scope, receive, send)
        return None

    return app


async def _act(act: Step, account: Account, scope: Any, receive: Any, send: Any) -> None:
    match act:
        case ("receive",):
            account.add("got", await receive())
        case ("send", message):
            account.add("sent", await send(message))
        case ("receive, whatever comes" | "send, whatever comes" as what, *message):
            try:
                account.add("came", await (receive() if what.startswith("receive") else send(*message)))
            except BaseException as exc:
                account.add("caught", (_known(exc), _known(exc.__cause__), _known(exc.__context__)))
        case ("receive, cancelled" | "send, cancelled" as what, *message):
            task = asyncio.ensure_future(_call(receive if what.startswith("receive") else send, *message))
            account.left.append(task)
            await asyncio.sleep(0)
            task.cancel("enough")
            account.add("outcome", await task)
        case ("both", message):
            account.add("both", tuple(await asyncio.gather(_call(receive), _call(send, message))))
        case ("leave behind", message):
            account.left.append(asyncio.ensure_future(_use_later(account, receive, send, message)))
        case ("change", message):
            if type(message) is dict:
                message["changed"] = True
        case ("add to the scope", value):
            if type(scope) is dict:
                scope["added"] = value
        case ("turn",):
            await asyncio.sleep(0)
        case ("raise", exc):
            exc.__traceback__ = None
            raise exc
        case ("raise from", exc, cause):
            exc.__traceback__ = None
            raise exc from cause


async def _call(function: Any, *arguments: Any) -> Any:
    """What a call came to: KeyboardInterrupt and SystemExit, let out of a task, would stop the loop."""
    try:
        return "gave", await function(*arguments)
    except BaseException as exc:
        return "raised", _known(exc)


def _known(exc: BaseException | None) -> Any:
    """One of our exceptions itself; of one that the loop made, what can be told of it."""
    if exc is None or any(exc is known for known in EXCEPTIONS):
        return exc
    return type(exc).__name__, exc.args


async def _use_later(account: Account, receive: Any, send: Any, message: Any) -> None:
    await asyncio.sleep(0)
    account.add("late", await _call(send, message))
    account.add("late", await _call(receive))


def _cleaned(steps: Iterable[Step]) -> None:
    """What one play leaves on the objects, the next must not find."""
    for scope in SCOPES:
        if type(scope) is dict:
            scope.pop("added", None)
    for message in MESSAGES:
        if type(message) is dict:
            message.pop("changed", None)
    for exc in EXCEPTIONS:
        exc.__traceback__ = exc.__cause__ = exc.__context__ = None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scope=st.sampled_from(SCOPES),
    receives=server_steps,
    sends=server_steps,
    steps=app_steps,
    cancel=st.none() | st.integers(0, 4),
    layers=st.integers(1, 2),
)
def test_whatever_they_do_both_sides_see_the_same(
    scope: Any,
    receives: list[Step],
    sends: list[Step],
    steps: list[Step],
    cancel: int | None,
    layers: int,
    tmp_path: Path,
) -> None:
    out = tmp_path / f"{next(FILES)}.jsonl"

    async def main(app: App, scope: Any, server: Server) -> Any:
        _cleaned(steps)
        task = asyncio.ensure_future(_call(app, scope, server.receive, server.send))
        for _ in range(cancel or 0):
            await asyncio.sleep(0)
        if cancel is not None:
            task.cancel("the server stops")
        while not task.done():  # one that waits for what never comes is cancelled, again and again
            for _ in range(30):
                await asyncio.sleep(0)
            task.cancel("enough")
        return await _call(asyncio.wait_for, task, None)

    def application(account: Account) -> App:
        app = scripted(steps, account)
        return app if layers == 1 else _only_when_wrapped(app, out)

    plain, wrapped, middleware = twice(application, out, scope=scope, receives=receives, sends=sends, main=main)
    assert difference(plain, wrapped) == ""
    trace = records(middleware)
    if not wrapped.seen("scope"):  # cancelled before it began
        assert trace == []
        return
    outermost = of_kind(trace, ScopeRecord)[0].conn
    trace = [record for record in trace if getattr(record, "layer", None) == 0 and record.conn == outermost]  # type: ignore[union-attr]
    assert len(of_kind(trace, SendRecord)) == wrapped.counts["send"]
    assert len(of_kind(trace, ScopeRecord)) == len(of_kind(trace, EndRecord)) == 1
    ended = len([record for record in of_kind(trace, ReceiveRecord) if record.outcome is None])
    assert ended == wrapped.counts["receive gave"]


class _only_when_wrapped:
    """An inner layer, for the play with the middleware only; alone it is nothing."""

    def __init__(self, app: App, out: Path) -> None:
        self.app = app
        self.inner = InspectMiddleware(app, out=out)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        wrapped = receive.__module__ == "asgi_inspect.capture.tap"
        return await (self.inner if wrapped else self.app)(scope, receive, send)


def test_the_accounts_are_compared_by_identity() -> None:
    """The comparison that these tests stand on tells equal objects apart."""
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


@pytest.mark.parametrize("what", ["turns", "scheduled", "tasks"])
def test_a_turn_too_many_is_noticed(what: str) -> None:
    async def more() -> int:
        await asyncio.sleep(0)
        return await asyncio.ensure_future(_fine()) if what == "tasks" else 1

    assert getattr(play(more, Account()), what) > getattr(play(_fine, Account()), what)
