"""What an object is and what it holds, read without acting on it.

The law of this file: looking must not act. No `==`, `bool()`, `str()`, `repr()`, `len()`, `isinstance()`, `hash()`, attribute
access or iteration on an object whose class is not a builtin, nor `==` or `hash()` on its class, because each may run foreign
code (a lazy object would query its database). What an object is, is read from `type(x)`; what a subclass of a builtin holds,
through the builtin's own methods; what an instance or a class holds, through the descriptors of `object` and `type`.
"""

import gc
import types
from collections import ChainMap, OrderedDict, UserDict
from collections.abc import Callable, Iterable
from typing import Any, Final

_TRIES: Final = 8  # to read a container that another thread changes at this moment
_DEEP: Final = 200
_NAME: Final = 1000

_MODULE_OF: Final[Callable[[type], Any]] = type.__dict__["__module__"].__get__
_QUALNAME_OF: Final[Callable[[type], str]] = type.__dict__["__qualname__"].__get__
_MRO_OF: Final[Callable[[type], tuple[type, ...]]] = type.__dict__["__mro__"].__get__
_DICT_OF: Final[Callable[[type], types.MappingProxyType[str, Any]]] = type.__dict__["__dict__"].__get__


def derives(t: type, base: type) -> bool:
    """`issubclass(t, base)` for a base with a metaclass of its own, whose opinion is not asked."""
    return type.__subclasscheck__(base, t)


def qualified_name(cls: type) -> str:
    """The name of a class as one would import it, without `builtins.`; never runs code of its metaclass."""
    name = exact_str(_QUALNAME_OF(cls))
    try:
        module = _MODULE_OF(cls)
    except AttributeError:  # made by `exec` in a namespace without a name, or deleted
        module = None
    if type(module) is str and module != "builtins":
        name = f"{module}.{name}"
    return name if len(name) <= _NAME else f"{name[:_NAME]}…"


def name_of(cls: type) -> str:
    """The same for people: a name that any output can hold."""
    return printable(qualified_name(cls))


def printable(x: str) -> str:
    """A str that UTF-8 can hold: lone surrogates become escapes."""
    if x.isascii():
        return x
    try:
        x.encode()
    except UnicodeEncodeError:
        return x.encode("utf-8", "backslashreplace").decode()
    return x


def class_attribute(t: type, name: str) -> Any:
    """What stands under `name` in a class or its bases, unbound; None where nothing does."""
    for base in _MRO_OF(t):
        attributes = _DICT_OF(base)
        if name in attributes:
            return attributes[name]
    return None


def instance_dict(x: Any) -> dict[str, Any]:
    """`vars(x)`, read past any `__getattribute__` and `__dict__` of the object's class; empty where it has none."""
    descriptor = class_attribute(type(x), "__dict__")
    if type(descriptor) is not types.GetSetDescriptorType:
        return {}
    try:
        found = descriptor.__get__(x)
    except (AttributeError, TypeError):
        return {}
    return found if type(found) is dict else {}


def dict_behind(x: Any, t: type) -> dict[Any, Any] | None:
    """The dict that holds the items of a mapping, if it can be known without asking the mapping; else None."""
    if t is types.MappingProxyType or derives(t, UserDict):
        x = mapping_behind(x)
        t = type(x)
    return x if issubclass(t, dict) else None


def mapping_behind(x: Any) -> Any:
    """The mapping that a proxy or a UserDict shows, which may be foreign; a proxy again where it was wrapped without end."""
    for _ in range(_DEEP):  # a proxy of a proxy of …
        if type(x) is types.MappingProxyType:
            # A proxy asks the mapping behind it; the collector names that mapping without asking it.
            (x,) = gc.get_referents(x) or (None,)
        elif derives(type(x), UserDict):
            x = instance_dict(x).get("data")
        else:
            break
    return x


def mapping_items(x: Any, t: type) -> list[tuple[Any, Any]] | None:
    """The items of a mapping that can be read without running foreign code; None where `x` is no such mapping."""
    whole = dict_behind(x, t)
    if whole is not None:
        return dict_items(whole)
    return chain_items(x) if derives(t, ChainMap) else None


def dict_items(x: dict[Any, Any]) -> list[tuple[Any, Any]] | None:
    if issubclass(type(x), OrderedDict) and _hash_plainly(members(dict.keys, x) or ()):
        # Its order is its own (`move_to_end`), and reading it so hashes the keys.
        try:
            return list(OrderedDict.items(x))  # type: ignore[arg-type]
        except (KeyError, RuntimeError):  # changed behind its back, through dict's own methods or by another thread
            pass
    return members(dict.items, x)


def chain_items(x: Any) -> list[tuple[Any, Any]] | None:
    """What `ChainMap.items` gives, without asking `__missing__` of a mapping in it."""
    maps = instance_dict(x).get("maps")
    merged: dict[Any, Any] = {}
    for mapping in reversed(maps if type(maps) is list else [None]):
        whole = dict_behind(mapping, type(mapping))
        items = None if whole is None else dict_items(whole)
        if items is None or not _hash_plainly(key for key, _ in items):
            return None
        merged.update(items)
    return list(merged.items())


def chain_size(x: Any) -> int:
    maps = instance_dict(x).get("maps")
    wholes = [dict_behind(mapping, type(mapping)) for mapping in maps] if type(maps) is list else []
    return sum(dict.__len__(whole) for whole in wholes if whole is not None)


def _hash_plainly(keys: Iterable[Any]) -> bool:
    """Whether the hashes of all keys are a builtin's work."""
    for key in keys:
        t = type(key)
        if not (t is str or t is bytes or t is int or t is bool or t is float or t is type or key is None):
            return False
    return True


def members(iterate: Callable[[Any], Iterable[Any]], x: Any) -> list[Any] | None:
    """The members of a builtin container; None if it never held still (another thread changes it all the time)."""
    for _ in range(_TRIES):
        try:
            return list(iterate(x))
        except RuntimeError:  # changed size during iteration
            continue
    return None


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


def octets_size(x: Any) -> int:
    """The size in bytes of a bytes, bytearray or memoryview; ValueError for a memoryview that was released."""
    if type(x) is memoryview:
        return x.nbytes
    return bytes.__len__(x) if issubclass(type(x), bytes) else bytearray.__len__(x)


def octets_head(x: Any, limit: int) -> bytes:
    """The first `limit` bytes of a bytes, bytearray or memoryview, less what begins a UTF-8 character and does not end it."""
    t = type(x)
    head: bytes
    if t is memoryview:
        few = x[: -(-limit // x.itemsize)] if x.ndim == 1 else x
        head = few.tobytes()[:limit]
    elif issubclass(t, bytes):
        head = bytes.__getitem__(x, slice(limit))
    else:
        head = bytes(bytearray.__getitem__(x, slice(limit)))
    for back in range(1, min(3, len(head)) + 1):
        byte = head[-back]
        if 0xC0 <= byte < 0xF8:  # here a character begins, of two, three or four bytes
            width = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return head[:-back] if width > back else head
        if not 0x80 <= byte < 0xC0:
            break
    return head
