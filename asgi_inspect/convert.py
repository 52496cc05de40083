"""Any Python value as JSON: for people (`convert_bytes_to_str`), and so that it comes back as it was (`encode`, `decode`).

`encode` writes plain JSON wherever JSON can hold the value, and an object with one key that begins with `$` where it cannot.
A scope or a message is typed by position: at its top level, the fields that the specification fills with byte strings
(`protocol.fields.BYTE_POSITIONS`) hold a JSON string for bytes that are UTF-8; everywhere else a JSON string is a str.
"""

import base64
import sys
from itertools import chain
from typing import Any, Final, Literal

from .decode import decode, is_size
from .look import dict_behind, exact_bytes, exact_str, mapping_items, octets_head, octets_size, qualified_name
from .protocol.fields import BYTE_POSITIONS
from .readable import convert_bytes_to_str
from .values import Foreign, Parts, Redacted, Truncated
from .walk import DECIMAL_BITS, INT_MAX, INT_MIN, MAX_NODES, Begin, Finish, Walk, in_order

__all__ = ["convert_bytes_to_str", "decode", "encode"]

_BODIES: Final = frozenset({"body", "bytes", "text"})

# Under a `value_limit`, strings of this length are always kept, and of longer ones as much as this many limits hold: a
# thousand values just below the limit would be as bad as one without a limit.
_SHORT: Final = 256
_LIMITS: Final = 16

_CHUNK: Final = 1 << 20


def encode(
    value: Any, *, body_room: int | None = None, value_limit: int | None = None, max_nodes: int | None = None
) -> Any:
    """A scope, a message or any other value as data that `json.dumps` takes, from which `decode` makes the value again.

    body_room: how many bytes of `body`, `bytes` and `text` of a message are kept (None: all).
    value_limit: how many bytes of any other str, and of a byte string outside of the byte positions, are kept (None: all);
        of all such values of one field together, at most 16 times as many.
    max_nodes: how many items of nested containers are kept, per field of a scope or message: a container that does not fit
        is cut, and not even copied (None: all, unless the same container is met again and again).

    Lists and tuples come back as lists, mappings as dicts, subclasses of builtins as the builtin, up to 200 levels deep.
    Nothing is raised, nothing foreign is touched: an object that is no builtin is known by the name of its type.
    """
    try:
        return _encode(value, body_room, _Lossless(value_limit, max_nodes))
    except RecursionError:  # the stack of our caller has no room left even for the few calls of ours
        return {"$truncated": {"size": None, "head": None}}  # a call more would be one too many


def _encode(value: Any, body_room: int | None, walk: "_Lossless") -> Any:
    whole = dict_behind(value, type(value))
    if whole is not None and walk.hard_limit and dict.__len__(whole) >= walk.room:
        return walk.visit(value)  # which cuts it
    items = mapping_items(value, type(value))
    if items is None:
        return walk.visit(value)
    key = id(value if whole is None else whole)
    names = plain_names(items)
    if names is None:
        bounded = [(name, walk.within_room(name, x, body_room)) for name, x in items]
        return walk.visit(value, lambda _: walk.opened(key, *walk.of_mapping(bounded)))
    walk.path[key] = 0
    walk.max_depth += 1  # a scope or message is no level of its own: each of its values may be 200 deep
    return {name: walk.field(name, x, body_room) for name, (_, x) in zip(names, items, strict=True)}


def plain_names(items: list[tuple[Any, Any]], longest: int | None = None) -> list[str] | None:
    """The keys as those of a JSON object; None unless all are str, none like a tag, with lone surrogates, twice, or too long."""
    names = []
    subclasses = False
    for key, _ in items:
        name = key
        if type(key) is not str:
            if not issubclass(type(key), str):
                return None
            name, subclasses = exact_str(key), True
        if name[:1] == "$" or not is_utf8(name) or (longest is not None and len(name) > longest):
            return None
        names.append(name)
    return None if subclasses and len(set(names)) < len(names) else names


