"""One walk over any Python value, without acting on it; what becomes of each value is decided by two leaf policies.

The law of this file: looking must not act. No `==`, `bool()`, `str()`, `repr()`, `len()`, `isinstance()`, attribute access
or iteration on an object whose class is not a builtin, because each may run foreign code (a lazy object would query its
database). What an object is, is read from `type(x)`; what a subclass of a builtin holds, through the builtin's own methods.

The walk is bounded: `MAX_DEPTH` containers deep, cycles cut, and a structure that shares its parts (a small graph whose
paths are without number) is written out for `max_nodes` items, after which a container that stood before is cut.
"""

import abc
import gc
import types
from collections import OrderedDict, UserDict
from collections.abc import Callable, Iterable
from typing import Any, Final

MAX_DEPTH: Final = 200
MAX_NODES: Final = 1_000_000

PLAIN: Final = frozenset({str, int, bool, type(None)})

_VIEWS: Final[tuple[type, ...]] = (type({}.keys()), type({}.values()), type({}.items()))


def qualified_name(cls: type) -> str:
    """The name of a class as one would import it, without `builtins.`; never runs code of its metaclass."""
    module = type.__getattribute__(cls, "__module__")
    name = type.__getattribute__(cls, "__qualname__")
    if type(module) is not str or module == "builtins":
        return str.__str__(name)
    return f"{module}.{name}"


def mapping_items(x: Any, t: type) -> list[tuple[Any, Any]] | None:
    """The items of a mapping that can be read without running foreign code; None where `x` is no such mapping."""
    if t is OrderedDict:
        return list(OrderedDict.items(x))
    if issubclass(t, dict):
        return list(dict.items(x))
    if t is types.MappingProxyType:
        # A proxy asks the mapping behind it, which may be foreign; the collector names that mapping without asking it.
        behind = gc.get_referents(x)
        return mapping_items(behind[0], type(behind[0])) if len(behind) == 1 else None
    if issubclass(t, UserDict):
        data = instance_dict(x).get("data")
        return list(dict.items(data)) if issubclass(type(data), dict) else None  # type: ignore[arg-type]
    return None


def instance_dict(x: Any) -> dict[str, Any]:
    """`vars(x)`, read past any `__getattribute__` and `__dict__` of the object's class; empty where it has none."""
    try:
        found = object.__getattribute__(x, "__dict__")
    except AttributeError:
        return {}
    return found if type(found) is dict else {}


def exact_str(x: str) -> str:
    return str.__str__(x)


def exact_int(x: int) -> int:
    return int.__int__(x)


def exact_float(x: float) -> float:
    return float.__float__(x)


def exact_bytes(x: Any) -> bytes:
    """The bytes of a bytes, bytearray or memoryview; ValueError for a memoryview that was released."""
    t = type(x)
    if t is bytes:
        return x  # type: ignore[no-any-return]
    if issubclass(t, bytes):
        return bytes.__getitem__(x, slice(None))
    if issubclass(t, bytearray):
        return bytes(bytearray.__getitem__(x, slice(None)))
    return memoryview.tobytes(x)


class Opened:
    """A container on its way: its children still to visit, what became of the others, and how the whole is built of them."""

    __slots__ = ("children", "finish", "key", "results")

    def __init__(self, key: int, children: Iterable[Any], finish: Callable[[list[Any]], Any]) -> None:
        self.key = key
        self.children = iter(children)
        self.finish = finish
        self.results: list[Any] = []


