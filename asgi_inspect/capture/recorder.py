"""The recorder of one connection: what its taps see becomes lines, in order, and nothing else happens.

Every method is called on the event loop in the middle of the application's own call, and by callers that guard it: whatever
goes wrong here is counted and said (`guard.failed`), and the message goes its way.
"""

from contextvars import ContextVar
from itertools import count
from operator import is_
from typing import Any, Final

import msgspec

from ..look import dict_behind
from ..redaction.connection import ConnectionRedaction
from ..redaction.redaction import Redaction
from ..trace.errors import clean_error
from ..trace.records import EndRecord, ErrorInfo, Outcome, ReceiveRecord, ScopeRecord, SentRecord
from .bodies import body_size, is_event_stream, type_of
from .failure import describe, outcome_of
from .guard import tell_missed
from .lines import message_json, scope_json
from .place import endpoint_of, printable, route_of
from .process import Process, Sink, clock, current_process, timestamp

SLOW_SEND_US: Final = 1000
_TRUNCATED: Final = b'"$truncated"'
_IDENTITY: Final = ("asgi", "headers", "state", "extensions")
_MOST_KEYS: Final = 2000  # of a scope whose changes are told


class Recorder:
    """One connection: its id, its clock, its one counter over all layers, and where its lines go."""

    __slots__ = (
        "_last",
        "_layer_numbers",
        "conn",
        "head",
        "layers",
        "numbers",
        "open",
        "process",
        "sink",
        "start",
        "type",
    )

    def __init__(self, sink: Sink, scope: Any) -> None:
        self.process: Process = current_process()
        self.conn = self.process.next_conn()
        self.head = b'"conn":"%b","n":' % self.conn.encode()  # as it stands in each line of the hot path
        self.sink = sink
        self.start = clock()
        self.numbers = count(1)
        self.layers = 0  # how many inner layers there are
        self._layer_numbers = count(1)
        self.open = False
        self.type = type_of(scope)
        # The last message of each direction, for `same`: (n, layer, id of the message, JSON). Kept only while there are
        # layers. The message itself is not kept: a memoryview in it would hold its buffer.
        self._last: dict[str, tuple[int, int, int, bytes]] = {}

    def begin(self) -> None:
        """The application is called."""
        self.open = True
        self.process.open += 1

    def next_layer(self) -> int:
        """The number of an inner application that is called now."""
        self.layers = next(self._layer_numbers)
        return self.layers

    def close(self) -> None:
        """The application is over."""
        if self.open:
            self.open = False
            self.process.open -= 1
        self._last.clear()

    def same_as(self, direction: str, n: int, layer: int, message: Any, data: bytes) -> int | None:
        """The number under which the next layer passed this very message just before, if it did."""
        last = self._last.get(direction)
        if last is not None and last[2] == id(message) and last[3] == data and _TRUNCATED not in data:
            # A message goes inwards through receive and outwards through send; the other way round it is passed anew.
            inwards = last[1] < layer
            if last[1] != layer and inwards == (direction == "receive"):
                self._last[direction] = (last[0], layer, id(message), data)
                return last[0]
        self._last[direction] = (n, layer, id(message), data)
        return None


class Rules:
    """What one middleware withholds; what a layer inside withholds beside that holds for all connections that follow."""

    __slots__ = ("redaction",)

    def __init__(self, redaction: Redaction | None = None) -> None:
        self.redaction = redaction


