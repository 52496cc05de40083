"""What a record tells beside its scope or message, where there is something odd to tell: of what usually passes, nothing.

A trace holds values. That an iterator could be read but once, that a mapping was no dict, or which keys `state` had when
the lifespan's application said that it is ready: these are no values that passed, and still decide who has done wrong.
"""

from collections import ChainMap, UserDict
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ..look import derives, dict_behind, exact_str, members, name_of, printable

_MOST_KEYS: Final = 2000
_LONGEST: Final = 65_536  # characters of all keys


def with_more(line: bytes, once: tuple[str, ...], mapping: str | None, state: list[str] | None) -> bytes:
    """The line of a record, with these fields behind all others; what is not worth telling is left out."""
    more: dict[str, Any] = {}
    if once:
        more["once"] = once
    if mapping is not None:
        more["mapping"] = mapping
    if state is not None:
        more["state"] = state
    return line[:-2] + b"," + msgspec.json.encode(more)[1:] + b"\n" if more else line


def odd_mapping(x: Any) -> str | None:
    """The name of the type of a mapping that is no dict, but has been written like one; None for all else."""
    t = type(x)
    if t is dict or issubclass(t, dict):
        return None
    return name_of(t) if t is MappingProxyType or derives(t, UserDict) or derives(t, ChainMap) else None


def state_keys(state: Any) -> list[str] | None:
    """The keys of a `state` that are str; None where it is no dict, or has more than can be told."""
    whole = dict_behind(state, type(state))
    if whole is None or dict.__len__(whole) > _MOST_KEYS:
        return None
    found = members(dict.keys, whole)
    if found is None:
        return None
    keys = [exact_str(key) for key in found if issubclass(type(key), str)]
    return list(map(printable, keys)) if sum(map(len, keys)) <= _LONGEST else None


def value_of(name: str, keys: Iterable[Any], values: Iterable[Any]) -> Any:
    """The value of a key among others, of which none is asked whether it is equal."""
    for key, value in zip(keys, values, strict=True):
        if type(key) is str and key == name:
            return value
    return None
