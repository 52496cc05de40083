"""One walk over any Python value, without acting on it (`look` has the law); two leaf policies say what becomes of it.

The walk is bounded: `MAX_DEPTH` containers deep, cycles cut, and a structure that shares its parts (a small graph whose
paths are without number) is written out for `max_nodes` items, after which a container that stood before is cut.
"""

import abc
from collections import ChainMap
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypeAlias

from .look import (
    chain_items,
    chain_size,
    derives,
    dict_behind,
    dict_items,
    exact_float,
    exact_int,
    exact_str,
    members,
)

MAX_DEPTH: Final = 200
MAX_NODES: Final = 500_000

# What every JSON reader takes as a number; larger ones are written in decimal up to the size that Python never refuses to
# print (sys.set_int_max_str_digits allows no limit below 640 digits), then in hex, whose cost is linear.
INT_MIN: Final = -(1 << 63)
INT_MAX: Final = (1 << 64) - 1
DECIMAL_BITS: Final = 2048

Finish: TypeAlias = Callable[[list[Any]], Any]
Begin: TypeAlias = Callable[[Any], Any]

_FEW: Final = 16  # so many leaves may stand in any number of places: a constant pair, say
_VIEWS: Final[tuple[type, ...]] = (type({}.keys()), type({}.values()), type({}.items()))


def in_order(results: list[Any]) -> list[Any]:
    """What came of the members of a set, sorted: their order says nothing, and so the same set is the same in every run."""
    if all(type(x) is str for x in results) or all(type(x) is int or type(x) is float for x in results):
        results.sort()
    elif len(results) > 1:
        try:
            results.sort(key=repr)
        except RecursionError:  # nested too deep for the stack of our caller
            return results
    return results


class Opened:
    """A container on its way: its children still to visit, what became of the others, and how the whole is built of them."""

    __slots__ = ("begin", "children", "finish", "key", "results")

    def __init__(self, key: int, children: Iterable[Any], finish: Finish, begin: Begin) -> None:
        self.key = key
        self.children = iter(children)
        self.finish = finish
        self.begin = begin
        self.results: list[Any] = []


