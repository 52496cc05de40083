"""Driving an application without a server: legal scopes, an exemplary server, and an end whatever the application does."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from asgi_inspect.lint.finding import Finding
from asgi_inspect.lint.linter import Linter
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.testing import (
    App,
    Client,
    ClientLeftError,
    Outcome,
    body_in,
    drive,
    http_scope,
    lifespan_scope,
    websocket_scope,
)
from asgi_inspect.trace.read import read_trace
from asgi_inspect.types import Message, Receive, Scope, Send
from examples import fastapi_app, hello, starlette_websocket
from tests.apps.frameworks import FRAMEWORKS

START: Message = {"type": "http.response.start", "status": 200, "headers": []}
CHUNK: Message = {"type": "http.response.body", "body": b"x", "more_body": True}
BODY: Message = {"type": "http.response.body", "body": b"x"}
CONNECT: Message = {"type": "websocket.connect"}
SILENT = {"version": "3.0", "spec_version": "2.3"}


def sending(*messages: Message) -> App:
    """An application that sends these, whatever it is asked."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def receiving(count: int, into: list[Message], *messages: Message) -> App:
    """An application that sends these, and then receives so often."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        for _ in range(count):
            into.append(await receive())

    return app


def driven(app: App, scope: Scope, *args: Any, **how: Any) -> Outcome:
    return asyncio.run(drive(app, scope, *args, **{"patience": 0.01, "timeout": 5.0, **how}))


# --- scopes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [http_scope, websocket_scope, lifespan_scope])
def test_each_scope_is_a_new_one(make: Callable[..., dict[str, Any]]) -> None:
    one, other = make(), make()
    assert one == other
    for key, value in one.items():
        assert not isinstance(value, dict | list) or value is not other[key], key


def test_scopes_take_changes() -> None:
    scope = http_scope(path="/tee/grün tee", method="POST", colour="green")
    assert (scope["path"], scope["raw_path"]) == ("/tee/grün tee", b"/tee/gr%C3%BCn%20tee")
    assert (scope["method"], scope["colour"]) == ("POST", "green")
    assert websocket_scope(path="/x", raw_path=b"/%78")["raw_path"] == b"/%78"
    assert http_scope(path=None)["raw_path"] == b"/"
    assert "method" not in websocket_scope()
    assert lifespan_scope(state=None)["state"] is None


# --- HTTP ------------------------------------------------------------------------------------------------------------------


def test_a_whole_answer() -> None:
    outcome = driven(hello.app, http_scope())
    assert (outcome.how, outcome.error, outcome.complete, outcome.left) == ("returned", None, True, False)
    assert [message["type"] for message in outcome.sent] == ["http.response.start", "http.response.body"]


def test_what_is_received() -> None:
    got: list[Message] = []
    given = body_in(b"a", b"b")
    driven(receiving(2, got), http_scope(), given)
    assert got == [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b", "more_body": False},
    ]
    got.clear()
    driven(receiving(1, got), http_scope())
    assert got == [{"type": "http.request", "body": b"", "more_body": False}]


def test_behind_the_whole_answer_comes_a_disconnect_again_and_again() -> None:
    got: list[Message] = []
    outcome = driven(receiving(3, got, START, BODY), http_scope(), body_in(b"unread"))
    assert [message["type"] for message in got] == ["http.disconnect"] * 3
    assert (outcome.complete, outcome.left) == (True, False)


def test_who_waits_for_nothing_else_learns_that_the_client_has_left() -> None:
    got: list[Message] = []
    outcome = driven(receiving(2, got), http_scope())
    assert [message["type"] for message in got] == ["http.request", "http.disconnect"]
    assert (outcome.how, outcome.complete, outcome.left) == ("returned", False, True)


def test_who_waits_in_a_task_beside_the_answer_is_not_disturbed() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        listening = asyncio.ensure_future(receive())
        for _ in range(20):  # longer than the client's patience
            await asyncio.sleep(0.002)
        assert not listening.done()
        await send(START)
        await send(BODY)
        assert (await listening)["type"] == "http.disconnect"

    assert driven(app, http_scope())[:2] == ("returned", None)


@pytest.mark.parametrize("after", [0, 1])
def test_the_client_leaves_and_send_raises(after: int) -> None:
    outcome = driven(sending(START, CHUNK, CHUNK, BODY), http_scope(), leave_after=after)
    assert isinstance(outcome.error, ClientLeftError)
    assert (outcome.how, outcome.left, outcome.complete) == ("raised", True, False)
    assert len(outcome.sent) == 1 + after


def test_the_client_leaves_and_send_does_nothing() -> None:
    got: list[Message] = []
    app = receiving(1, got, START, CHUNK, CHUNK, BODY)
    outcome = driven(app, http_scope(asgi=SILENT), leave_after=1)
    assert (outcome.how, outcome.left, len(outcome.sent)) == ("returned", True, 2)
    assert got == [{"type": "http.disconnect"}]


def test_a_client_that_leaves_in_its_body() -> None:
    got: list[Message] = []
    upload: list[Message] = [*body_in(b"a", b"b")[:1], {"type": "http.disconnect"}]
    outcome = driven(receiving(3, got), http_scope(method="POST"), upload)
    assert [message["type"] for message in got] == ["http.request", "http.disconnect", "http.disconnect"]
    assert outcome.left


def test_a_slow_body_waits_before_each_piece() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        assert not waiting.done()
        assert (await waiting)["body"] == b"b"

    assert driven(app, http_scope(), body_in(b"a", b"b"), pace=0.01)[:2] == ("returned", None)


TRAILERS: Message = {"type": "http.response.trailers", "headers": [], "more_trailers": False}
HINT: Message = {"type": "http.response.early_hint", "links": []}
FILE: Message = {"type": "http.response.pathsend", "path": "/a"}


@pytest.mark.parametrize(
    ("messages", "extensions"),
    [
        ([START, CHUNK, BODY], ()),
        ([HINT, START, BODY], ("http.response.early_hint",)),
        ([START, FILE], ("http.response.pathsend",)),
        (
            [{**START, "trailers": True}, BODY, {**TRAILERS, "more_trailers": True}, TRAILERS],
            ("http.response.trailers",),
        ),
    ],
)
def test_what_there_is_a_place_for(messages: list[Message], extensions: tuple[str, ...]) -> None:
    outcome = driven(sending(*messages), http_scope(extensions={name: {} for name in extensions}))
    assert (outcome.how, outcome.error, outcome.complete) == ("returned", None, True)


@pytest.mark.parametrize(
    "messages",
    [
        [BODY],
        [START, START],
        [START, BODY, BODY],
        [START, BODY, START],
        [START, HINT],
        [START, FILE],
        [{**START, "trailers": True}, BODY, BODY],
        [{"type": "websocket.send", "text": "x"}],
        [{"type": 7}],
    ],
)
def test_a_broken_order_raises_as_in_servers(messages: list[Message]) -> None:
    outcome = driven(sending(*messages), http_scope())
    assert isinstance(outcome.error, RuntimeError)
    assert outcome.sent == messages  # what was refused, too
    lax = driven(sending(*messages), http_scope(), strict=False)
    assert (lax.how, lax.error, lax.sent) == ("returned", None, messages)


# --- WebSocket -------------------------------------------------------------------------------------------------------------


def test_a_conversation() -> None:
    said: list[Message] = [CONNECT, {"type": "websocket.receive", "text": "hello"}]
    outcome = driven(starlette_websocket.app, websocket_scope(path="/echo"), said)
    assert [message["type"] for message in outcome.sent] == ["websocket.accept", "websocket.send"]
    assert (outcome.how, outcome.left) == ("returned", True)  # the client has closed


def test_nothing_is_said_before_the_handshake_is_answered() -> None:
    got: list[Message] = []
    said: list[Message] = [CONNECT, {"type": "websocket.receive", "text": "hello"}]
    driven(receiving(2, got), websocket_scope(), said)
    assert got == [CONNECT, {"type": "websocket.disconnect", "code": 1006}]
    got.clear()
    driven(receiving(2, got), websocket_scope(), said, strict=False)
    assert got == said


@pytest.mark.parametrize(
    ("messages", "how", "code"),
    [
        ([{"type": "websocket.accept"}], {}, 1000),
        ([{"type": "websocket.accept"}], {"leave_after": 0}, 1006),
        ([{"type": "websocket.accept"}, {"type": "websocket.close", "code": 4001}], {}, 4001),
        ([{"type": "websocket.close"}], {}, 1006),
        (
            [
                {"type": "websocket.http.response.start", "status": 401, "headers": []},
                {"type": "websocket.http.response.body", "body": b"no"},
            ],
            {},
            1006,
        ),
    ],
)
def test_the_code_that_the_application_learns(messages: list[Message], how: dict[str, Any], code: int) -> None:
    got: list[Message] = []
    driven(receiving(1, got, *messages), websocket_scope(), [], **how)
    assert got == [{"type": "websocket.disconnect", "code": code}]


@pytest.mark.parametrize(
    "messages",
    [
        [{"type": "websocket.send", "text": "x"}],
        [{"type": "websocket.accept"}, {"type": "websocket.accept"}],
        [{"type": "websocket.close"}, {"type": "websocket.close"}],
        [{"type": "websocket.accept"}, {"type": "websocket.http.response.start", "status": 401}],
    ],
)
def test_a_broken_order_of_a_websocket_raises(messages: list[Message]) -> None:
    assert isinstance(driven(sending(*messages), websocket_scope()).error, RuntimeError)


def test_a_denial_needs_its_extension() -> None:
    denial: Message = {"type": "websocket.http.response.start", "status": 401, "headers": []}
    assert isinstance(driven(sending(denial), websocket_scope(extensions={})).error, RuntimeError)


# --- lifespan --------------------------------------------------------------------------------------------------------------


def test_a_lifespan_from_its_begin_to_its_end() -> None:
    outcome = driven(hello.app, lifespan_scope())
    assert [message["type"] for message in outcome.sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert (outcome.how, outcome.complete) == ("returned", True)


def test_a_client_copies_the_state_into_each_scope() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            scope["state"]["shelf"] = ["sencha"]
            await hello.lifespan(receive, send)
        else:
            seen.append(scope["state"])
            await hello.hello(send)

    async def main() -> None:
        async with Client(app, timeout=5) as client:
            assert client.startup == "complete"
            await client.call(http_scope())
            await client.call(http_scope())
            before = client.lifespan
        one, other = seen
        assert one == other == client.state == {"shelf": ["sencha"]}
        assert one is not other
        assert one["shelf"] is other["shelf"] is client.state["shelf"]
        assert before is None
        assert client.lifespan is not None
        assert (client.lifespan.how, client.lifespan.complete) == ("returned", True)

    asyncio.run(main())


async def says_no(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


async def raises(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError(scope["type"])


async def never_ends(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.Event().wait()


async def asks_for_ever(scope: Scope, receive: Receive, send: Send) -> None:
    while True:
        await receive()


@pytest.mark.parametrize(
    ("app", "startup", "how"),
    [
        (says_no, "failed", "returned"),
        (raises, "unsupported", "raised"),
        (sending(), "unsupported", "returned"),
        (never_ends, "unanswered", "cancelled"),
        (asks_for_ever, "unanswered", "cancelled"),
    ],
)
def test_how_an_application_may_answer_to_a_lifespan(app: App, startup: str, how: str) -> None:
    async def main() -> Client:
        async with Client(app, timeout=0.05) as client:
            pass
        return client

    client = asyncio.run(main())
    assert client.startup == startup
    assert client.lifespan is not None
    assert client.lifespan.how == how


# --- the end ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [http_scope, websocket_scope, lifespan_scope, lambda: {"type": "mqtt"}, dict])
@pytest.mark.parametrize("app", [never_ends, asks_for_ever])
def test_what_does_not_end_is_cancelled(make: Callable[[], Any], app: App) -> None:
    outcome = driven(app, make(), timeout=0.05)
    assert (outcome.how, outcome.complete) == ("cancelled", False)


def test_who_only_sends_is_left_and_ends() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        while True:
            await send(CHUNK)

    outcome = driven(app, http_scope(), stay=0.02)
    assert isinstance(outcome.error, ClientLeftError)
    assert driven(app, http_scope(), leave_after=3).sent == [START, CHUNK, CHUNK, CHUNK]


def test_what_will_not_be_cancelled_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asgi_inspect.testing.calls._GRACE", 0.01)
    enough = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while not enough.is_set():
            try:
                await enough.wait()
            except asyncio.CancelledError:
                continue

    async def main() -> Outcome:
        outcome = await drive(app, http_scope(), timeout=0.02)
        enough.set()
        return outcome

    assert asyncio.run(main())[:2] == ("cancelled", None)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), ValueError(), asyncio.CancelledError()])
def test_whatever_is_raised_is_an_outcome(error: BaseException) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    outcome = driven(app, http_scope())
    assert (outcome.how, outcome.error) == ("raised", error)


def test_who_is_cancelled_cancels_the_application() -> None:
    async def main() -> None:
        begun, ended = asyncio.Event(), asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        driving = asyncio.ensure_future(drive(app, http_scope()))
        await begun.wait()
        driving.cancel()
        await asyncio.wait_for(ended.wait(), 5)
        assert driving.cancelled() or driving.cancelling()

    asyncio.run(main())


# --- as the linter sees it -------------------------------------------------------------------------------------------------


def judged(app: App, file: Path, play: Callable[[Client], Awaitable[Any]]) -> list[Finding]:
    """What is found in a play with an application within its lifespan."""

    async def main() -> None:
        async with Client(InspectMiddleware(app, out=file, flush="record"), timeout=5) as client:
            await play(client)

    asyncio.run(main())
    linter = Linter()
    for record in read_trace(file):
        linter.feed(record)
    linter.finish()
    return linter.findings


async def ask_everything(client: Client) -> None:
    for path in ("/", "/hello", "/stream", "/brewing", "/nowhere"):
        await client.call(http_scope(path=path))
        await client.call(http_scope(path=path, asgi=SILENT), leave_after=1, patience=0.01)
        await client.call(http_scope(path=path), leave_after=0, patience=0.01)
    await client.call(http_scope(path="/hello", method="HEAD"))
    await client.call(http_scope(path="/echo", method="POST"), body_in(b"a", b"b", b""), pace=0.001)
    upload: list[Message] = [*body_in(b"a", b"b")[:1], {"type": "http.disconnect"}]
    await client.call(http_scope(path="/echo", method="POST"), upload)
    for path in ("/talk", "/echo", "/private", "/closed", "/counter"):
        said: list[Message] = [CONNECT, {"type": "websocket.receive", "text": "hi"}]
        await client.call(websocket_scope(path=path), said, patience=0.01)
        await client.call(websocket_scope(path=path), [CONNECT], leave_after=0, patience=0.01)


PLAYED: dict[str, Callable[[], App]] = {
    **FRAMEWORKS,
    "shop": lambda: fastapi_app.app,
    "sockets": lambda: starlette_websocket.app,
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Django leaves the file of an upload open that is broken off
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", sorted(PLAYED))
def test_nothing_is_found_that_would_be_the_fault_of_the_driver(name: str, tmp_path: Path) -> None:
    found = judged(PLAYED[name](), tmp_path / "trace.jsonl", ask_everything)
    gc.collect()
    assert [finding for finding in found if finding.party != "application" or finding.severity == "error"] == []


def test_a_fault_of_the_application_is_found(tmp_path: Path) -> None:
    found = judged(sending(), tmp_path / "trace.jsonl", ask_everything)
    assert "H101" in {finding.code for finding in found}
