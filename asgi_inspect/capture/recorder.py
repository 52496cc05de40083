"""The recorder of one connection: what its taps see becomes lines, in order, and nothing else happens.

Every method is called on the event loop in the middle of the application's own call, so each is guarded: whatever goes wrong
here is counted and said, and the message goes its way.
"""

from contextvars import ContextVar
from itertools import count
from operator import is_
from typing import Any, Final, NamedTuple

import msgspec

from ..trace.records import EndRecord, Outcome, ReceiveRecord, ScopeRecord, SentRecord
from .failure import describe
from .lines import message_json, scope_json
from .notice import say_once
from .place import endpoint_of, route_of
from .process import Process, Sink, clock, current_process, timestamp

SLOW_SEND_US: Final = 1000
_TRUNCATED: Final = b'"$truncated"'
_IDENTITY: Final = ("asgi", "headers", "state", "extensions")


class Place(NamedTuple):
    """Where in the onion the code that runs now was called: the connection and the layer around it."""

    recorder: "Recorder"
    layer: int


# Travels between the layers of one connection; the scope stays as it is.
current: ContextVar[Place | None] = ContextVar("asgi_inspect", default=None)


class Recorder:
    """One connection: its id, its clock, its one counter over all layers, and where its lines go."""

    __slots__ = ("_last", "_marks", "conn", "head", "layers", "numbers", "open", "process", "sink", "start", "type")

    def __init__(self, sink: Sink, scope: Any) -> None:
        self.process: Process = current_process()
        self.process.open += 1
        self.conn = self.process.next_conn()
        self.head = b'"conn":"%b","n":' % self.conn.encode()  # as it stands in each line of the hot path
        self.sink = sink
        self.start = clock()
        self.numbers = count(1)
        self.layers = 0  # how many inner layers there are
        self.open = True
        exact = type(scope) is dict
        self.type = scope.get("type") if exact else None
        self._marks = tuple(scope.get(key) for key in _IDENTITY) if exact else ()
        # The last message of each direction, for `same`: (n, layer, JSON). Kept only while there are layers.
        self._last: dict[str, tuple[int, int, bytes]] = {}

    def has(self, scope: Any) -> bool:
        """Whether a scope belongs to this connection, so that an inner layer may join it."""
        if not self.open or self.process.gone or type(scope) is not dict:
            return False
        type_ = scope.get("type")
        if type(type_) is not str or type(self.type) is not str or type_ != self.type:
            return False
        pairs = zip(self._marks, _IDENTITY, strict=False)
        return any(mark is not None and scope.get(key) is mark for mark, key in pairs)

    def close(self) -> None:
        self.open = False
        self.process.open -= 1
        self._last.clear()

    def same_as(self, direction: str, n: int, layer: int, data: bytes) -> int | None:
        """The number under which another layer passed this very message just before, if it did."""
        last = self._last.get(direction)
        if last is not None and last[1] != layer and last[2] == data and _TRUNCATED not in data:
            self._last[direction] = (last[0], layer, data)
            return last[0]
        self._last[direction] = (n, layer, data)
        return None


