"""What the messages of a connection add up to: sizes, status, whether the response is whole, who left or closed first.

Only layer 0 counts, which is what server and application saw. The sum does not depend on the order in which the events
come: each fact is kept with the number `n` of the event that states it, and the smallest `n` decides.
"""

from typing import Any, Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar

from msgspec import UNSET

from . import messages
from .records import ReceiveRecord, SendRecord

T = TypeVar("T")
Closer: TypeAlias = Literal["application", "client"]

# How many messages are remembered for `same` where memory is bounded.
_REMEMBERED: Final = 256


class Gist(NamedTuple):
    """What the fold keeps of a message: a few bytes, whatever the message weighs."""

    type: str
    size: int
    is_start: bool
    status: int | None
    trailers: bool
    ends_body: bool
    ends_trailers: bool
    close: messages.Close | None


def gist_of(message: Any) -> Gist:
    """What the fold keeps of a message; of any value at all."""
    return Gist(
        type=messages.message_type(message),
        size=messages.payload_size(message),
        is_start=messages.is_start(message),
        status=messages.status_of(message),
        trailers=bool(messages.field(message, "trailers")),
        ends_body=messages.ends_body(message),
        ends_trailers=messages.ends_trailers(message),
        close=messages.close_of(message),
    )


class First(Generic[T]):
    """What the event with the smallest `n` states, of all events that state the like."""

    __slots__ = ("n", "value")

    def __init__(self) -> None:
        self.n: int | None = None
        self.value: T | None = None

    def offer(self, n: int, value: T) -> None:
        """Take what event `n` states, unless an earlier one has spoken."""
        if self.n is None or n < self.n:
            self.n, self.value = n, value


class Tally:
    """The sum so far."""

    def __init__(self, *, bounded: bool = False) -> None:
        """bounded: weigh the same however many messages pass; a `same` that points far back is then not counted."""
        self.request_bytes = 0
        self.response_bytes = 0
        self.received = 0
        self.sent = 0
        self._bounded = bounded
        self._gists: dict[int, Gist] = {}
        self._waiting: dict[int, list[ReceiveRecord | SendRecord]] = {}
        self._protocol: First[str] = First()
        self._start: First[Gist] = First()
        self._answered_us: First[int] = First()
        self._accept: First[None] = First()
        self._body_end: First[None] = First()
        self._trailers_end: First[None] = First()
        self._disconnect: First[None] = First()
        self._closed_by: First[Closer] = First()
        self._close: First[messages.Close | None] = First()

    def take(self, record: ReceiveRecord | SendRecord) -> None:
        """Count a message; each event once only."""
        if record.message is not UNSET:
            gist = gist_of(record.message)
            self._remember(record.n, gist)
            self._count(record, gist)
            for waiting in self._waiting.pop(record.n, ()):
                self._count(waiting, gist)
        elif record.same is not None:  # it stands with another event, of any layer
            known = self._gists.pop(record.same, None)
            if known is None:
                self._waiting.setdefault(record.same, []).append(record)
                self._forget_oldest(self._waiting)
            else:
                self._remember(record.same, known)
                self._count(record, known)

    def _remember(self, n: int, gist: Gist) -> None:
        """Keep a gist as the latest that was used: one message may pass again and again."""
        self._gists[n] = gist
        self._forget_oldest(self._gists)

    def _forget_oldest(self, remembered: dict[int, Any]) -> None:
        if self._bounded and len(remembered) > _REMEMBERED:
            del remembered[next(iter(remembered))]

    def _count(self, record: ReceiveRecord | SendRecord, gist: Gist) -> None:
        if record.layer != 0:
            return
        self._protocol.offer(record.n, gist.type.partition(".")[0])
        if isinstance(record, ReceiveRecord):
            self._count_received(record, gist)
        else:
            self._count_sent(record, gist)

    def _count_received(self, record: ReceiveRecord, gist: Gist) -> None:
        self.received += 1
        self.request_bytes += gist.size
        if gist.type == "http.disconnect":
            self._disconnect.offer(record.n, None)
        elif gist.type == "websocket.disconnect":
            self._closed_by.offer(record.n, "client")
            self._close.offer(record.n, gist.close)

    def _count_sent(self, record: SendRecord, gist: Gist) -> None:
        self.sent += 1
        self.response_bytes += gist.size
        if gist.is_start:
            self._start.offer(record.n, gist)
            self._answered_us.offer(record.n, record.t_us)
        elif gist.ends_body:
            self._body_end.offer(record.n, None)
        elif gist.ends_trailers:
            self._trailers_end.offer(record.n, None)
        elif gist.type == "websocket.accept":
            self._accept.offer(record.n, None)
            self._answered_us.offer(record.n, record.t_us)
        elif gist.type == "websocket.close":
            self._closed_by.offer(record.n, "application")
            self._close.offer(record.n, gist.close)

    @property
    def protocol(self) -> str:
        """What the first message speaks of: `http`, `websocket`, `lifespan` …; empty where there was none."""
        return self._protocol.value or ""

    @property
    def status(self) -> int | None:
        """The status that the application answered with; of a WebSocket, that of the response that refuses it."""
        return None if self._start.value is None else self._start.value.status

    @property
    def answered_us(self) -> int | None:
        """When the application began its response, or accepted the WebSocket."""
        return self._answered_us.value

    @property
    def accepted(self) -> bool:
        """Whether the application accepted the WebSocket."""
        return self._accept.n is not None

    @property
    def complete(self) -> bool:
        """Whether the application sent its response whole: the last of the body, and of the trailers if it promised some."""
        return self._completed_n is not None

    @property
    def disconnected(self) -> bool:
        """Whether the application was told that the client left before the response was complete.

        `http.disconnect` after a complete response is how HTTP connections end, and does not count.
        """
        left, completed = self._disconnect.n, self._completed_n
        return left is not None and (completed is None or left < completed)

    @property
    def close_code(self) -> int | None:
        """The code with which the WebSocket was closed, by whoever was first; None where it was not, or the code is no int."""
        return None if self._close.value is None else self._close.value.code

    @property
    def close_reason(self) -> str | None:
        """The reason with which the WebSocket was closed, if one was given."""
        return None if self._close.value is None else self._close.value.reason

    @property
    def closed_by(self) -> Closer | None:
        """Who closed the WebSocket first; what the server closed comes to the application like the client's."""
        return self._closed_by.value

    @property
    def _completed_n(self) -> int | None:
        start = self._start.value
        return self._trailers_end.n if start is not None and start.trailers else self._body_end.n
