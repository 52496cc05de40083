"""The recorder of one connection: what its taps see becomes lines, in order, and nothing else happens.

Every method is called on the event loop in the middle of the application's own call, and by callers that guard it: whatever
goes wrong here is counted and said (`guard.failed`), and the message goes its way.
"""

from contextvars import ContextVar
from operator import is_
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ..look import dict_behind, name_of
from ..redaction.connection import ConnectionRedaction
from ..redaction.redaction import Redaction
from ..trace.errors import clean_error
from ..trace.records import EndRecord, ErrorInfo, Outcome, ReceiveRecord, ScopeRecord, SentRecord
from .beside import odd_mapping, state_keys, value_of, with_more
from .bodies import body_size, is_event_stream, type_of
from .changes import MOST_KEYS, scope_changes
from .connection import Recorder, Rules
from .failure import describe, outcome_of
from .guard import say_failed, tell_missed
from .lines import UNKEPT, message_json, scope_json
from .place import endpoint_of, route_of
from .process import clock, stamp
from .usual import usual_receive, usual_scope, usual_send

if TYPE_CHECKING:
    from .selection import LeftOut

SLOW_SEND_US: Final = 1000
_IDENTITY: Final = ("asgi", "headers", "state", "extensions")
_RETURNED: Final = "returned"
_NO_SCOPE: Final[dict[Any, Any]] = {}
_NO_KEYS: Final[tuple[Any, ...]] = ()
_NONE: Final[tuple[str, ...]] = ()
_NOTHING: Final[list[str]] = []


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
        "_usual",
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
        self._outside = outside
        self.layer = 0 if outside is None else rec.next_layer()
        self._layer_part = b'"layer":%d,' % self.layer if self.layer else b""
        self._rules = rules = Rules() if rules is None else rules
        self._clean = None if rules.redaction is None else ConnectionRedaction(rules.redaction)
        self._limit = self._room_in = self._room_out = limit
        self._message_room = rec.type != "http"  # a limit for each message, not for each direction
        self._usual = False  # the scope was one as servers have it, which tells nothing of a route
        self._scope = scope
        whole = scope if type(scope) is dict else dict_behind(scope, type(scope))
        if whole is None or dict.__len__(whole) > MOST_KEYS:
            whole = _NO_SCOPE
        self._whole = whole
        self._keys = (*dict.keys(whole),)
        self._values = (*dict.values(whole),)

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

    def scope(self, name: str | None, parent: str | None, sample: float | None = None) -> None:
        """The application is called; `parent` is the connection in whose handler, `sample` the rate at which such are kept."""
        rec, clean, scope = self.rec, self._clean, self._scope
        data = None
        if type(scope) is dict:
            try:
                data = usual_scope(scope, clean)
            except Exception as own:  # noqa: BLE001 (there is another way, which begins anew)
                say_failed(own)
        self._usual = data is not None
        mapping = None
        if data is None:
            mapping = odd_mapping(scope)
            if clean is not None:
                clean.seen = None  # it begins anew: what is withheld first counts
            data = scope_json(scope, None if clean is None else clean.scope)
        start = rec.start
        shared = _NOTHING
        if self._outside is None and (self._rules.shared.left > 0 or rec.type == "lifespan"):
            shared = self._shared()
        if (
            self._outside is None
            and name is None
            and parent is None
            and sample is None
            and mapping is None
            and not shared
        ):
            rec.sink.add(b'{"record":"scope","conn":"%b","at":"%b","scope":%b}\n' % (rec.id, stamp(start), data), start)
        else:
            head, tail = self._around_scope(name, parent, sample, mapping, shared)
            rec.sink.add(head + data + tail, start)

    def _shared(self) -> list[str]:
        """The fields that are the very objects of another call's scope."""
        state, extensions = (value_of(name, self._keys, self._values) for name in ("state", "extensions"))
        return self._rules.shared.begun(self.rec.conn, self.rec.type, state, extensions)

    def _around_scope(
        self, name: str | None, parent: str | None, sample: float | None, mapping: str | None, shared: list[str]
    ) -> tuple[bytes, bytes]:
        """What stands before and behind the scope in a record that tells more than usual."""
        rec, outside = self.rec, self._outside
        record = ScopeRecord(
            conn=rec.conn,
            layer=self.layer,
            at=stamp(rec.start).decode(),
            scope=0,
            name=name,
            inside=None if outside is None else outside.layer,
            parent=parent,
            sample=sample,
            mapping=mapping,
            shared=shared,
        )
        # The scope's own JSON is put in place of the 0 that stands for it.
        head, tail = msgspec.json.encode(record).split(b'"scope":0', 1)
        return head + b'"scope":', tail + b"\n"

    def received(self, called: int, message: Any, once: tuple[str, ...] = _NONE) -> None:
        """A `receive` that was called at `called` gave a message; `once`: fields in which it had one-shot iterators."""
        rec = self.rec
        now = clock()
        room = self._room_in
        data = None
        if type(message) is dict:
            try:
                data = usual_receive(message, room, self._clean)
            except Exception as own:  # noqa: BLE001 (what was looked through once cannot be again)
                say_failed(own)
                data = UNKEPT
        odd = data is None or once
        if data is None:
            data = message_json(message, room, None if self._clean is None else self._clean.receive)
        if room and not self._message_room:
            self._room_in = max(0, room - body_size(message))
        n, t_us, wait_us = next(rec.numbers), (now - rec.start) // 1000, (now - called) // 1000
        if rec.layers:
            head = b'{"record":"receive","conn":"%b","n":%d,%b"t_us":%d,"wait_us":%d,'
            head %= (rec.id, n, self._layer_part, t_us, wait_us)
            line = head + self._message_part("receive", n, message, data)
        else:
            line = b'{"record":"receive","conn":"%b","n":%d,"t_us":%d,"wait_us":%d,"message":%b}\n' % (
                rec.id,
                n,
                t_us,
                wait_us,
                data,
            )
        rec.sink.add(self._with_more(line, message, once, "lifespan.shutdown") if odd else line, now)

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

    def sends(self, message: Any, once: tuple[str, ...] = _NONE) -> tuple[int, int]:
        """The application sends; gives the number of the record and the time, for `sent`. `once`: as of `received`."""
        rec = self.rec
        now = clock()
        room = self._limit if self._message_room else self._room_out
        data = None
        if type(message) is dict:
            try:
                data = usual_send(message, room, self._clean)
            except Exception as own:  # noqa: BLE001 (what was looked through once cannot be again)
                say_failed(own)
                data = UNKEPT
        odd = data is None or once
        if data is None:
            data = message_json(message, self._room_for(message), None if self._clean is None else self._clean.send)
        elif not self._message_room:
            if "body" not in message:
                says = None if self._clean is None else self._clean.type  # of a start, this has just been looked for
                if self._clean is None or (says is not None and (not says or "event" in says.lower())):
                    self._message_room = is_event_stream(message)
            elif room:
                room -= len(message["body"])
                self._room_out = room if room > 0 else 0
        n, t_us = next(rec.numbers), (now - rec.start) // 1000
        if rec.layers:
            head = b'{"record":"send","conn":"%b","n":%d,%b"t_us":%d,' % (rec.id, n, self._layer_part, t_us)
            line = head + self._message_part("send", n, message, data)
        else:
            line = b'{"record":"send","conn":"%b","n":%d,"t_us":%d,"message":%b}\n' % (rec.id, n, t_us, data)
        rec.sink.add(self._with_more(line, message, once, "lifespan.startup.complete") if odd else line, now)
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

    def end(self, exc: BaseException | None, result: Any = None) -> None:
        """The application returned `result`, or raised `exc`."""
        now = clock()
        rec = self.rec
        outcome: Outcome = _RETURNED if exc is None else outcome_of(exc)
        n, t_us = next(rec.numbers), (now - rec.start) // 1000
        if exc is None and result is None and self._usual and self._is_scope_unchanged():
            line = b'{"record":"end","conn":"%b","n":%d,%b"t_us":%d,"outcome":"returned"}\n'
            rec.sink.add(line % (rec.id, n, self._layer_part, t_us), now)
        else:
            record = EndRecord(
                conn=rec.conn,
                n=n,
                layer=self.layer,
                t_us=t_us,
                outcome=outcome,
                error=None if exc is None or outcome == "cancelled" else self._error(exc, ended=True),
                route=route_of(self._scope),
                endpoint=endpoint_of(self._scope),
                scope_changes=scope_changes(self._whole, self._keys, self._values),
                returned=None if result is None else name_of(type(result)),
            )
            self._add(record, now)
        if rec.process.missed:
            tell_missed(rec.process, rec.sink, now)
        if self.layer == 0:
            rec.sink.flush(now)
            if rec.type == "lifespan" and outcome != "raised":
                rec.sink.settle()  # the server stops now, some by a signal that runs nothing of ours any more

    def close(self) -> None:
        """Let go of all that the application may have wanted to be rid of; tasks of its may hold our taps for ever."""
        self._scope, self._whole, self._keys, self._values = None, _NO_SCOPE, _NO_KEYS, _NO_KEYS
        if self.layer == 0:
            self.rec.close()
            shared = self._rules.shared
            if shared.extensions is not None or not self._usual:
                shared.ended(self.rec.conn, self.rec.type)

    def _error(self, exc: BaseException, *, ended: bool) -> ErrorInfo:
        error = describe(exc, ended=ended)
        return error if self._clean is None else clean_error(error, self._clean.text)

    def _add(self, record: ReceiveRecord | SentRecord | EndRecord, now: int) -> None:
        self.rec.sink.add(msgspec.json.encode(record) + b"\n", now)

    def _message_part(self, direction: str, n: int, message: Any, data: bytes) -> bytes:
        """The end of a line: the message, or that it is the one that another layer has passed just before."""
        same = self.rec.same_as(direction, n, self.layer, message, data)
        return b'"message":%b}\n' % data if same is None else b'"same":%d}\n' % same

    def _with_more(self, line: bytes, message: Any, once: tuple[str, ...], asks: str) -> bytes:
        """The line with what there is to tell beside its message; `asks` is the message that asks for the keys of `state`."""
        state = None
        if self.rec.type == "lifespan" and type_of(message) == asks:
            state = state_keys(value_of("state", self._keys, self._values))
        return with_more(line, once, odd_mapping(message), state)

    # --- how much of a body is kept ------------------------------------------------------------------------------------

    def _room_for(self, message: Any) -> int | None:
        """The bytes that are kept of this message of the application; what it takes is counted."""
        if not self._message_room and type_of(message) == "http.response.start":
            self._message_room = is_event_stream(message)  # asked without a limit too: an inner layer may bring one
        if self._limit is None or self._message_room:
            return self._limit
        room = self._room_out
        if room:
            self._room_out = max(0, room - body_size(message))
        return room

    # --- what became of the scope --------------------------------------------------------------------------------------

    def _is_scope_unchanged(self) -> bool:
        """Whether the very objects stand in a usual scope that stood there; told fast, so False says nothing."""
        whole, values = self._whole, self._values
        return (
            len(whole) == len(values)
            and all(map(is_, values, dict.values(whole)))
            and all(map(is_, self._keys, dict.keys(whole)))
        )


# The layers, one for each trace that is written, in whose application the code that runs now was called. Travels between the
# layers of one connection, and to the applications that a handler calls itself; the scope stays as it is.
current: "ContextVar[tuple[LayerRecorder | LeftOut, ...]]" = ContextVar("asgi_inspect", default=())


def _is_own(value: Any) -> bool:
    """Whether a value can stand for one scope: there is but one None, one empty tuple, and one of many a small value."""
    t = type(value)
    return not (value is None or t is str or t is bytes or t is int or t is bool or (t is tuple and not value))
