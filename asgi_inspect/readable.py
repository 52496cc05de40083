"""`convert_bytes_to_str`: any Python value as plain data that a person can read and `json.dumps` can write.

It grew out of six lines that everybody writes first, a recursion over bytes, tuple, list and dict; for what those lines can
take, the result is theirs. It is total: whatever the value, it answers, in time and space in proportion to the value, and
raises nothing. Objects that are no builtin are named by their type; their own code is not run (`walk` has the law), except
that a foreign mapping is read through its `items()`, guarded, 10,000 of them at most.
"""

import dataclasses
import enum
import types
import uuid
from array import array
from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import count, islice
from pathlib import PurePath
from typing import Any, Final

from .values import Foreign, Parts, Redacted, Truncated
from .walk import MAX_DEPTH, Walk, exact_bytes, exact_str, instance_dict, qualified_name

_FOREIGN_ITEMS: Final = 10_000
_INT_MIN: Final = -(1 << 63)
_INT_MAX: Final = (1 << 64) - 1

# How the text of these is had without asking a subclass.
_TEXT_OF: Final[Mapping[type, Callable[[Any], str]]] = {
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: timedelta.__str__,
    uuid.UUID: uuid.UUID.__str__,
    PurePath: PurePath.__str__,
    Decimal: Decimal.__str__,
    Fraction: Fraction.__str__,
    complex: complex.__repr__,
    range: range.__repr__,
    IPv4Address: IPv4Address.__str__,
    IPv6Address: IPv6Address.__str__,
    IPv4Network: IPv4Network.__str__,
    IPv6Network: IPv6Network.__str__,
}


def convert_bytes_to_str(data: Any, *, limit: int | None = None) -> Any:
    """The value as plain data for people: byte strings as text, everything else as JSON can say it.

    data: any value: a scope, a message, or whatever else.
    limit: the longest str (in characters) or byte string (in bytes) that is kept whole; a longer one is cut there and its
        true size is said. None keeps everything whole.

    Bytes that are not UTF-8 and lone surrogates become backslash escapes; tuples stay tuples, dicts keep their order, and
    all keys become str: a key that would collide gets its type behind it, `name (bytes)`. Nests deeper than 200 levels and
    cycles are cut, and say so. Raises nothing.
    """
    try:
        return _Readable(limit).visit(data)
    except RecursionError:  # there was no stack left even to begin
        return "<too deep>"


class _Readable(Walk):
    """The leaves of `convert_bytes_to_str`."""

    def __init__(self, limit: int | None) -> None:
        super().__init__()
        self.limit = limit

    def text(self, x: str) -> str:
        if self.limit is not None and len(x) > self.limit:
            return f"{_printable(x[: self.limit])}… ({len(x)} characters)"
        return _printable(x)

    def integer(self, x: int) -> Any:
        if _INT_MIN <= x <= _INT_MAX:
            return x
        digits = str(x) if x.bit_length() <= 8192 else hex(x)
        return digits if self.limit is None else self.text(digits)

    def real(self, x: float) -> Any:
        if x != x:  # noqa: PLR0124 (an exact float: the shortest test for nan)
            return "NaN"
        return x if x - x == 0.0 else "Infinity" if x > 0 else "-Infinity"

    def octets(self, x: Any, kind: str) -> str:
        try:
            octets = exact_bytes(x)
        except ValueError:
            return "<released memoryview>"
        if self.limit is not None and len(octets) > self.limit:
            return f"{_decoded(octets[: self.limit])}… ({len(octets)} bytes)"
        return _decoded(octets)

    def open_mapping(self, x: Any, items: list[tuple[Any, Any]]) -> Any:
        names = self._names([key for key, _ in items])
        return self.open(x, [value for _, value in items], lambda results: dict(zip(names, results, strict=True)))

    def _names(self, keys: list[Any]) -> list[str]:
        """A name for each key, all different; a str keeps its own, whichever comes first."""
        if all(type(key) is str and key.isascii() for key in keys):
            return keys
        taken = {_printable(exact_str(key)) for key in keys if issubclass(type(key), str)}
        names: dict[str, None] = {}
        for key in keys:
            t = type(key)
            name = self._key(key)
            if name in names or (name in taken and not issubclass(t, str)):
                name = _free_name(name, qualified_name(t), taken, names)
            names[name] = None
        return list(names)

    def _key(self, key: Any) -> str:
        """The text of a key; None, bool and numbers as `json.dumps` writes them."""
        if key is None:
            return "null"
        if type(key) is bool:
            return "true" if key else "false"
        shown = self.visit(key)
        return shown if type(shown) is str else repr(shown)

    def list_of(self, results: list[Any]) -> list[Any]:
        return results

    def tuple_of(self, results: list[Any]) -> tuple[Any, ...]:
        return tuple(results)

    def set_of(self, results: list[Any]) -> list[Any]:
        # The order of a set says nothing; sorted, the same set reads the same in every run.
        if all(type(x) is str for x in results) or all(type(x) in (int, float) for x in results):
            results.sort()
        return results

    frozenset_of = set_of

    def cycle(self, levels: int) -> str:
        return f"<cycle: {levels} level{'s' if levels != 1 else ''} up>"

    def cut(self, x: Any) -> str:
        name = qualified_name(type(x))
        return f"<{name}: too deep>" if len(self.path) >= MAX_DEPTH else f"<{name}: as above>"

    def foreign(self, x: Any, t: type) -> Any:
        try:
            return self._known(x, t)
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 (foreign code, or a builtin's on a half-made object: the type's name is left)
            return f"<{qualified_name(t)}>"

    def _known(self, x: Any, t: type) -> Any:
        if t in _STAND_INS:
            return self._stand_in(x)
        if issubclass(t, enum.Enum):
            return self.visit(instance_dict(x)["_value_"])
        for base, text_of in _TEXT_OF.items():
            if issubclass(t, base):
                return self.text(text_of(x))
        if issubclass(t, type):
            return f"<class {qualified_name(x)}>"
        if t in _CALLABLES:
            return f"<function {_callable_name(x)}>"
        if t is deque or t is array:
            return self.open(x, list(x), self.list_of)
        if "__dataclass_fields__" in dir_of(t):
            return self.open_mapping(x, list(_dataclass_items(x, t)))
        if issubclass(t, Mapping):
            return self.open_mapping(x, _foreign_items(x, t))
        return f"<{qualified_name(t)}>"

    def _stand_in(self, x: Any) -> Any:
        """What a trace holds in place of a value."""
        if type(x) is Truncated:
            if x.size is None:
                return "<too deep or too large to keep>"
            head = self.visit(x.head)
            return f"{head}… ({x.size} bytes)" if head else f"<{x.size} bytes>"
        if type(x) is Redacted:
            return f"<redacted: {x.size} bytes, {x.fingerprint}>"
        if type(x) is Parts:
            return "".join(str(self.visit(part)) for part in x.parts)
        if x.tag == "$object":
            return f"<{self.visit(x.content)}>"
        if x.tag == "$cycle" and type(x.content) is int:
            return self.cycle(x.content)
        return {x.tag: self.visit(x.content)}