def is_utf8(text: str) -> bool:
    """Whether UTF-8 can hold the text: it has no lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def cut_text(text: str, limit: int) -> tuple[str, int] | None:
    """The longest beginning of `text` of at most `limit` bytes in UTF-8, and the size of all; None where all of it fits."""
    if len(text) * 4 <= limit:
        return None
    if text.isascii():
        return (text[:limit], len(text)) if len(text) > limit else None
    chunks = (text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK))
    size = sum(len(chunk.encode("utf-8", "surrogatepass")) for chunk in chunks)
    if size <= limit:
        return None
    return octets_head(text[:limit].encode("utf-8", "surrogatepass"), limit).decode("utf-8", "surrogatepass"), size


class _Lossless(Walk):
    """The leaves of `encode`: plain JSON, or a tag."""

    def __init__(self, value_limit: int | None, max_nodes: int | None) -> None:
        super().__init__(MAX_NODES if max_nodes is None else max_nodes, hard_limit=max_nodes is not None)
        self.max_nodes = max_nodes
        self.value_limit = None if value_limit is None else max(value_limit, 0)
        self.short = sys.maxsize if self.value_limit is None else min(self.value_limit, _SHORT)
        self.length_left = 0 if self.value_limit is None else self.value_limit * _LIMITS

    # --- the top level of a scope or message ---

    def field(self, name: str, x: Any, body_room: int | None) -> Any:
        """The value of one field, with a budget of its own: what is huge in one takes nothing from the next."""
        if self.max_nodes is not None:
            self.room = self.max_nodes
        if self.value_limit is not None:
            self.length_left = self.value_limit * _LIMITS
        if name in _BODIES:
            return self.body(name, x, body_room)
        position = BYTE_POSITIONS.get(name)
        if position is None:
            return self.visit(x)
        if position == "octets":
            return self.visit(x, self.begin_octets)
        return self.visit(x, self.begin_headers if position == "headers" else self.begin_links)

    def body(self, name: str, x: Any, room: int | None) -> Any:
        if room is None:
            return self.visit(x) if name == "text" else self.visit(x, self.begin_octets)
        bounded = shortened(x, room)
        if name != "text":
            return self.visit(bounded, self.begin_octets)
        if type(bounded) is str:
            return encode_text(bounded)
        return self.visit(bounded)

    def within_room(self, name: Any, x: Any, room: int | None) -> Any:
        """A value of a message whose keys are no field names, some of them at least."""
        if room is None or type(name) is not str or name not in _BODIES:
            return x
        return shortened(x, room if self.value_limit is None else min(room, self.value_limit))

    # --- byte positions ---

    def begin_headers(self, x: Any) -> Any:
        """What stands where the specification has pairs of byte strings."""
        return _usual_headers(x) or self._begin_each(x, self.begin_pair)

    def begin_links(self, x: Any) -> Any:
        """What stands where the specification has byte strings, one after another."""
        return self._begin_each(x, self.begin_octets)

    def begin_pair(self, x: Any) -> Any:
        return self._begin_each(x, self.begin_octets)

    def _begin_each(self, x: Any, begin: Begin) -> Any:
        t = type(x)
        # Headers are free of the budget, hence the size of -1: only their number would count, and it is the server's affair.
        if issubclass(t, list):
            return self.open(x, -1, list.__iter__, self.list_of, begin)
        if issubclass(t, tuple):
            return self.open(x, -1, tuple.__iter__, self.list_of, begin)
        return self.begin(x)

    def begin_octets(self, x: Any) -> Any:
        """What stands where the specification has a byte string."""
        t = type(x)
        if t is bytes:
            return encode_octets(x)
        if issubclass(t, (bytes, bytearray)) or t is memoryview:
            tag = None if issubclass(t, bytes) else "$bytearray" if issubclass(t, bytearray) else "$memoryview"
            return _tagged(x, tag)
        if issubclass(t, str):
            return {"$str": encode_text(exact_str(x))}
        if t is Truncated or t is Parts:
            return self.stand_in(x, self.begin_octets)
        return self.begin(x)

    # --- leaves ---

    def text(self, x: str) -> Any:
        if self.value_limit is None:
            return encode_text(x)
        cut = cut_text(x, self._limit(len(x)))
        return encode_text(x) if cut is None else truncated(cut[1], encode_text(cut[0]))

    def integer(self, x: int) -> Any:
        if INT_MIN <= x <= INT_MAX:
            return x
        if self.value_limit is not None:
            size = (x.bit_length() + 7) // 8
            if size > self._limit(size):
                return truncated(size, None)
        return {"$int": str(x) if x.bit_length() <= DECIMAL_BITS else hex(x)}

    def real(self, x: float) -> Any:
        return x if _is_finite(x) else {"$float": str(x)}

    def octets(self, x: Any, kind: str) -> Any:
        try:
            if self.value_limit is not None:
                size = octets_size(x)
                limit = self._limit(size)
                if size > limit:
                    return truncated(size, {"$" + kind: encode_octets(octets_head(x, limit))})
        except ValueError:
            return self.named(x)
        return _tagged(x, "$" + kind)

    def _limit(self, size: int) -> int:
        """How much is kept of a value of this size."""
        limit = self.value_limit or 0
        if size > self.short:
            limit = min(limit, max(self.length_left, self.short))
            self.length_left -= min(size, limit)
        return limit

    # --- containers ---

    def of_mapping(self, items: list[tuple[Any, Any]]) -> tuple[list[Any], Finish]:
        names = plain_names(items, self.value_limit)
        if names is None:
            return list(chain.from_iterable(items)), _map_of
        return [value for _, value in items], lambda results: dict(zip(names, results, strict=True))

    def list_of(self, results: list[Any]) -> Any:
        return results

    tuple_of = list_of

    def set_of(self, results: list[Any]) -> Any:
        return {"$set": in_order(results)}

    def frozenset_of(self, results: list[Any]) -> Any:
        return {"$frozenset": in_order(results)}

    # --- everything else ---

    def foreign(self, x: Any, t: type) -> Any:
        if t is Truncated or t is Parts:
            return self.stand_in(x, None)
        if t is Redacted and is_size(x.size) and _is_text(x.fingerprint) and _is_text(x.why):
            return {"$redacted": {"size": x.size, "fingerprint": x.fingerprint, "why": x.why}}
        if t is Foreign and type(x.tag) is str and x.tag[:1] == "$" and is_utf8(x.tag):
            nodes = _json_nodes(x.content, self.room if self.hard_limit else MAX_NODES)
            if nodes is not None:
                self.room -= nodes
                return {x.tag: x.content}
        return self.named(x)

    def stand_in(self, x: Truncated | Parts, begin: Begin | None) -> Any:
        """What a trace holds in place of a value, its pieces in the position of that value."""
        if type(x) is Truncated and is_size(x.size):
            size = x.size
            return self.open(x, 1, lambda x: (x.head,), lambda results: truncated(size, results[0]), begin)
        if type(x) is Parts and type(x.parts) is tuple:
            return self.open(x, len(x.parts), lambda x: iter(x.parts), lambda results: {"$parts": results}, begin)
        return self.named(x)

    def named(self, x: Any) -> Any:
        return {"$object": encode_text(qualified_name(type(x)))}

    def cycle(self, levels: int) -> Any:
        return {"$cycle": levels}

    def cut(self, x: Any, why: Literal["too deep", "too much", "as above"]) -> Any:
        return truncated(None, None)


def _usual_headers(x: Any) -> list[Any] | None:
    """Headers as nearly all servers and applications write them, without the walk; None where anything is unusual."""
    if type(x) is not list and type(x) is not tuple:
        return None
    pairs = []
    for pair in x:
        if (type(pair) is not tuple and type(pair) is not list) or len(pair) != 2:
            return None
        name, value = pair
        if type(name) is not bytes or type(value) is not bytes:
            return None
        try:
            pairs.append([name.decode(), value.decode()])
        except UnicodeDecodeError:
            return None
    return pairs


def shortened(x: Any, limit: int) -> Any:
    """A str or byte string of more than `limit` bytes as a `Truncated`; any other value as it is."""
    t = type(x)
    limit = max(limit, 0)
    if issubclass(t, str):
        text = exact_str(x)
        cut = cut_text(text, limit)
        return text if cut is None else Truncated(cut[1], cut[0])
    if not (issubclass(t, (bytes, bytearray)) or t is memoryview):
        return x
    try:
        size = octets_size(x)
        if size <= limit:
            return x
        head = octets_head(x, limit)
    except ValueError:  # a memoryview that was released
        return x
    return Truncated(
        size, head if issubclass(t, bytes) else bytearray(head) if t is not memoryview else memoryview(head)
    )


def _tagged(x: Any, tag: str | None) -> Any:
    try:
        octets = encode_octets(exact_bytes(x))
    except ValueError:  # a memoryview that was released has nothing left to show
        return {"$object": "memoryview"}
    return octets if tag is None else {tag: octets}


def _map_of(results: list[Any]) -> Any:
    """Keys and values in turn, as pairs."""
    return {"$map": [[key, value] for key, value in zip(results[::2], results[1::2], strict=True)]}


def _is_finite(x: float) -> bool:
    return x - x == 0.0


def _is_text(x: Any) -> bool:
    return x is None or (type(x) is str and is_utf8(x))


def _json_nodes(x: Any, most: int) -> int | None:
    """How many nodes the content of an unknown tag has; None where it cannot be written as it stands, or has over `most`."""
    nodes = 0
    waiting = [x]
    while waiting:
        x = waiting.pop()
        t = type(x)
        if t is dict:
            if not all(type(key) is str for key in x):
                return None
            waiting += x
            waiting += x.values()
        elif t is list:
            waiting += x
        elif not (_is_text(x) or t is bool or (_is_finite(x) if t is float else t is int and INT_MIN <= x <= INT_MAX)):
            return None
        nodes += 1
        if nodes + len(waiting) > most:
            return None
    return nodes


def encode_text(x: str) -> Any:
    """A str: plain, or with lone surrogates written as `\\udXXX` and each backslash doubled, under `$text`."""
    if is_utf8(x):
        return x
    return {"$text": x.replace("\\", "\\\\").encode("utf-8", "backslashreplace").decode()}


def encode_octets(x: bytes) -> Any:
    """A byte string in a byte position: its text if it is UTF-8, else base64."""
    try:
        return x.decode()
    except UnicodeDecodeError:
        return {"$base64": base64.b64encode(x).decode("ascii")}


def truncated(size: int | None, head: Any) -> dict[str, Any]:
    return {"$truncated": {"size": size, "head": head}}
