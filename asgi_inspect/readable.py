"""`convert_bytes_to_str`: any Python value as plain data that a person can read and `json.dumps` can write.

It grew out of six lines that everybody writes first, a recursion over bytes, tuple, list and dict; for what those lines can
take, the result is theirs. It is total: whatever the value, it answers, in time and space in proportion to the value, and
raises nothing. Objects that are no builtin are named by their type; their own code is not run (`look` has the law), except
that a foreign mapping is read through its `items()`, guarded, 10,000 of them at most.
"""

import enum
import sys
from abc import ABCMeta
from array import array
from collections import ChainMap, deque
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, Literal

from .look import (
    class_attribute,
    derives,
    exact_bytes,
    exact_float,
    exact_int,
    exact_str,
    instance_dict,
    mapping_behind,
    name_of,
    octets_head,
    octets_size,
    printable,
)
from .standard import TEXT_OF, TEXT_OF_ALL, dataclass_items, is_mapping
from .values import Foreign, Parts, Redacted, Truncated
from .walk import DECIMAL_BITS, INT_MAX, INT_MIN, Finish, Walk, in_order

_STAND_INS: Final = frozenset({Truncated, Redacted, Parts, Foreign})
_LARGE: Final = 4096
_ENUMS: Final = 1000

# What is read of a foreign mapping, and of all of them in one value: they may be without end, or make up what they hold.
_FOREIGN_ITEMS: Final = 10_000
_ALL_FOREIGN_ITEMS: Final = 100_000


def convert_bytes_to_str(data: Any, *, limit: int | None = None) -> Any:
    """The value as plain data for people: byte strings as text, everything else as JSON can say it.

    data: any value: a scope, a message, or whatever else.
    limit: the longest str (in characters) or byte string (in bytes) that is kept whole; a longer one is cut there and its
        true size is said. None keeps everything whole. Keys are whole, but a container as a key is cut at 4096.

    Bytes that are not UTF-8 and lone surrogates become backslash escapes; tuples stay tuples, dicts keep their order, and
    all keys become str: a key that would collide gets its type behind it, `name (bytes)`. Nests deeper than 200 levels and
    cycles are cut, and say so; so is what stood before, once a value has been followed for half a million items. Raises nothing.
    """
    try:
        return _Readable(limit).visit(data)
    except RecursionError:  # the stack of our caller has no room left even for the few calls of ours
        return "<too deep>"


