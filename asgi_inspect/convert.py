"""Any Python value as JSON: for people (`convert_bytes_to_str`), and so that it comes back as it was (`encode`, `decode`).

`encode` writes plain JSON wherever JSON can hold the value, and an object with one key that begins with `$` where it cannot.
A scope or a message is typed by position: at its top level, the fields that the specification fills with byte strings
(`protocol.fields.BYTE_POSITIONS`) hold a JSON string for bytes that are UTF-8; everywhere else a JSON string is a str.
"""

import base64
from collections.abc import Callable
from itertools import chain
from typing import Any, Final

from .decode import decode
from .protocol.fields import BYTE_POSITIONS
from .readable import convert_bytes_to_str
from .values import Foreign, Parts, Redacted, Truncated
from .walk import MAX_NODES, PLAIN, Walk, exact_bytes, exact_str, mapping_items, qualified_name

__all__ = ["convert_bytes_to_str", "decode", "encode"]

_INT_MIN: Final = -(1 << 63)
_INT_MAX: Final = (1 << 64) - 1
_DECIMAL_BITS: Final = 8192  # longer ones are written in hex: decimal takes quadratic time


def encode(
    value: Any, *, body_room: int | None = None, value_limit: int | None = None, max_nodes: int | None = None
) -> Any:
    """A scope, a message or any other value as data that `json.dumps` takes, from which `decode` makes the value again.

    body_room: how many bytes of `body`, `bytes` and `text` of a message are kept (None: all).
    value_limit: how many bytes of any other str or byte string below the top level are kept (None: all).
    max_nodes: how many items of nested containers are kept (None: all, unless the same container is met again and again).

    Lists and tuples come back as lists, mappings as dicts, subclasses of builtins as the builtin, up to 200 levels deep.
    Nothing is raised, nothing foreign is touched: an object that is no builtin is known by the name of its type.
    """
    walk = _Lossless(value_limit, max_nodes)
    items = mapping_items(value, type(value)) if type(value) not in PLAIN else None
    if items is None or not _plain_keys(items):
        return walk.visit(value)
    walk.path[id(value)] = 0
    return {exact_str(key): _encode_field(walk, exact_str(key), x, body_room) for key, x in items}


def _encode_field(walk: "_Lossless", name: str, x: Any, body_room: int | None) -> Any:
    position = BYTE_POSITIONS.get(name)
    if name == "text" and body_room is not None and issubclass(type(x), str):
        return walk.text_within(exact_str(x), body_room)
    if position is None:
        return walk.visit(x)
    if position == "octets":
        return walk.in_byte_position(x, body_room if name in ("body", "bytes") else None)
    if not issubclass(type(x), (list, tuple)):
        return walk.visit(x)
    members = list(list.__iter__(x) if issubclass(type(x), list) else tuple.__iter__(x))
    if position == "links":
        return [walk.in_byte_position(member) for member in members]
    return [_encode_pair(walk, member) for member in members]


def _encode_pair(walk: "_Lossless", pair: Any) -> Any:
    if issubclass(type(pair), tuple):
        return [walk.in_byte_position(member) for member in tuple.__iter__(pair)]
    if issubclass(type(pair), list):
        return [walk.in_byte_position(member) for member in list.__iter__(pair)]
    return walk.visit(pair)


def _plain_keys(items: list[tuple[Any, Any]]) -> bool:
    """Whether the keys can be keys of a JSON object: all of them str, none like a tag, none with lone surrogates."""
    for key, _ in items:
        if not issubclass(type(key), str):
            return False
        text = exact_str(key)
        if text.startswith("$") or not _encodable(text):
            return False
    return True


def _encodable(text: str) -> bool:
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
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size <= limit:
        return None
    return cut_octets(text[:limit].encode("utf-8", "surrogatepass"), limit).decode("utf-8", "surrogatepass"), size


def cut_octets(octets: bytes, limit: int) -> bytes:
    """The first `limit` bytes, without the beginning of a UTF-8 character that the cut would split."""
    head = octets[:limit]
    for back in range(1, min(4, len(head) + 1)):
        byte = head[-back]
        if byte & 0xC0 == 0x80:  # a continuation byte: look further back for where its character begins
            continue
        width = (
            1
            if byte < 0x80
            else 2
            if byte >> 5 == 0b110
            else 3
            if byte >> 4 == 0b1110
            else 4
            if byte >> 3 == 0b11110
            else 1
        )
        return head[:-back] if width > back else head
    return head