class LayerRecorder:
    """One layer of a connection; layer 0 is the outermost."""

    __slots__ = (
        "_event_stream",
        "_keys",
        "_layer_part",
        "_limit",
        "_message_room",
        "_room_in",
        "_room_out",
        "_scope",
        "_start_json",
        "_values",
        "layer",
        "rec",
    )

    def __init__(self, rec: Recorder, layer: int, scope: Any, limit: int | None) -> None:
        self.rec = rec
        self.layer = layer
        self._layer_part = b'"layer":%d,' % layer if layer else b""
        self._limit = limit
        self._room_in = self._room_out = limit
        self._message_room = rec.type != "http"  # a limit per message, not per direction
        self._start_json = b""
        self._scope = scope
        exact = type(scope) is dict
        self._keys = list(scope) if exact else []
        self._values = list(scope.values()) if exact else []

    # --- the records ---------------------------------------------------------------------------------------------------

    def scope(self, name: str | None, inside: int | None, parent: str | None) -> None:
        rec = self.rec
        record = ScopeRecord(
            conn=rec.conn, layer=self.layer, at=timestamp(), scope=0, name=name, inside=inside, parent=parent
        )
        frame = msgspec.json.encode(record)
        # The scope's own JSON is made by the hot path and put in place of the 0 that stands for it.
        head, tail = frame.split(b'"scope":0', 1)
        rec.sink.add(b'%b"scope":%b%b\n' % (head, scope_json(self._scope), tail), rec.start)

    def received(self, called: int, message: Any) -> None:
        rec = self.rec
        now = clock()
        data = message_json(message, self._room_in if self._limit is not None else None)
        if not self._message_room and self._room_in:
            self._room_in = max(0, self._room_in - _body_size(message))
        n = next(rec.numbers)
        line = b'{"record":"receive",%b%d,%b"t_us":%d,"wait_us":%d,' % (
            rec.head,
            n,
            self._layer_part,
            (now - rec.start) // 1000,
            (now - called) // 1000,
        )
        rec.sink.add(line + self._message_part("receive", n, data), now)

    def receive_failed(self, called: int, exc: BaseException) -> None:
        now = clock()
        rec = self.rec
        outcome = outcome_of(exc)
        self._add(
            ReceiveRecord(
                conn=rec.conn,
                n=next(rec.numbers),
                layer=self.layer,
                t_us=(now - rec.start) // 1000,
                wait_us=(now - called) // 1000,
                outcome=outcome,
                error=None if outcome == "cancelled" else describe(exc, ended=False),
            ),
            now,
        )

    def sends(self, message: Any) -> tuple[int, int]:
        """The application sends; gives the number of the record and the time, for `sent`."""
        rec = self.rec
        now = clock()
        data = message_json(message, self._room_for(message))
        n = next(rec.numbers)
        line = b'{"record":"send",%b%d,%b"t_us":%d,' % (
            rec.head,
            n,
            self._layer_part,
            (now - rec.start) // 1000,
        )
        rec.sink.add(line + self._message_part("send", n, data), now)
        return n, now

    def sent(self, of: int, began: int, exc: BaseException | None) -> None:
        now = clock()
        rec = self.rec
        outcome = None if exc is None else outcome_of(exc)
        self._add(
            SentRecord(
                conn=rec.conn,
                n=next(rec.numbers),
                layer=self.layer,
                of=of,
                t_us=(now - rec.start) // 1000,
                took_us=(now - began) // 1000,
                outcome=outcome,
                error=None if exc is None or outcome == "cancelled" else describe(exc, ended=False),
            ),
            now,
        )

    def end(self, exc: BaseException | None) -> None:
        now = clock()
        rec = self.rec
        outcome: Outcome = "returned" if exc is None else outcome_of(exc)
        self._add(
            EndRecord(
                conn=rec.conn,
                n=next(rec.numbers),
                layer=self.layer,
                t_us=(now - rec.start) // 1000,
                outcome=outcome,
                error=None if exc is None or outcome == "cancelled" else describe(exc, ended=True),
                route=route_of(self._scope),
                endpoint=endpoint_of(self._scope),
                scope_changes=self._scope_changes(),
            ),
            now,
        )
        if self.layer == 0:
            rec.sink.flush(now)

    def _add(self, record: ReceiveRecord | SentRecord | EndRecord, now: int) -> None:
        self.rec.sink.add(msgspec.json.encode(record) + b"\n", now)

    def _message_part(self, direction: str, n: int, data: bytes) -> bytes:
        if self.rec.layers:
            same = self.rec.same_as(direction, n, self.layer, data)
            if same is not None:
                return b'"same":%d}\n' % same
        return b'"message":%b}\n' % data

    # --- how much of a body is kept ------------------------------------------------------------------------------------

    def _room_for(self, message: Any) -> int | None:
        """The bytes that are kept of this message of the application; what it takes is counted."""
        if self._limit is None or self._message_room or type(message) is not dict:
            return self._limit
        if message.get("type") == "http.response.start":
            self._message_room = _is_event_stream(message)
        size = _body_size(message)
        room = self._room_out
        if room:
            self._room_out = max(0, room - size)
        return room

    # --- what became of the scope --------------------------------------------------------------------------------------

    def _scope_changes(self) -> list[str]:
        scope = self._scope
        if type(scope) is not dict:
            return []
        if (
            len(scope) == len(self._values)
            and all(map(is_, scope.values(), self._values))
            and all(map(is_, scope, self._keys))
        ):
            return []
        # By identity alone: `==` would ask foreign objects. Keys that are no plain str are passed over for the same reason.
        before = {key: value for key, value in zip(self._keys, self._values, strict=True) if type(key) is str}
        return [
            key.encode("utf-8", "backslashreplace").decode()
            for key, value in scope.items()
            if type(key) is str and (key not in before or before[key] is not value)
        ]


def _body_size(message: Any) -> int:
    body = message.get("body") if type(message) is dict else None
    if type(body) is bytes:
        return len(body)
    if type(body) is bytearray:
        return len(body)
    return body.nbytes if type(body) is memoryview else 0


def _is_event_stream(message: dict[Any, Any]) -> bool:
    """Whether a response is a stream of events: each is a message of its own, as on a WebSocket."""
    headers = message.get("headers")
    if type(headers) is not list and type(headers) is not tuple:
        return False
    for pair in headers:
        if (type(pair) is tuple or type(pair) is list) and len(pair) == 2:
            name, value = pair
            if type(name) is bytes and type(value) is bytes and name.lower() == b"content-type":
                return value.lower().startswith(b"text/event-stream")
    return False


def outcome_of(exc: BaseException) -> Outcome:
    """Whether an exception means that the task was cancelled, or closed while it waited, or that something went wrong."""
    t = type(exc)
    if issubclass(t, GeneratorExit):
        return "cancelled"
    for base in t.__mro__:
        if base.__name__ in ("CancelledError", "Cancelled") and base.__module__.partition(".")[0] in _LOOPS:
            return "cancelled"
    return "raised"


_LOOPS: Final = ("asyncio", "trio", "curio")


def failed(exc: BaseException) -> None:
    """Something of ours went wrong on the event loop: it is said once, and the application goes on."""
    say_once(f"a record could not be written ({type(exc).__name__}: {exc}); the application goes on")