_STAND_INS: Final = frozenset({Truncated, Redacted, Parts, Foreign})
_CALLABLES: Final = frozenset({types.FunctionType, types.BuiltinFunctionType, types.MethodType})


def _printable(x: str) -> str:
    """A str that UTF-8 can hold: lone surrogates become escapes."""
    return x if x.isascii() else x.encode("utf-8", "backslashreplace").decode()


def _decoded(x: bytes) -> str:
    return x.decode("utf-8", "backslashreplace")


def _free_name(name: str, kind: str, taken: set[str], names: Container[str]) -> str:
    """`name (kind)`, or the first `name (kind N)` that is free."""
    for number in count(1):
        candidate = f"{name} ({kind})" if number == 1 else f"{name} ({kind} {number})"
        if candidate not in taken and candidate not in names:
            return candidate
    raise AssertionError  # count() does not end


def _callable_name(x: Any) -> str:
    function = x.__func__ if type(x) is types.MethodType else x
    if type(function) not in _CALLABLES:
        return qualified_name(type(function))
    module, name = function.__module__, function.__qualname__
    return f"{module}.{name}" if type(module) is str and module != "builtins" else str(name)


def dir_of(t: type) -> dict[str, Any]:
    """The attributes of a class and its bases, as they stand in their dictionaries: nothing is bound or called."""
    merged: dict[str, Any] = {}
    for base in reversed(type.__dict__["__mro__"].__get__(t)):
        merged.update(type.__dict__["__dict__"].__get__(base))
    return merged


def _dataclass_items(x: Any, t: type) -> Iterator[tuple[str, Any]]:
    attributes = dir_of(t)
    values = instance_dict(x)
    for name, field in dict.items(attributes["__dataclass_fields__"]):
        if type(field) is not dataclasses.Field or field._field_type is not dataclasses._FIELD:  # type: ignore[attr-defined]
            continue
        if name in values:
            yield name, values[name]
        elif type(attributes.get(name)) is types.MemberDescriptorType:  # a slot
            yield name, attributes[name].__get__(x)


def _foreign_items(x: Any, t: type) -> list[tuple[Any, Any]]:
    items: list[tuple[Any, Any]] = []
    for key, value in islice(t.items(x), _FOREIGN_ITEMS + 1):  # type: ignore[attr-defined]
        items.append((key, value))
    if len(items) > _FOREIGN_ITEMS:
        items[-1] = ("…", f"<more than {_FOREIGN_ITEMS} items>")
    return items
