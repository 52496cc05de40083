"""Whether a value is of a type that the specification has, in the words of the tables: `no_str(value)` is what is wrong.

A subclass is what it derives from (an `IntEnum` is an int), a bool is no int, and a bytearray is no bytes: that is rule A412's.
"""

import re
from typing import Any, Final

from ..values import Foreign, Parts, Redacted, Truncated

TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""RFC 9110, 5.6.2."""
# A union in place of these would be made anew with each question, and they are asked of every record.
_ITERABLES: Final = (list, tuple, set, frozenset)
_PAIRS: Final = (list, tuple)
KEPT_BACK: Final = (Redacted, Truncated, Parts)
"""What stands for a value that the trace has not whole."""


def no_str(value: Any) -> bool:
    """Whether it is no str."""
    return not isinstance(value, str)


def no_str_or_none(value: Any) -> bool:
    """Whether it is neither a str nor None."""
    return value is not None and not isinstance(value, str)


def no_int(value: Any) -> bool:
    """Whether it is no int."""
    return not isinstance(value, int) or isinstance(value, bool)


def no_bool(value: Any) -> bool:
    """Whether it is no bool."""
    return not isinstance(value, bool)


def no_bytes(value: Any) -> bool:
    """Whether it is no byte string; one of the types that are nearly one is A412's affair."""
    return not isinstance(value, bytes | bytearray | memoryview)


def no_bytes_or_none(value: Any) -> bool:
    """Whether it is neither a byte string nor None."""
    return value is not None and no_bytes(value)


def no_dict(value: Any) -> bool:
    """Whether it is no dict."""
    return not isinstance(value, dict)


def is_iterator(value: Any) -> bool:
    """Whether it could be read once only, as far as a trace tells: it knows such a thing by the name of its type."""
    if not isinstance(value, Foreign) or not isinstance(value.content, str):
        return False
    name = value.content.rpartition(".")[2]
    return name.endswith(("generator", "iterator")) or name in (
        "map",
        "filter",
        "zip",
        "chain",
        "enumerate",
        "reversed",
    )


def piece_of(value: Any) -> Any:
    """A piece of a value that the trace has in part, of the value's own type; None where there is none."""
    if isinstance(value, Parts):
        return next((piece for piece in map(piece_of, value.parts) if piece is not None), None)
    if isinstance(value, Redacted):
        return None
    return piece_of(value.head) if isinstance(value, Truncated) else value


def is_int(value: Any) -> bool:
    """Whether it is an int, and no bool."""
    return isinstance(value, int) and not isinstance(value, bool)


def text_of(value: Any) -> str:
    """A str as it is, anything else as an empty one."""
    return value if isinstance(value, str) else ""


def is_sized(value: Any) -> bool:
    """Whether a value has bytes that can be counted: what is of a wrong type has none."""
    if type(value) is bytes:
        return True
    if isinstance(value, Parts):
        return all(isinstance(part, str) or is_sized(part) for part in value.parts)
    if isinstance(value, Redacted | Truncated):
        return value.size is not None
    return isinstance(value, bytes | bytearray | memoryview)


def pairs_of(headers: Any) -> list[tuple[Any, Any]]:
    """The headers that are pairs."""
    if not isinstance(headers, _ITERABLES):
        return []
    return [(pair[0], pair[1]) for pair in headers if isinstance(pair, _PAIRS) and len(pair) == 2]


def first_of(headers: Any) -> list[Any]:
    """The names of those."""
    if not isinstance(headers, _ITERABLES):
        return []
    return [pair[0] for pair in headers if isinstance(pair, _PAIRS) and len(pair) == 2]


def is_length(value: Any) -> bool:
    """Whether it is a content-length that makes sense."""
    return isinstance(value, bytes) and value.isdigit() and len(value) < 20