class Walk(abc.ABC):
    """Visit a value depth first; a subclass says what becomes of leaves and containers.

    max_nodes: the budget: how many items are walked before what stood before is cut.
    hard_limit: what does not fit into the budget is cut, whether it stood before or not, before it is copied.

    The walk keeps its own stack, so that 200 levels fit however deep the caller's stack already is.
    """

    short: int  # the longest str that is sure to need no cut

    def __init__(self, max_nodes: int = MAX_NODES, *, hard_limit: bool = False) -> None:
        self.room = max_nodes
        self.hard_limit = hard_limit
        self.max_depth = MAX_DEPTH
        self.path: dict[int, int] = {}
        self.seen: set[int] = set()
        self.done: dict[int, tuple[Any, Any]] = {}

    def visit(self, x: Any, begin: Begin | None = None) -> Any:
        """The value's counterpart; `begin` says what `x` itself becomes, where that is not as usual."""
        result = self.begin(x) if begin is None else begin(x)
        if type(result) is not Opened:
            return result
        stack = [result]
        while True:
            top = stack[-1]
            begin = top.begin
            for child in top.children:
                result = begin(child)
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

    def begin(self, x: Any) -> Any:
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
        if issubclass(t, dict):
            return self.open_mapping(x, x, dict.__len__(x), dict_items)
        if issubclass(t, list):
            return self.open(x, list.__len__(x), list.__iter__, self.list_of)
        if issubclass(t, tuple):
            return self.open(x, tuple.__len__(x), tuple.__iter__, self.tuple_of)
        if issubclass(t, str):
            return self.text(self.once(x, exact_str))
        if issubclass(t, int):
            return self.integer(self.once(x, exact_int))
        if issubclass(t, float):
            return self.real(exact_float(x))
        if issubclass(t, bytes):
            return self.octets(x, "bytes")
        if issubclass(t, bytearray):
            return self.octets(x, "bytearray")
        if t is memoryview:
            return self.octets(x, "memoryview")
        if issubclass(t, set):
            return self.open(x, set.__len__(x), set.__iter__, self.set_of)
        if issubclass(t, frozenset):
            return self.open(x, frozenset.__len__(x), frozenset.__iter__, self.frozenset_of)
        return self._begin_wrapper(x, t)

    def _begin_wrapper(self, x: Any, t: type) -> Any:
        """What holds nothing itself, but shows what another container holds."""
        if any(t is view for view in _VIEWS):
            return self.open(x, len(x), iter, self.list_of, shared=True)
        whole = dict_behind(x, t)
        if whole is not None:
            return self.open_mapping(x, whole, dict.__len__(whole), dict_items)
        if derives(t, ChainMap):
            return self.open_mapping(x, x, chain_size(x), chain_items, shared=True)
        return self.foreign(x, t)

    def open(
        self,
        x: Any,
        size: int,
        read: Callable[[Any], Iterable[Any]],
        finish: Finish,
        begin: Begin | None = None,
        *,
        shared: bool = False,
    ) -> Any:
        """Enter a container of `size` members, unless it is refused; they are read (and so copied) only then."""
        refused = self.refused(x, id(x), size, shared=shared)
        if refused is not None:
            return refused
        children = members(read, x)
        return self.named(x) if children is None else self.opened(id(x), children, finish, begin)

    def open_mapping(
        self,
        x: Any,
        whole: Any,
        size: int,
        read: Callable[[Any], list[tuple[Any, Any]] | None],
        *,
        shared: bool = False,
    ) -> Any:
        """Enter a mapping, unless it is refused; `whole` is the mapping behind it."""
        refused = self.refused(x, id(whole), size, shared=shared)
        if refused is not None:
            return refused
        items = read(whole)
        return self.named(x) if items is None else self.opened(id(whole), *self.of_mapping(items))

    def refused(self, x: Any, key: int, size: int, *, shared: bool = False) -> Any:
        """What stands for a container that is too deep, a cycle, or beyond the budget; None where it may be entered.

        shared: its members are another's, or made up as they are asked for: that it did not stand before says nothing.
        """
        depth = len(self.path)
        if key in self.path:
            return self.cycle(depth - self.path[key])
        if depth >= self.max_depth:
            return self.cut(x, "too deep")
        if self.hard_limit:
            if size >= self.room:
                return self.cut(x, "too much")
        elif self.room < 0 and (shared or key in self.seen):
            return self.cut(x, "too much" if shared else "as above")
        self.room -= size + 1
        return None

    def opened(self, key: int, children: list[Any], finish: Finish, begin: Begin | None = None) -> Any:
        """A container that may be entered; at once its counterpart, if there is nothing to enter for."""
        if begin is None:
            leaves = self._leaves(children)
            if leaves is not None:
                if len(leaves) > _FEW:
                    self.seen.add(key)
                return finish(leaves)
            begin = self.begin
        self.seen.add(key)
        self.path[key] = len(self.path)
        return Opened(key, children, finish, begin)

    def _leaves(self, children: list[Any]) -> list[Any] | None:
        """The counterparts of children that are all leaves; most containers are so, and need none of the walk's books."""
        short = self.short
        as_they_are = True
        for x in children:
            t = type(x)
            if t is str:
                if len(x) > short or not x.isascii():
                    as_they_are = False
            elif t is int:
                if not INT_MIN <= x <= INT_MAX:
                    as_they_are = False
            elif t is bytes or t is float:
                as_they_are = False
            elif x is not None and t is not bool:
                return None
        return children if as_they_are else [self.begin(x) for x in children]

    def once(self, x: Any, convert: Callable[[Any], Any]) -> Any:
        """`convert(x)`, one and the same for an object that stands in many places."""
        found = self.done.get(id(x))
        if found is None:
            found = self.done[id(x)] = (x, convert(x))  # holding x: no other object gets its id
        return found[1]

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
    def of_mapping(self, items: list[tuple[Any, Any]]) -> tuple[list[Any], Finish]:
        """The children of a mapping with these items, and how its counterpart is built of theirs."""

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
    def named(self, x: Any) -> Any:
        """An object of which no more than its type is known."""

    @abc.abstractmethod
    def cycle(self, levels: int) -> Any:
        """A container that stands `levels` above itself."""

    @abc.abstractmethod
    def cut(self, x: Any, why: Literal["too deep", "too much", "as above"]) -> Any:
        """A container beyond the bounds of the walk."""