class LayerRecorder:
    """One layer of a connection; layer 0 is the outermost.

    limit: how many bytes are kept of a body in each direction, or of each message; None: all.
    outside: the layer around this one, if it is an inner one.
    rules: what is withheld, as long as no layer inside is stricter.
    """

    __slots__ = (
        "_clean",
        "_keys",
        "_layer_part",
        "_limit",
        "_message_room",
        "_outside",
        "_room_in",
        "_room_out",
        "_rules",
        "_scope",
        "_values",
        "_whole",
        "layer",
        "rec",
    )

    def __init__(
        self,
        rec: Recorder,
        scope: Any,
        limit: int | None,
        outside: "LayerRecorder | None" = None,
        rules: "Rules | None" = None,
    ) -> None:
        self.rec = rec
        self.layer = 0 if outside is None else rec.next_layer()
        self._outside = outside
        self._layer_part = b'"layer":%d,' % self.layer if self.layer else b""
        self._limit = limit
        self._rules = Rules() if rules is None else rules
        redaction = self._rules.redaction
        self._clean = None if redaction is None else ConnectionRedaction(redaction)
        self._room_in = self._room_out = limit
        self._message_room = rec.type != "http"  # a limit per message, not per direction
        self._scope = scope
        whole = scope if type(scope) is dict else dict_behind(scope, type(scope))
        self._whole = whole if whole is not None and dict.__len__(whole) <= _MOST_KEYS else {}
        self._keys = list(dict.keys(self._whole))
        self._values = list(dict.values(self._whole))

    @property
    def limit(self) -> int | None:
        return self._limit

    def lower(self, limit: int) -> None:
        """Keep no more than `limit` bytes from now on, here and in the layers around: of two limits the lower one holds."""
        layer: LayerRecorder | None = self
        while layer is not None:
            before = layer._limit
            if before is None or limit < before:
                layer._limit = limit
                kept_in = 0 if before is None else before - (layer._room_in or 0)
                kept_out = 0 if before is None else before - (layer._room_out or 0)
                layer._room_in, layer._room_out = max(0, limit - kept_in), max(0, limit - kept_out)
            layer = layer._outside

    @property
    def redaction(self) -> Redaction | None:
        return None if self._clean is None else self._clean.redaction

    def withhold(self, redaction: Redaction) -> None:
        """Withhold all that `redaction` does from now on, here and in the layers around: of two the stricter one holds."""
        layer: LayerRecorder | None = self
        while layer is not None:
            if layer._clean is None:
                layer._clean = ConnectionRedaction(redaction)
                scope_json(layer._scope, layer._clean.scope)  # so that it knows what bodies these are
            else:
                layer._clean.tighten(redaction)
            layer._rules.redaction = layer.redaction
            layer = layer._outside

    def has(self, scope: Any) -> bool:
        """Whether a scope belongs to this connection, so that an inner layer may join it."""
        rec = self.rec
        whole = scope if type(scope) is dict else dict_behind(scope, type(scope))
        if whole is None or not rec.open or rec.process.gone:
            return False
        type_ = type_of(whole)
        layer: LayerRecorder | None = self
        while layer is not None:
            if layer._scope is scope or (type_ is not None and type_ == rec.type and layer._shares(whole)):
                return True
            layer = layer._outside
        return False

    def _shares(self, whole: dict[Any, Any]) -> bool:
        """Whether one of the objects that make up a connection is the very one that our scope began with."""
        for key, value in zip(self._keys, self._values, strict=True):
            if type(key) is str and key in _IDENTITY and dict.get(whole, key) is value and _is_own(value):
                return True
        return False

    # --- the records ---------------------------------------------------------------------------------------------------

    def scope(self, name: str | None, parent: str | None) -> None:
        """The application is called; `parent` is the connection in whose handler."""
        rec = self.rec
        inside = None if self._outside is None else self._outside.layer
        record = ScopeRecord(
            conn=rec.conn, layer=self.layer, at=timestamp(), scope=0, name=name, inside=inside, parent=parent
        )
        frame = msgspec.json.encode(record)
        # The scope's own JSON is made by the hot path and put in place of the 0 that stands for it.
        head, tail = frame.split(b'"scope":0', 1)
        clean = None if self._clean is None else self._clean.scope
        rec.sink.add(b'%b"scope":%b%b\n' % (head, scope_json(self._scope, clean), tail), rec.start)

    def received(self, called: int, message: Any) -> None:
        """A `receive` that was called at `called` gave a message."""
        rec = self.rec
        now = clock()
        data = message_json(message, self._room_in, None if self._clean is None else self._clean.receive)
        if not self._message_room and self._room_in:
            self._room_in = max(0, self._room_in - body_size(message))
        n = next(rec.numbers)
        line = b'{"record":"receive",%b%d,%b"t_us":%d,"wait_us":%d,' % (
            rec.head,
            n,
            self._layer_part,
            (now - rec.start) // 1000,
            (now - called) // 1000,
        )
        rec.sink.add(line + self._message_part("receive", n, message, data), now)

    def receive_failed(self, called: int, exc: BaseException) -> None:
        """A `receive` that was called at `called` raised, or was cancelled."""
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
                error=None if outcome == "cancelled" else self._error(exc, ended=False),
            ),
            now,
        )

    def sends(self, message: Any) -> tuple[int, int]:
        """The application sends; gives the number of the record and the time, for `sent`."""
        rec = self.rec
        now = clock()
        data = message_json(message, self._room_for(message), None if self._clean is None else self._clean.send)
        n = next(rec.numbers)
        line = b'{"record":"send",%b%d,%b"t_us":%d,' % (
            rec.head,
            n,
            self._layer_part,
            (now - rec.start) // 1000,
        )
        rec.sink.add(line + self._message_part("send", n, message, data), now)
        return n, now

    def sent(self, of: int, began: int, exc: BaseException | None) -> None:
        """The `send` numbered `of` took long, raised, or was cancelled."""
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
                error=None if exc is None or outcome == "cancelled" else self._error(exc, ended=False),
            ),
            now,
        )

    def end(self, exc: BaseException | None) -> None:
        """The application returned, or raised `exc`."""
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
                error=None if exc is None or outcome == "cancelled" else self._error(exc, ended=True),
                route=route_of(self._scope),
                endpoint=endpoint_of(self._scope),
                scope_changes=self._scope_changes(),
            ),
            now,
        )
        if rec.process.missed:
            tell_missed(rec.process, rec.sink, now)
        if self.layer == 0:
            rec.sink.flush(now)
            if rec.type == "lifespan" and outcome != "raised":
                rec.sink.settle()  # the server stops now, some by a signal that runs nothing of ours any more

    def close(self) -> None:
        """Let go of all that the application may have wanted to be rid of; tasks of its may hold our taps for ever."""
        self._scope = None
        self._whole = {}
        self._keys = self._values = []
        if self.layer == 0:
            self.rec.close()

    def _error(self, exc: BaseException, *, ended: bool) -> ErrorInfo:
        error = describe(exc, ended=ended)
        return error if self._clean is None else clean_error(error, self._clean.text)

    def _add(self, record: ReceiveRecord | SentRecord | EndRecord, now: int) -> None:
        self.rec.sink.add(msgspec.json.encode(record) + b"\n", now)

    def _message_part(self, direction: str, n: int, message: Any, data: bytes) -> bytes:
        if self.rec.layers:
            same = self.rec.same_as(direction, n, self.layer, message, data)
            if same is not None:
                return b'"same":%d}\n' % same
        return b'"message":%b}\n' % data

    # --- how much of a body is kept ------------------------------------------------------------------------------------

    def _room_for(self, message: Any) -> int | None:
        """The bytes that are kept of this message of the application; what it takes is counted."""
        if self._limit is None or self._message_room:
            return self._limit
        if type_of(message) == "http.response.start":
            self._message_room = is_event_stream(message)
        room = self._room_out
        if room:
            self._room_out = max(0, room - body_size(message))
        return room

    # --- what became of the scope --------------------------------------------------------------------------------------

    def _scope_changes(self) -> list[str]:
        whole = self._whole
        keys, values = list(dict.keys(whole)), list(dict.values(whole))
        if len(keys) == len(self._keys) and all(map(is_, values, self._values)) and all(map(is_, keys, self._keys)):
            return []
        # By identity alone: `==` would ask foreign objects. Keys that are no plain str are passed over for the same reason.
        before = {key: value for key, value in zip(self._keys, self._values, strict=True) if type(key) is str}
        return [
            printable(key)
            for key, value in zip(keys, values, strict=True)
            if type(key) is str and (key not in before or before[key] is not value)
        ][:_MOST_KEYS]


# The layers, one for each trace that is written, in whose application the code that runs now was called. Travels between the
# layers of one connection, and to the applications that a handler calls itself; the scope stays as it is.
current: ContextVar[tuple[LayerRecorder, ...]] = ContextVar("asgi_inspect", default=())


def _is_own(value: Any) -> bool:
    """Whether a value can stand for one scope: there is but one None, one empty tuple, and one of many a small value."""
    t = type(value)
    return not (value is None or t is str or t is bytes or t is int or t is bool or (t is tuple and not value))