def octets_size(x: Any) -> int:
    """The size in bytes of a bytes, bytearray or memoryview."""
    if type(x) is memoryview:
        return x.nbytes
    return bytes.__len__(x) if issubclass(type(x), bytes) else bytearray.__len__(x)


def _head_of(x: Any, limit: int) -> bytes:
    if type(x) is memoryview:
        return bytes(x.cast("B")[:limit]) if x.c_contiguous else x.tobytes()[:limit]
    return bytes(
        bytes.__getitem__(x, slice(limit)) if issubclass(type(x), bytes) else bytearray.__getitem__(x, slice(limit))
    )


class _Lossless(Walk):
    """The leaves of `encode`: plain JSON, or a tag."""

    def __init__(self, value_limit: int | None, max_nodes: int | None) -> None:
        super().__init__(MAX_NODES if max_nodes is None else max_nodes, hard_limit=max_nodes is not None)
        self.value_limit = value_limit

    def text(self, x: str) -> Any:
        if self.value_limit is not None:
            return self.text_within(x, self.value_limit)
        return encode_text(x)

    def text_within(self, x: str, limit: int) -> Any:
        cut = cut_text(x, limit)
        return encode_text(x) if cut is None else truncated(cut[1], encode_text(cut[0]))

    def integer(self, x: int) -> Any:
        if _INT_MIN <= x <= _INT_MAX:
            return x
        return {"$int": str(x) if x.bit_length() <= _DECIMAL_BITS else hex(x)}

    def real(self, x: float) -> Any:
        return x if x - x == 0.0 else {"$float": str(x)}

    def octets(self, x: Any, kind: str) -> Any:
        return self._octets(x, self.value_limit, lambda octets: {"$" + kind: encode_octets(octets)})

    def in_byte_position(self, x: Any, limit: int | None = None) -> Any:
        """A value that stands where the specification has a byte string."""
        t = type(x)
        if t is bytes or issubclass(t, bytes):
            return self._octets(x, limit, encode_octets)
        if issubclass(t, bytearray):
            return self._octets(x, limit, lambda octets: {"$bytearray": encode_octets(octets)})
        if t is memoryview:
            return self._octets(x, limit, lambda octets: {"$memoryview": encode_octets(octets)})
        if issubclass(t, str):
            text = exact_str(x)
            cut = None if limit is None else cut_text(text, limit)
            if cut is not None:
                return truncated(cut[1], {"$str": encode_text(cut[0])})
            return {"$str": encode_text(text)}
        if t is Truncated:
            return truncated(x.size, self.in_byte_position(x.head))
        if t is Parts:
            return {"$parts": [self.in_byte_position(part) for part in x.parts]}
        return self.visit(x)

    def _octets(self, x: Any, limit: int | None, tagged: Callable[[bytes], Any]) -> Any:
        try:
            if limit is not None:
                size = octets_size(x)
                if size > limit:
                    return truncated(size, tagged(cut_octets(_head_of(x, limit), limit)))
            return tagged(exact_bytes(x))
        except ValueError:  # a memoryview that was released has nothing left to show
            return {"$object": "memoryview"}

    def open_mapping(self, x: Any, items: list[tuple[Any, Any]]) -> Any:
        if _plain_keys(items):
            names = [exact_str(key) for key, _ in items]
            return self.open(x, [value for _, value in items], lambda results: dict(zip(names, results, strict=True)))
        return self.open(x, list(chain.from_iterable(items)), _map_of)

    def list_of(self, results: list[Any]) -> Any:
        return results

    tuple_of = list_of

    def set_of(self, results: list[Any]) -> Any:
        return {"$set": results}

    def frozenset_of(self, results: list[Any]) -> Any:
        return {"$frozenset": results}

    def foreign(self, x: Any, t: type) -> Any:
        if t is Truncated:
            return truncated(x.size, self.visit(x.head))
        if t is Redacted:
            return {"$redacted": {"size": x.size, "fingerprint": x.fingerprint, "why": x.why}}
        if t is Parts:
            return {"$parts": [self.visit(part) for part in x.parts]}
        if t is Foreign:
            return {x.tag: x.content}
        return {"$object": encode_text(qualified_name(t))}

    def cycle(self, levels: int) -> Any:
        return {"$cycle": levels}

    def cut(self, x: Any) -> Any:
        return truncated(None, None)


def _map_of(results: list[Any]) -> Any:
    """Keys and values in turn, as pairs."""
    return {"$map": [[key, value] for key, value in zip(results[::2], results[1::2], strict=True)]}


def encode_text(x: str) -> Any:
    """A str: plain, or with lone surrogates written as `\\udXXX` and each backslash doubled, under `$text`."""
    if _encodable(x):
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
