"""The other side of one call: the server and its client in one, as the application sees them through its two callables."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from ..types import Message, Scope

App: TypeAlias = Callable[..., Awaitable[Any]]
How: TypeAlias = Literal["returned", "raised", "cancelled"]
_REPEATS: Final = 10  # times that a disconnect is told: who still asks then would ask for ever, and keep the loop


class Outcome(NamedTuple):
    """What became of one call."""

    how: How
    """`cancelled`: it did not end in time."""
    error: BaseException | None
    sent: list[Message]
    """All messages that were sent while the client was there, those that were refused among them."""
    complete: bool
    """Whether the connection came to its end by what was sent: the answer was complete, the WebSocket closed."""
    left: bool
    """Whether the client left before that."""


class ClientLeftError(OSError):
    """Raised by `send` from version 2.4 of the specification on, where the client has left."""


class Peer:
    """The server and the client of one connection: the base gives what there is, takes everything, and then waits."""

    pace = patience = stay = 0.0
    leave_after: int | None = None
    strict = True

    def __init__(self, scope: Scope, received: Iterable[Message] | None) -> None:
        self._given = deque(self.usual() if received is None else received)
        self._sent: list[Message] = []
        self._counted = 0  # messages that carry a body
        self._told = 0  # times that the end was
        self._silent = _spec_version(scope) < (2, 4)
        self._complete = self.left = False
        self._leaving: asyncio.TimerHandle | None = None
        self._first = True
        self.over = asyncio.Event()
        self._moved = asyncio.Event()
        self._call: asyncio.Task[Outcome] | None = None

    def usual(self) -> list[Message]:
        """What is received at least."""
        return []

    def begin(self, app: App, scope: Scope, timeout: float) -> "asyncio.Task[Outcome]":
        """Call the application in a task of its own."""
        self._leave_in(timeout)
        self._call = asyncio.ensure_future(self._run(app, scope))
        return self._call

    async def _run(self, app: App, scope: Scope) -> Outcome:
        try:
            await app(scope, self.receive, self.send)
        except asyncio.CancelledError as error:
            return self.outcome("cancelled" if self._is_cancelled() else "raised", error)
        except BaseException as error:  # noqa: BLE001 (SystemExit too is an outcome, and must not end the loop)
            return self.outcome("raised", error)
        return self.outcome("returned", None)

    def _is_cancelled(self) -> bool:
        return self._call is not None and self._call.cancelling() > 0

    def outcome(self, how: How, error: BaseException | None) -> Outcome:
        return Outcome(how, error, self._sent, self._complete, self.left)

    def end(self) -> None:
        """Nothing is to come any more."""
        if self._leaving is not None:
            self._leaving.cancel()

    # --- what the application calls ----------------------------------------------------------------------------------------

    async def receive(self) -> Message:
        if self._given and self.pace and not self._first:
            await asyncio.sleep(self.pace)
        self._first = False
        while self.strict and not self.over.is_set() and not (self._given and self.may_give(self._given[0])):
            await self._wait()
        if self.strict and self.over.is_set():
            while self._given and not _is_ending(self._given[0]):
                self._given.popleft()  # what the client would have sent later
        message = self._given.popleft() if self._given else self.ending()
        if message is None or self._told >= _REPEATS:
            await asyncio.Event().wait()
        assert message is not None
        if _is_ending(message):
            self._told += 1
            self.leave()
        return message

    async def _wait(self) -> None:
        """Wait until something has changed. Who does nothing but wait for the client will wait in vain."""
        bored = None
        if asyncio.current_task() is self._call:
            bored = asyncio.get_running_loop().call_later(self.patience, self.leave)
        try:
            await self._moved.wait()
        finally:
            if bored is not None:
                bored.cancel()

    async def send(self, message: Message) -> None:
        await asyncio.sleep(0)  # who does nothing but send must not keep the loop to itself
        if self.left:
            if not self._silent:
                raise ClientLeftError("the client has left")
            return
        self._sent.append(message)
        begun = self.has_begun()
        try:
            self._counted += self.take(str(message["type"]), message)
        except RuntimeError:
            if self.strict:
                raise
        if not begun and self.has_begun():
            self._leave_in(self.stay)
        if self._counted == self.leave_after and self.has_begun():
            self.leave()
        self._move()

    # --- what happens meanwhile --------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """The client leaves, unless it has all it wants."""
        if not self.over.is_set():
            self.left = True
            self.over.set()
            self._move()

    def finish(self) -> None:
        """The connection is at its end by what was sent."""
        self._complete = True
        self.over.set()

    def _leave_in(self, seconds: float) -> None:
        self.end()
        self._leaving = asyncio.get_running_loop().call_later(seconds, self.leave)

    def _move(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    # --- what is of each protocol ------------------------------------------------------------------------------------------

    def take(self, kind: str, message: Message) -> bool:
        """Heed what is sent; whether it carries a part of a body. RuntimeError where servers have no place for it."""
        return False

    def has_begun(self) -> bool:
        """Whether an answer has."""
        return False

    def may_give(self, message: Message) -> bool:
        """Whether it is time for this message."""
        return True

    def ending(self) -> Message | None:
        """What tells of the end of the connection; None where nothing does."""
        return None


def _is_ending(message: Message) -> bool:
    return message.get("type") in ("http.disconnect", "websocket.disconnect")


def _spec_version(scope: Scope) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in scope["asgi"]["spec_version"].split("."))
    except (AttributeError, KeyError, TypeError, ValueError):
        return (2, 0)
