"""What is of each protocol: when a message may come, which one has its place, and what tells of the end."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

from ..types import Message, Scope
from .peer import Peer

Startup: TypeAlias = Literal["complete", "failed", "unsupported", "unanswered"]
_CLOSED, _LOST, _NO_CODE = 1000, 1006, 1005
# By phase: which messages there is a place for. An extension's only where the scope offers it.
_PLACES: Final[Mapping[str, frozenset[str]]] = {
    "idle": frozenset({"start", "early_hint", "debug"}),
    "body": frozenset({"body", "push", "pathsend", "zerocopysend"}),
    "trailers": frozenset({"trailers"}),
    "done": frozenset(),
}
_PLAIN: Final = frozenset({"start", "body"})
_RESPONSE: Final = "http.response."


class HTTP(Peer):
    """A client that asks once."""

    def __init__(self, scope: Scope, received: Iterable[Message] | None) -> None:
        super().__init__(scope, received)
        self._offered = _extensions(scope)
        self._phase = "idle"
        self._trailers = False

    def usual(self) -> list[Message]:
        return [{"type": "http.request", "body": b"", "more_body": False}]

    def has_begun(self) -> bool:
        return self._phase != "idle"

    def ending(self) -> Message:
        return {"type": "http.disconnect"}

    def take(self, kind: str, message: Message) -> bool:
        word = kind.removeprefix(_RESPONSE)
        offered = word in _PLAIN or kind in self._offered
        if not kind.startswith(_RESPONSE) or not offered or word not in _PLACES[self._phase]:
            raise RuntimeError(f"there is no place for {kind!r} in a response that is {self._said()}")
        if word == "start":
            self._phase, self._trailers = "body", bool(message.get("trailers", False))
        elif word == "trailers":
            self._phase = "trailers" if message.get("more_trailers", False) else "done"
        elif word == "pathsend" or (word in ("body", "zerocopysend") and not message.get("more_body", False)):
            self._phase = "trailers" if self._trailers else "done"
        if self._phase == "done":
            self.finish()
        return word in ("body", "zerocopysend")

    def _said(self) -> str:
        return {"idle": "not started", "body": "started", "trailers": "at its trailers", "done": "complete"}[
            self._phase
        ]


def _extensions(scope: Scope) -> frozenset[str]:
    offered = scope.get("extensions")
    return frozenset(offered) if isinstance(offered, Mapping) else frozenset()


class WebSocket(Peer):
    """A client that connects, says what it has to say, and closes."""

    def __init__(self, scope: Scope, received: Iterable[Message] | None) -> None:
        super().__init__(scope, received)
        self._denial = "websocket.http.response" in _extensions(scope)
        self._phase = "connecting"
        self._code = _NO_CODE

    def usual(self) -> list[Message]:
        return [{"type": "websocket.connect"}]

    def has_begun(self) -> bool:
        return self._phase != "connecting"

    def may_give(self, message: Message) -> bool:
        return message.get("type") != "websocket.receive" or self._phase == "open"

    def ending(self) -> Message:
        if self.left:
            self._code = _LOST if self._counted == self.leave_after or self._phase != "open" else _CLOSED
        return {"type": "websocket.disconnect", "code": self._code}

    def take(self, kind: str, message: Message) -> bool:
        match self._phase, kind:
            case ("connecting", "websocket.accept"):
                self._phase = "open"
            case ("open", "websocket.send"):
                return True
            case ("connecting" | "open", "websocket.close"):
                self._code = message.get("code", _CLOSED) if self._phase == "open" else _LOST
                self._close()
            case ("connecting", "websocket.http.response.start") if self._denial:
                self._phase = "denying"
            case ("denying", "websocket.http.response.body"):
                if not message.get("more_body", False):
                    self._code = _LOST
                    self._close()
            case _:
                raise RuntimeError(f"there is no place for {kind!r} in a WebSocket that is {self._phase}")
        return False

    def _close(self) -> None:
        self._phase = "closed"
        self.finish()


class Lifespan(Peer):
    """A server that starts, and stops when it is told to, or as soon as it has started."""

    def __init__(self, scope: Scope, received: Iterable[Message] | None) -> None:
        super().__init__(scope, received)
        self.startup: Startup = "unanswered"
        self.answered = asyncio.Event()
        self.stopping = True

    def usual(self) -> list[Message]:
        return [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    def may_give(self, message: Message) -> bool:
        return message.get("type") != "lifespan.shutdown" or (self.startup == "complete" and self.stopping)

    def leave(self) -> None:
        if self.stopping:
            super().leave()

    def stop(self) -> None:
        """The server stops."""
        self.stopping = True
        self._move()

    def take(self, kind: str, message: Message) -> bool:
        part = "shutdown" if self.answered.is_set() else "startup"
        if self.over.is_set() or kind not in (f"lifespan.{part}.complete", f"lifespan.{part}.failed"):
            raise RuntimeError(f"there is no place for {kind!r} in this phase of the lifespan")
        if part == "startup":
            self.startup = "complete" if kind.endswith("complete") else "failed"
            self.answered.set()
        if part == "shutdown" or self.startup == "failed":
            self.finish()
        return False


PEERS: Final[Mapping[str, type[Peer]]] = {"http": HTTP, "websocket": WebSocket, "lifespan": Lifespan}