class _Readable(Walk):
    """The leaves of `convert_bytes_to_str`."""

    def __init__(self, limit: int | None) -> None:
        super().__init__()
        self.limit = None if limit is None else max(limit, 0)
        self.short = sys.maxsize if self.limit is None else self.limit
        self.foreign_room = _ALL_FOREIGN_ITEMS

    def text(self, x: str) -> str:
        if self.limit is not None and len(x) > self.limit:
            return f"{printable(x[: self.limit])}… ({len(x)} characters)"
        return x if x.isascii() else self.once(x, printable) if len(x) > _LARGE else printable(x)

    def integer(self, x: int) -> Any:
        if INT_MIN <= x <= INT_MAX:
            return x
        return self.text(_integer(x) if x.bit_length() <= DECIMAL_BITS else self.once(x, _integer))

    def real(self, x: float) -> Any:
        return _real(x)

    def octets(self, x: Any, kind: str) -> str:
        if type(x) is bytes and len(x) <= _LARGE and len(x) <= self.short:
            return _decoded(x)
        try:
            size = octets_size(x)
            if self.limit is not None and size > self.limit:
                return f"{_decoded(octets_head(x, self.limit))}… ({size} bytes)"
            return self.once(x, _decoded_whole) if size > _LARGE else _decoded_whole(x)
        except ValueError:
            return "<released memoryview>"

    # --- mappings ---

    def of_mapping(self, items: list[tuple[Any, Any]]) -> tuple[list[Any], Finish]:
        keys = [key for key, _ in items]
        values = [value for _, value in items]
        if all(type(key) is str and key.isascii() for key in keys) and len(set(keys)) == len(keys):
            return values, lambda results: dict(zip(keys, results, strict=True))
        texts = [_leaf_key(key) for key in keys]
        odd = [key for key, text in zip(keys, texts, strict=True) if text is None]

        def finish(results: list[Any]) -> dict[str, Any]:
            shown = map(_as_key, results)
            names = _names(keys, [next(shown) if text is None else text for text in texts])
            return dict(zip(names, results[len(odd) :], strict=True))

        return odd + values, finish

    def _foreign_items(self, x: Any) -> list[tuple[Any, Any]]:
        most = min(_FOREIGN_ITEMS, self.foreign_room)
        items: list[tuple[Any, Any]] = []
        for key, value in islice(type(x).items(x), most + 1):
            items.append((key, value))
        self.foreign_room -= len(items)
        self.room -= len(items)
        if len(items) > most:
            items[-1] = ("…", f"<more than {most} items>")
        self.once(items, _same)  # keeps them: what was made up for us must not give its id to the next
        return items

    # --- other containers ---

    def list_of(self, results: list[Any]) -> list[Any]:
        return results

    def tuple_of(self, results: list[Any]) -> tuple[Any, ...]:
        return tuple(results)

    def set_of(self, results: list[Any]) -> list[Any]:
        return in_order(results)

    frozenset_of = set_of

    def cycle(self, levels: int) -> str:
        return f"<cycle: {levels} level{'s' if levels != 1 else ''} up>"

    def cut(self, x: Any, why: Literal["too deep", "too much", "as above"]) -> str:
        return f"<{name_of(type(x))}: {why}>"

    def named(self, x: Any) -> str:
        return f"<{name_of(type(x))}>"

    # --- what is no builtin ---

    def foreign(self, x: Any, t: type) -> Any:
        try:
            return self._known(x, t)
        except KeyboardInterrupt:  # somebody at the keyboard, not the object
            raise
        except BaseException:  # noqa: BLE001 (foreign code, or a builtin's on a half-made object: the type's name is left)
            return self.named(x)

    def _known(self, x: Any, t: type) -> Any:
        if type(t) is type or type(t) is ABCMeta:  # any other metaclass may have a hash and an `==` of its own
            if t in _STAND_INS:
                return self._stand_in(x)
            if t in TEXT_OF:
                return self.text(exact_str(TEXT_OF[t](x)))
        for base, text_of in TEXT_OF_ALL:
            if derives(t, base):
                return self.text(text_of(x))
        if issubclass(t, enum.Enum):
            return self._member(x)
        if issubclass(t, type):
            return f"<class {name_of(x)}>"
        if issubclass(t, deque):
            return self.open(x, deque.__len__(x), deque.__iter__, self.list_of)
        if issubclass(t, array):
            return self.open(x, array.__len__(x), array.__iter__, self.list_of)
        fields = class_attribute(t, "__dataclass_fields__")
        if type(fields) is dict:
            return self.open_mapping(x, x, dict.__len__(fields), lambda x: list(dataclass_items(x, t, fields)))
        if t is MappingProxyType:
            inner = mapping_behind(x)
            return self.named(x) if type(inner) is MappingProxyType else self.begin(inner)
        if is_mapping(t) and not derives(t, ChainMap):
            if self.foreign_room <= 0:
                return self.cut(x, "too much")
            return self.open_mapping(x, x, 0, self._foreign_items, shared=True)
        return self.named(x)

    def _member(self, x: Any) -> Any:
        """A member of an enum: its value, which may be a member of another."""
        for _ in range(_ENUMS):
            x = instance_dict(x)["_value_"]
            if not issubclass(type(x), enum.Enum):
                return self.begin(x)
        return self.named(x)

    def _stand_in(self, x: Any) -> Any:
        """What a trace holds in place of a value."""
        if type(x) is Truncated:
            return self.open(x, 2, lambda x: (x.size, x.head), _truncated)
        if type(x) is Redacted:
            return self.open(x, 2, lambda x: (x.size, x.fingerprint), _redacted)
        if type(x) is Parts and type(x.parts) is tuple:
            return self.open(x, len(x.parts), lambda x: tuple.__iter__(x.parts), lambda parts: "".join(map(str, parts)))
        if type(x) is not Foreign or type(x.tag) is not str:
            return self.named(x)
        if x.tag == "$object":
            return self.open(x, 1, lambda x: (x.content,), lambda results: f"<{results[0]}>")
        if x.tag == "$cycle" and type(x.content) is int:
            return self.cycle(x.content)
        return self.open_mapping(x, x, 1, lambda x: [(x.tag, x.content)])


