"""Whether a connection failed, told by its lines as they are written: what `only="errors"` asks.

An error is: an exception that left the application; a status that is none from 100 to 399; a WebSocket that is refused, or
closed with a code that tells of an error; a lifespan that failed; an application that returned and left its client without an
answer. What counts is what server and application saw, which is the outermost layer.

Most lines are only searched for a few words. Those that have one are decoded.
"""

from typing import Any, Final

import msgspec

# Done, going away, none given, gone without a word, the server restarts. Codes that are an application's own (3000 and more)
# mean what it wants them to: who means nothing bad by them closes with 1000.
QUIET_CLOSES: Final = frozenset({1000, 1001, 1005, 1006, 1012})

_SEND: Final = b'{"record":"send",'
_RECEIVE: Final = b'{"record":"receive",'
_END: Final = b'{"record":"end",'
_MESSAGE: Final = b'"message":'
_HEAD: Final = 250  # bytes in which the message begins, if there is one
_MOST: Final = 64  # messages of inner layers that are remembered

_TELLING: Final[dict[str, tuple[bytes, ...]]] = {
    "http": (b"http.response.start", b"http.disconnect"),
    "websocket": (b"websocket.accept", b"websocket.close", b"websocket.http.response.start", b"websocket.disconnect"),
    "lifespan": (b"lifespan.",),
}


class _Said(msgspec.Struct):
    """Of a line, what tells."""

    n: int = 0
    layer: int = 0
    message: Any = None
    same: int | None = None
    outcome: str | None = None


_DECODER: Final = msgspec.json.Decoder(_Said)


class Verdict:
    """What is known so far of one connection."""

    __slots__ = ("_answered", "_inner", "_left", "_telling", "_told", "_type")

    def __init__(self, type_: str | None) -> None:
        """type_: that of its scope."""
        self._type = type_ or ""
        self._telling = _TELLING.get(self._type, ())
        self._answered = False
        """The response has begun, or the WebSocket is accepted."""
        self._left = False
        """The client has left, or the WebSocket is closed."""
        self._told = False
        """The application took a message of its lifespan."""
        self._inner: dict[int, Any] = {}
        """Messages of inner layers, by `n`: further outside, those that pass unchanged are named by it alone."""

    def take(self, line: bytes) -> bool | None:
        """Whether the connection failed, by this line and all before it; None: not known yet. The end tells in any case."""
        if line.startswith(_END):
            return self._end(_DECODER.decode(line))
        if line.startswith((_SEND, _RECEIVE)) and self._tells(line):
            said = _DECODER.decode(line)
            message = self._inner.get(said.same) if said.same is not None else said.message
            if said.layer:
                self._remember(said.n if said.same is None else said.same, message)
            elif type(message) is dict and said.outcome is None:
                return self._take(message) or None
        return None

    def _tells(self, line: bytes) -> bool:
        if self._inner and line.find(_MESSAGE, 0, _HEAD) < 0:  # then it is `same` as one of those
            return True
        return any(word in line for word in self._telling)

    def _remember(self, n: int, message: Any) -> None:
        if len(self._inner) >= _MOST:
            del self._inner[next(iter(self._inner))]
        self._inner[n] = message

    def _take(self, message: dict[str, Any]) -> bool:
        """Whether a message of the outermost layer makes it a failure."""
        match message.get("type"):
            case "http.response.start":
                self._answered = True
                return not _is_fine(message.get("status"))
            case "http.disconnect":
                self._left = True
            case "websocket.accept":
                self._answered = True
            case "websocket.http.response.start":
                return True
            case "websocket.close":
                return not self._answered or self._closed(message.get("code"), 1000)
            case "websocket.disconnect":
                return self._closed(message.get("code"), 1005)
            case "lifespan.startup" | "lifespan.shutdown":
                self._told = True
            case "lifespan.startup.failed" | "lifespan.shutdown.failed":
                return True
        return False

    def _closed(self, code: Any, usual: int) -> bool:
        """Whether a close tells of an error. The first one decides: what comes behind it is its echo."""
        if self._left:
            return False
        self._left = True
        return (usual if code is None else code) not in QUIET_CLOSES if code is None or type(code) is int else True

    def _end(self, said: _Said) -> bool | None:
        if said.layer:
            return None
        if said.outcome == "raised":
            # An application without a lifespan raises as soon as it is asked for one, and that is how it says so.
            return self._type != "lifespan" or self._told
        without_answer = self._type in ("http", "websocket") and not self._answered and not self._left
        return said.outcome == "returned" and without_answer


def _is_fine(status: Any) -> bool:
    return type(status) is int and 100 <= status < 400
