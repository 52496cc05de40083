"""What the layers of one connection have in common: its id, its clock, its counter, and where its lines go."""

from itertools import count
from typing import Any, Final

from ..redaction.redaction import Redaction
from .bodies import type_of
from .process import Sink, clock, current_process
from .shared import Shared

_TRUNCATED: Final = b'"$truncated"'


class Rules:
    """What one middleware withholds; what a layer inside withholds beside that holds for all connections that follow.

    shared: the objects that its connections may have in common.
    """

    __slots__ = ("redaction", "shared")

    def __init__(self, redaction: Redaction | None = None) -> None:
        self.redaction = redaction
        self.shared = Shared()


class Recorder:
    """One connection: its id, its clock, its one counter over all layers, and where its lines go."""

    __slots__ = (
        "_last",
        "_layer_numbers",
        "conn",
        "id",
        "layers",
        "numbers",
        "open",
        "process",
        "sink",
        "start",
        "type",
    )

    def __init__(self, sink: Sink, scope: Any) -> None:
        self.process = process = current_process()
        self.conn = conn = f"{process.proc}.{next(process.numbers)}"
        self.id = conn.encode()
        self.sink = sink
        self.numbers = count(1)
        self.layers = 0  # how many inner layers there are
        self._layer_numbers: count[int] | None = None
        self.open = False
        self.type = type_of(scope)
        # The last message of each direction, for `same`: (n, layer, id of the message, JSON). Kept only while there are
        # layers. The message itself is not kept: a memoryview in it would hold its buffer.
        self._last: dict[str, tuple[int, int, int, bytes]] | None = None
        self.start = clock()

    def begin(self) -> None:
        """The application is called."""
        self.open = True
        self.process.open += 1

    def next_layer(self) -> int:
        """The number of an inner application that is called now."""
        if self._layer_numbers is None:
            self._layer_numbers = count(1)
        self.layers = next(self._layer_numbers)
        return self.layers

    def close(self) -> None:
        """The application is over."""
        if self.open:
            self.open = False
            self.process.open -= 1
        self._last = None

    def same_as(self, direction: str, n: int, layer: int, message: Any, data: bytes) -> int | None:
        """The number under which the next layer passed this very message just before, if it did."""
        if self._last is None:
            self._last = {}
        last = self._last.get(direction)
        if last is not None and last[2] == id(message) and last[3] == data and _TRUNCATED not in data:
            # A message goes inwards through receive and outwards through send; the other way round it is passed anew.
            inwards = last[1] < layer
            if last[1] != layer and inwards == (direction == "receive"):
                self._last[direction] = (last[0], layer, id(message), data)
                return last[0]
        self._last[direction] = (n, layer, id(message), data)
        return None
