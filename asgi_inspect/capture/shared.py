"""Which objects of a scope another call has too, though each call should have its own: told by identity, which no value shows.

Every HTTP request and WebSocket gets a copy of the lifespan's `state`, and `extensions` that are its alone: where it gets the
very object, what one connection changes is changed for all. An identity can be told only as long as the other object lives.
So nothing of an application's is kept alive for it: the lifespan's `state` is held as long as its call lasts, which holds it
anyway, and the `extensions` of the call before until the next begins, but beyond its own end only where they are a dict of
nothing but empty dicts, in which there is nothing of anybody's.

It is the server that shares them, and one that does so does it from the first call on. So only the first calls are looked at.
"""

from typing import Any, Final

from ..look import members

_CALLS: Final = 1000
_MOST: Final = 32
_HAVE: Final = frozenset({"http", "websocket"})
_NOTHING: Final[list[str]] = []


class Shared:
    """What one middleware has seen of such objects.

    left: how many more calls are looked at. extensions: those of the call before.
    """

    __slots__ = ("_states", "extensions", "left")

    def __init__(self) -> None:
        self.left = _CALLS
        self.extensions: Any = None
        # Of the open lifespans, by the connection's id. Replaced whole, as several threads may each have an event loop.
        self._states: tuple[tuple[str, Any], ...] = ()

    def begun(self, conn: str, type_: str | None, state: Any, extensions: Any) -> list[str]:
        """A call with these begins; which of them are another's."""
        if type_ == "lifespan":
            if issubclass(type(state), dict):
                self._states = (*self._states, (conn, state))
                self.left = _CALLS
            return _NOTHING
        if type_ not in _HAVE:
            return _NOTHING
        self.left -= 1
        shared = _NOTHING
        for _, other in self._states:
            if other is state:
                shared = ["state"]
        if issubclass(type(extensions), dict):
            if extensions is self.extensions:
                shared = [*shared, "extensions"]
            self.extensions = extensions if self.left > 0 else None
        return shared

    def ended(self, conn: str, type_: str | None) -> None:
        """That call is over."""
        if type_ == "lifespan":
            self._states = tuple(one for one in self._states if one[0] != conn)
        elif self.extensions is not None and not _is_nobodys(self.extensions):
            self.extensions = None


def _is_nobodys(x: Any) -> bool:
    """Whether an object keeps none alive but itself and empty dicts."""
    if type(x) is not dict or len(x) > _MOST:
        return False
    items = members(dict.items, x)
    return items is not None and all(type(key) is str and type(value) is dict and not value for key, value in items)