class Walk(abc.ABC):
    """Visit a value depth first; a subclass says what becomes of leaves and containers.

    The walk keeps its own stack, so that 200 levels fit however deep the caller's stack already is.
    """

    def __init__(self, max_nodes: int = MAX_NODES, *, hard_limit: bool = False) -> None:
        self.room = max_nodes
        self.hard_limit = hard_limit
        self.path: dict[int, int] = {}
        self.seen: set[int] = set()

    def visit(self, x: Any) -> Any:
        """The value's counterpart."""
        result = self._begin(x)
        if type(result) is not Opened:
            return result
        stack = [result]
        while True:
            top = stack[-1]
            for child in top.children:
                result = self._begin(child)
                if type(result) is Opened:
                    stack.append(result)
                    break
                top.results.append(result)
            else:
                value = top.finish(top.results)
                del self.path[top.key]
                stack.pop()
                if not stack:
                    return value
                stack[-1].results.append(value)

    def _begin(self, x: Any) -> Any:
        """The counterpart of a leaf, or an opened container."""
        t = type(x)
        if t is str:
            return self.text(x)
        if x is None or t is bool:
            return x
        if t is int:
            return self.integer(x)
        if t is float:
            return self.real(x)
        if t is bytes:
            return self.octets(x, "bytes")
        return self._begin_other(x, t)

    def _begin_other(self, x: Any, t: type) -> Any:
        if issubclass(t, (dict, UserDict, types.MappingProxyType)):
            items = mapping_items(x, t)
            return self.foreign(x, t) if items is None else self.open_mapping(x, items)
        if issubclass(t, list):
            return self.open(x, list.__getitem__(x, slice(None)), self.list_of)
        if issubclass(t, tuple):
            return self.open(x, list(tuple.__iter__(x)), self.tuple_of)
        if issubclass(t, str):
            return self.text(exact_str(x))
        if issubclass(t, int):
            return self.integer(exact_int(x))
        if issubclass(t, float):
            return self.real(exact_float(x))
        if issubclass(t, bytes):
            return self.octets(exact_bytes(x), "bytes")
        if issubclass(t, bytearray):
            return self.octets(x, "bytearray")
        if t is memoryview:
            return self.octets(x, "memoryview")
        if issubclass(t, set):
            return self.open(x, list(set.__iter__(x)), self.set_of)
        if issubclass(t, frozenset):
            return self.open(x, list(frozenset.__iter__(x)), self.frozenset_of)
        if t in _VIEWS:
            return self.open(x, list(x), self.list_of)
        return self.foreign(x, t)

    def open(self, x: Any, children: list[Any], finish: Callable[[list[Any]], Any]) -> Any:
        """Enter a container, unless it is too deep, a cycle, or beyond the budget."""
        key = id(x)
        depth = len(self.path)
        if key in self.path:
            return self.cycle(depth - self.path[key])
        self.room -= len(children) + 1
        if depth >= MAX_DEPTH or (self.room < 0 and (self.hard_limit or key in self.seen)):
            return self.cut(x)
        self.seen.add(key)
        self.path[key] = depth
        return Opened(key, children, finish)

    @abc.abstractmethod
    def text(self, x: str) -> Any: ...
    @abc.abstractmethod
    def integer(self, x: int) -> Any: ...
    @abc.abstractmethod
    def real(self, x: float) -> Any: ...
    @abc.abstractmethod
    def octets(self, x: Any, kind: str) -> Any:
        """`x` is a bytes, a bytearray or a memoryview, as `kind` says."""

    @abc.abstractmethod
    def open_mapping(self, x: Any, items: list[tuple[Any, Any]]) -> Any:
        """Enter a mapping by `open`."""

    @abc.abstractmethod
    def list_of(self, results: list[Any]) -> Any: ...
    @abc.abstractmethod
    def tuple_of(self, results: list[Any]) -> Any: ...
    @abc.abstractmethod
    def set_of(self, results: list[Any]) -> Any: ...
    @abc.abstractmethod
    def frozenset_of(self, results: list[Any]) -> Any: ...
    @abc.abstractmethod
    def foreign(self, x: Any, t: type) -> Any:
        """Anything that is no builtin value: a leaf, or an opened container."""

    @abc.abstractmethod
    def cycle(self, levels: int) -> Any:
        """A container that stands `levels` above itself."""

    @abc.abstractmethod
    def cut(self, x: Any) -> Any:
        """A container beyond the bounds of the walk."""
