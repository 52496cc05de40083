"""Scripts played: the application that a script tells, what stands between it and the server, and the server's side of it.

Whatever either side can see is written into the account of the stage.
"""

import asyncio
import threading
import types
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from tests.stage import Account, App, Server, Step, caught
from tests.transparency.scripts import TOLD, Script

# --- the application -----------------------------------------------------------------------------------------------------


def shape(value: Any, levels: int = 3) -> Any:
    """What a container holds, by identity, so that a change in it shows."""
    if levels and type(value) is dict:
        return tuple((id(key), shape(member, levels - 1)) for key, member in value.items())
    if levels and type(value) in (list, tuple):
        return tuple(shape(member, levels - 1) for member in value)
    return id(value)


def scripted(script: Script, account: Account) -> App:
    """An application that does this, step by step, and writes all it sees into the account."""

    async def app(scope: Any, receive: Any, send: Any) -> Any:
        account.add("scope", (scope is script.scope, shape(scope)))
        account.add("surroundings", script.surroundings())
        for act in script.steps:
            account.add("step", act[0])
            if act[0] == "return":
                return act[1]
            await _ACTS.get(act[0], _raise)(act, _Player(script, account, scope, receive, send))
        return None

    return app


@dataclass
class _Player:
    script: Script
    account: Account
    scope: Any
    receive: Any
    send: Any

    def saw(self, event: str, what: Any) -> None:
        self.account.add(event, what)
        self.account.add("surroundings", self.script.surroundings())

    async def outcome(self, function: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """What a call came to: KeyboardInterrupt and SystemExit, let out of a task, would stop the loop."""
        try:
            return "gave", await function(*arguments)
        except BaseException as exc:
            return "raised", self.script.known(exc)

    def call_of(self, act: Step) -> tuple[Any, ...]:
        return (self.receive,) if act[0].startswith("receive") else (self.send, act[1])

    def task(self, *call: Any) -> "asyncio.Task[Any]":
        task = asyncio.ensure_future(self.outcome(*call))
        self.account.left.append(task)
        return task


async def _receive(act: Step, on: _Player) -> None:
    got = await on.receive()
    on.saw("got", got)
    on.saw("holding", shape(got))


async def _send(act: Step, on: _Player) -> None:
    before = shape(act[1])
    on.saw("sent", await on.send(act[1]))
    on.saw("changed", before == shape(act[1]))


async def _whatever_comes(act: Step, on: _Player) -> None:
    function, *arguments = on.call_of(act)
    on.saw("came", await on.outcome(function, *arguments))


async def _cancelled(act: Step, on: _Player) -> None:
    task = on.task(*on.call_of(act))
    await asyncio.sleep(0)
    task.cancel("enough")
    on.saw("outcome", await task)


async def _both(act: Step, on: _Player) -> None:
    on.saw("both", tuple(await asyncio.gather(on.task(on.receive), on.task(on.send, act[1]))))


async def _group(act: Step, on: _Player) -> None:
    async with asyncio.TaskGroup() as group:
        # No more than one: a group cancels its tasks in no order.
        task = group.create_task(on.outcome(on.send, act[1]))
        on.saw("came", await on.outcome(on.receive))
    on.saw("group", task.result())


async def _drop(act: Step, on: _Player) -> None:
    on.receive().close()
    on.saw("dropped", None)


async def _leave_behind(act: Step, on: _Player) -> None:
    async def later() -> None:
        await asyncio.sleep(0)
        on.saw("late", await on.outcome(on.send, act[1]))
        on.saw("late", await on.outcome(on.receive))

    on.account.left.append(asyncio.ensure_future(later()))


async def _send_and_change(act: Step, on: _Player) -> None:
    on.saw("sent", await on.send(act[1]))
    if type(act[1]) is dict:
        act[1]["changed"] = True
        act[1].pop("type", None)


async def _change_the_scope(act: Step, on: _Player) -> None:
    if type(on.scope) is dict:
        on.scope["added"] = act[1]
        on.scope.pop("path", None)


async def _turn(act: Step, on: _Player) -> None:
    for _ in range(act[1]):
        await asyncio.sleep(0)


async def _set(act: Step, on: _Player) -> None:
    TOLD.set(act[1])


async def _thread(act: Step, on: _Player) -> None:
    thread = threading.Thread(target=on.saw, args=("in a thread", threading.active_count() > 1), name="theirs")
    thread.run()
    on.saw("thread", thread.name)


async def _cancel_self(act: Step, on: _Player) -> None:
    task = asyncio.current_task()
    assert task is not None
    on.saw("cancelling", task.cancel("self"))


async def _swallow(act: Step, on: _Player) -> None:
    try:
        await on.receive()
    except asyncio.CancelledError as exc:
        on.saw("swallowed", exc.args)


async def _raise(act: Step, on: _Player) -> None:
    match act:
        case ("raise", exc):
            raise exc
        case ("raise from", exc, cause):
            raise exc from cause
        case ("raise while handling", exc, handled):
            try:
                raise handled
            except BaseException:
                on.saw("handling", None)
                raise exc
        case ("note and raise", exc):
            exc.add_note("a note by the application")
            raise exc


_ACTS: Final[dict[str, Callable[[Step, _Player], Awaitable[None]]]] = {
    "receive": _receive,
    "send": _send,
    "receive, whatever comes": _whatever_comes,
    "send, whatever comes": _whatever_comes,
    "receive, cancelled": _cancelled,
    "send, cancelled": _cancelled,
    "both": _both,
    "group": _group,
    "drop": _drop,
    "leave behind": _leave_behind,
    "send and change": _send_and_change,
    "change the scope": _change_the_scope,
    "turn": _turn,
    "set": _set,
    "thread": _thread,
    "cancel self": _cancel_self,
    "swallow": _swallow,
}

# --- what stands between -------------------------------------------------------------------------------------------------


def standing_between(kind: str, app: App) -> App:
    """A middleware of the user's, there in both plays."""
    if kind == "copies the scope":

        async def copying(scope: Any, receive: Any, send: Any) -> Any:
            return await app(dict(scope) if type(scope) is dict else scope, receive, send)

        return copying
    if kind == "wraps both":

        async def wrapping(scope: Any, receive: Any, send: Any) -> Any:
            async def own_receive() -> Any:
                return await receive()

            async def own_send(message: Any) -> Any:
                return await send(message)

            return await app(scope, own_receive, own_send)

        return wrapping
    if kind == "plain function":
        return lambda scope, receive, send: app(scope, receive, send)
    return app


# --- the server ----------------------------------------------------------------------------------------------------------

_MOST_TURNS: Final = 30  # until one that waits for what never comes is cancelled, again and again


def watching(script: Script, server: Server) -> tuple[Any, Any]:
    """The `receive` and `send` of a server which also sees where it is called, and what the messages hold then."""

    async def receive() -> Any:
        server.account.add("in receive", script.surroundings())
        return await server.receive()

    async def send(message: Any) -> Any:
        server.account.add("in send", (script.surroundings(), shape(message)))
        return await server.send(message)

    return receive, send


async def serve(script: Script, app: App, scope: Any, server: Server) -> Any:
    """Call the application in the way that the script says, and see to it that it ends."""
    script.cleaned()
    task = asyncio.ensure_future(_outcome(script, app, scope, server))
    match script.call:
        case ("cancel", turns):
            await _cancel_after(task, turns)
        case ("cancel twice", turns, more):
            await _cancel_after(task, turns)
            await _cancel_after(task, more)
    while not task.done():
        for _ in range(_MOST_TURNS):
            await asyncio.sleep(0)
        task.cancel("enough")
    return task.cancelled() or task.result()


async def _cancel_after(task: "asyncio.Task[Any]", turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel("the server stops")


async def _outcome(script: Script, app: App, scope: Any, server: Server) -> Any:
    server.account.add("before", script.surroundings())
    try:
        result = await _called(script, app, scope, server)
    except BaseException as exc:
        server.account.add("server caught", script.known(exc))
        # While another exception is handled, and where one is thrown in, Python leaves out the frames that handle nothing.
        if script.call[0] in ("await", "cancel", "cancel twice"):
            server.account.add("frames", [":".join(frame) for frame in caught(exc).frames])
        result = "raised"
    task = asyncio.current_task()
    server.account.add("after", (script.surroundings(), task is not None and task.cancelling()))
    return result


async def _called(script: Script, app: App, scope: Any, server: Server) -> Any:
    call = partial(app, scope, *watching(script, server))
    match script.call:
        case ("await while handling", exc):
            try:
                raise exc
            except BaseException:
                return await call()
        case ("throw", turns, exc):
            return await _interrupted(call(), turns, exc)
        case ("close", turns):
            return await _interrupted(call(), turns, None)
    return await call()


@types.coroutine
def _interrupted(call: Any, turns: int, exc: BaseException | None) -> Generator[Any, Any, Any]:
    """Drive the call by hand, as other event loops do; where it waits for that time, throw into it, or close it."""
    iterator = call.__await__()
    waits = iterator.send(None) if turns >= 0 else None
    while True:
        if turns == 0:
            waits = iterator.close() if exc is None else iterator.throw(exc)
            if exc is None:
                return "closed"
        turns -= 1
        if waits is not None:
            waits._asyncio_future_blocking = True
        try:
            yield waits
        except BaseException as thrown:
            waits = iterator.throw(thrown)
        else:
            waits = iterator.send(None)
