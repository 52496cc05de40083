"""Which keys of a scope an application added or replaced: told by identity alone, as `==` would ask foreign objects.

Keys that are no plain str are passed over for the same reason.
"""

from typing import Any, Final

from .place import printable

MOST_KEYS: Final = 2000
"""Of a scope whose changes are told."""


def scope_changes(whole: dict[Any, Any], before: tuple[Any, ...], values: tuple[Any, ...]) -> list[str]:
    """The keys that changed since these were the keys and the values of the scope."""
    keys, now = [*dict.keys(whole)], [*dict.values(whole)]
    if len(keys) < len(before) or not all(old is new for old, new in zip(before, keys, strict=False)):
        return _rearranged(before, values, keys, now)
    changed = keys[len(before) :]
    replaced = zip(before, values, now, strict=False)
    changed[:0] = [key for key, old, new in replaced if old is not new]
    names = [key for key in changed if type(key) is str][:MOST_KEYS]
    return names if "".join(names).isascii() else [printable(name) for name in names]


def _rearranged(before: tuple[Any, ...], values: tuple[Any, ...], keys: list[Any], now: list[Any]) -> list[str]:
    """The changes of a scope in which the keys do not stand in their places any more."""
    old = {key: value for key, value in zip(before, values, strict=True) if type(key) is str}
    return [
        printable(key)
        for key, value in zip(keys, now, strict=False)
        if type(key) is str and (key not in old or old[key] is not value)
    ][:MOST_KEYS]
