"""What scopes share with others: told by identity, and nothing of an application's lives longer for it."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from asgi_inspect.capture import shared as shared_module
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.records import ScopeRecord
from tests.stage import http_scope, never, nothing, of_kind, records

LIFESPAN = {"type": "lifespan", "asgi": {"version": "3.0"}}


class Thing:
    """An object of an application's."""


def _websocket(**more: Any) -> dict[str, Any]:
    return http_scope(type="websocket", subprotocols=[], **more)


def _told(middleware: InspectMiddleware) -> list[tuple[str, list[str]]]:
    return [(record.scope["type"], record.shared) for record in of_kind(records(middleware), ScopeRecord)]


async def _while_open(app: Any, scope: Any, play: Callable[[], Awaitable[Any]]) -> None:
    """Call an application that waits in `receive`, play on, and let it end."""
    open_, over = asyncio.Event(), asyncio.Event()

    async def receive() -> Any:
        open_.set()
        await over.wait()
        return {"type": "over"}

    task = asyncio.create_task(app(scope, receive, never))
    await open_.wait()
    await play()
    over.set()
    await task


async def _waiting(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan" or scope["path"] == "/wait":
        await receive()


# --- state ---------------------------------------------------------------------------------------------------------------


def test_the_very_state_of_an_open_lifespan_is_told(path: Path) -> None:
    state: dict[str, Any] = {"db": {}}
    app = InspectMiddleware(_waiting, out=path)

    async def requests() -> None:
        for each in (state, state.copy(), {}, None):
            await app(http_scope(state=each), never, never)
        await app(_websocket(state=state), never, never)
        await app(http_scope(type="telnet", state=state), never, never)

    async def main() -> None:
        await _while_open(app, {**LIFESPAN, "state": state}, requests)
        await app(http_scope(state=state), never, never)

    asyncio.run(main())
    http: tuple[str, list[str]] = ("http", [])
    assert _told(app) == [
        ("lifespan", []), ("http", ["state"]), http, http, http, ("websocket", ["state"]), ("telnet", []), http,
    ]  # fmt: skip


@pytest.mark.parametrize("state", [None, (), "text", MappingProxyType({})], ids=type)
def test_a_state_that_is_no_dict_is_nobodys(state: Any, path: Path) -> None:
    app = InspectMiddleware(_waiting, out=path)

    async def play() -> None:
        await app(http_scope(state=state), never, never)

    asyncio.run(_while_open(app, {**LIFESPAN, "state": state}, play))
    assert [names for _, names in _told(app)] == [[], []]


def test_two_lifespans_are_told_apart(path: Path) -> None:
    first: dict[str, Any] = {}
    second: dict[str, Any] = {}
    app = InspectMiddleware(_waiting, out=path)

    async def requests() -> None:
        for state in (first, second):
            await app(http_scope(state=state), never, never)

    async def both() -> None:
        await _while_open(app, {**LIFESPAN, "state": second}, requests)
        await requests()

    asyncio.run(_while_open(app, {**LIFESPAN, "state": first}, both))
    assert [names for type_, names in _told(app) if type_ == "http"] == [["state"], ["state"], ["state"], []]


# --- extensions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "then", "told"),
    [
        ("same", "same", ["extensions"]), ("same", "equal", []), ("same", "none", []), ("same", "absent", []),
        ("equal", "same", []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("scope", [http_scope, _websocket], ids=["http", "websocket"])
@pytest.mark.parametrize("usual", [False, True])
def test_the_very_extensions_of_the_call_before_are_told(
    scope: Any, before: str, then: str, told: list[str], usual: bool, path: Path
) -> None:
    same: dict[str, Any] = {"http.response.pathsend": {}}
    more = {"scheme": "http", "root_path": ""} if usual else {}

    def made(what: str) -> Any:
        values: dict[str, Any] = {"same": same, "equal": dict(same), "none": None}
        return scope(**more, **({} if what == "absent" else {"extensions": values[what]}))

    app = InspectMiddleware(nothing, out=path)
    for what in (before, then):
        asyncio.run(app(made(what), never, never))
    assert [names for _, names in _told(app)] == [[], told]


def test_both_at_once(path: Path) -> None:
    state: dict[str, Any] = {}
    extensions: dict[str, Any] = {}
    app = InspectMiddleware(_waiting, out=path)

    async def requests() -> None:
        for _ in range(2):
            await app(http_scope(state=state, extensions=extensions), never, never)

    asyncio.run(_while_open(app, {**LIFESPAN, "state": state, "extensions": extensions}, requests))
    assert [names for _, names in _told(app)] == [[], ["state"], ["state", "extensions"]]


def test_extensions_in_which_somebody_put_something_are_told_while_that_call_is_open(path: Path) -> None:
    extensions: dict[str, Any] = {"own": {"thing": Thing()}}
    app = InspectMiddleware(_waiting, out=path)

    async def play() -> None:
        await app(http_scope(extensions=extensions), never, never)

    asyncio.run(_while_open(app, http_scope(path="/wait", extensions=extensions), play))
    asyncio.run(play())
    assert [names for _, names in _told(app)] == [[], ["extensions"], []]


@pytest.mark.parametrize("when", ["before", "meanwhile"])
@pytest.mark.parametrize("where", ["value", "inside", "key"])
def test_nothing_of_the_applications_lives_longer(when: str, where: str, path: Path) -> None:
    class Name(str):
        """A key that can be watched."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if when == "meanwhile":
            _put(scope["extensions"])

    watched: list[weakref.ref[Any]] = []

    def _put(extensions: dict[str, Any]) -> None:
        name, thing = Name("own"), Thing()
        extensions[name if where == "key" else "own"] = (
            {} if where == "key" else {"x": thing} if where == "inside" else thing
        )
        watched.append(weakref.ref(name if where == "key" else thing))

    def scope() -> dict[str, Any]:
        made = http_scope(extensions={})
        if when == "before":
            _put(made["extensions"])
        return made

    middleware = InspectMiddleware(app, out=path)
    asyncio.run(middleware(scope(), never, never))
    gc.collect()
    (gone,) = watched
    assert gone() is None


def test_a_layer_shares_its_scope_with_the_one_around(path: Path) -> None:
    app = InspectMiddleware(InspectMiddleware(nothing, out=path), out=path)
    asyncio.run(app(http_scope(extensions={}), never, never))
    assert [(record.layer, record.shared) for record in of_kind(records(app), ScopeRecord)] == [(0, []), (1, [])]


def test_a_second_trace_of_the_same_call_is_no_other_call(path: Path, tmp_path: Path) -> None:
    inner = InspectMiddleware(nothing, out=tmp_path / "other.jsonl")
    outer = InspectMiddleware(inner, out=path)
    asyncio.run(outer(http_scope(extensions={}), never, never))
    assert [names for app in (outer, inner) for _, names in _told(app)] == [[], [], []]


def test_only_the_first_calls_are_looked_at_and_again_from_each_lifespan(path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(shared_module, "_CALLS", 3)
    extensions: dict[str, Any] = {}
    app = InspectMiddleware(nothing, out=path)

    def calls() -> list[bool]:
        before = len(_told(app))
        for _ in range(5):
            asyncio.run(app(http_scope(extensions=extensions), never, never))
        return [bool(names) for _, names in _told(app)[before:]]

    assert calls() == [False, True, True, False, False]
    assert app._rules.shared.extensions is None
    asyncio.run(app({**LIFESPAN, "state": {}}, never, never))
    assert calls() == [False, True, True, False, False]