# --- keys ----------------------------------------------------------------------------------------------------------------


def _leaf_key(key: Any) -> str | None:
    """The text of a key, whole; None where it is a container or an object, to be walked like a value."""
    t = type(key)
    if issubclass(t, str):
        return printable(exact_str(key))
    if issubclass(t, bytes):
        return _decoded_whole(key)
    if key is None or t is bool:
        return _as_key(key)
    if issubclass(t, int):
        return _as_key(_integer(exact_int(key)))
    if issubclass(t, float):
        return _as_key(_real(exact_float(key)))
    return None


def _as_key(shown: Any) -> str:
    """Plain data where a key must stand; None, bool and numbers as `json.dumps` writes them."""
    if type(shown) is str:
        return shown
    if shown is None:
        return "null"
    if type(shown) is bool:
        return "true" if shown else "false"
    text = repr(shown)
    # A key in a key in a key … doubles its backslashes at each level.
    return text if len(text) <= _LARGE else f"{text[:_LARGE]}…"


def _names(keys: list[Any], texts: list[str]) -> list[str]:
    """A name for each key, all different: its text; a str keeps its own, whichever comes first."""
    own = {text for key, text in zip(keys, texts, strict=True) if issubclass(type(key), str)}
    names: dict[str, None] = {}
    numbers: dict[str, int] = {}  # of each kind of collision, the last number in use
    for key, name in zip(keys, texts, strict=True):
        if name in names or (name in own and not issubclass(type(key), str)):
            stem = f"{name} ({name_of(type(key))}"
            name = f"{stem})"  # noqa: PLW2901 (the name that is free)
            while name in names or name in own:
                numbers[stem] = numbers.get(stem, 1) + 1
                name = f"{stem} {numbers[stem]})"  # noqa: PLW2901 (as above)
        names[name] = None
    return list(names)


# --- text ----------------------------------------------------------------------------------------------------------------


def _same(x: Any) -> Any:
    return x


def _decoded(x: bytes) -> str:
    return x.decode("utf-8", "backslashreplace")


def _decoded_whole(x: Any) -> str:
    return _decoded(exact_bytes(x))


def _integer(x: int) -> Any:
    if INT_MIN <= x <= INT_MAX:
        return x
    return str(x) if x.bit_length() <= DECIMAL_BITS else hex(x)


def _real(x: float) -> Any:
    if x != x:  # noqa: PLR0124 (an exact float: the shortest test for nan)
        return "NaN"
    return x if x - x == 0.0 else "Infinity" if x > 0 else "-Infinity"


def _truncated(results: list[Any]) -> str:
    size, head = results
    if size is None:
        return "<too deep or too large to keep>"
    return f"{head}… ({size} bytes)" if head else f"<{size} bytes>"


def _redacted(results: list[Any]) -> str:
    size, fingerprint = results
    parts = [*([] if size is None else [f"{size} bytes"]), *([] if fingerprint is None else [str(fingerprint)])]
    return f"<redacted: {', '.join(parts)}>" if parts else "<redacted>"
