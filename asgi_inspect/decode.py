"""`decode`: the values that `encode` wrote, back from their JSON; whatever the JSON, nothing is raised.

What could not be kept comes back as a frozen `Truncated`, `Redacted`, `Parts` or `Foreign`. A tag that this version does
not know, whose content does not fit, or which would lose something (two foreign keys of a `$map` that cannot be told apart)
becomes a `Foreign` that holds it as it stands.
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from .protocol.fields import BYTE_POSITIONS
from .values import Foreign, Parts, Redacted, Truncated


def decode(tree: Any) -> Any:
    """The scope, message or other value that `encode` wrote as `tree` (as `json.loads` gives it)."""
    if type(tree) is not dict or (len(tree) == 1 and _tag_of(tree) is not None):
        return _decode(tree)
    # What is usual is decoded here, as a trace has millions of it; the rest goes the general way.
    decoded = tree.copy()
    for name, x in tree.items():
        t = type(x)
        if t in _PLAIN:
            if t is str and _position(name) == "octets":
                decoded[name] = _encoded(x)
            continue
        position = _position(name)
        if position is None:
            decoded[name] = x[:] if t is list and _PLAIN.issuperset(map(type, x)) else _decode(x)
        elif position == "octets":
            decoded[name] = _decode(x, octets=True)
        elif t is not list:
            decoded[name] = _decode(x)
        elif position == "links":
            decoded[name] = [_decode(member, octets=True) for member in x]
        else:
            decoded[name] = _decode_headers(x)
    return decoded


def _decode_headers(x: list[Any]) -> list[Any]:
    if _PAIRS.issuperset(map(type, x)):
        try:
            return [
                [name.encode(), value.encode() if type(value) is str else _decode_withheld(value)] for name, value in x
            ]
        except (AttributeError, ValueError):  # no text, no pair, or lone surrogates
            pass
    return [_decode_pair(pair) if type(pair) is list else _decode(pair) for pair in x]


def _decode_withheld(x: Any) -> Any:
    """The value of a header, which is withheld wholly or in part, as most cookies are; or else no text."""
    if type(x) is dict and len(x) == 1 and type(parts := x.get("$parts")) is list:
        return Parts(tuple([part.encode() if type(part) is str else _decode_redacted(part) for part in parts]))
    return _decode_redacted(x)


def _decode_redacted(x: Any) -> Any:
    if type(x) is dict and len(x) == 1 and type(content := x.get("$redacted")) is dict:
        try:
            return _redacted(content)
        except (TypeError, ValueError):  # it is kept as it stands
            pass
    return _decode(x, octets=True)


def _decode_pair(pair: list[Any]) -> list[Any]:
    return [_encoded(member) if type(member) is str else _decode(member, octets=True) for member in pair]


def _encoded(x: str) -> bytes:
    try:
        return x.encode()
    except UnicodeEncodeError:  # lone surrogates: `encode` writes none here, but there are JSON readers that give them
        return x.encode("utf-8", "surrogatepass")


def _tag_of(x: dict[str, Any]) -> str | None:
    if len(x) == 1:
        (tag,) = x
        if tag[:1] == "$":
            return tag
    return None


class _Opened:
    """A container on its way: the JSON still to decode, what came of the rest, and how the whole is built of it."""

    __slots__ = ("children", "finish", "hashable", "json", "octets", "results")

    def __init__(
        self, json: Any, children: list[Any], finish: Callable[[list[Any]], Any], octets: bool, hashable: int
    ) -> None:
        self.json = json
        self.children = iter(children)
        self.finish = finish
        self.octets = octets  # the children stand in a byte position
        # Not 0: the children are keys or members of a set, or this many levels below: what was a tuple must be one again.
        self.hashable = hashable
        self.results: list[Any] = []


def _decode(x: Any, *, octets: bool = False) -> Any:
    """Decode with a stack of its own, so that any depth that a JSON parser gives can be decoded."""
    result = _begin(x, octets, 0)
    if type(result) is not _Opened:
        return result
    stack = [result]
    while True:
        top = stack[-1]
        for child in top.children:
            result = _begin(child, top.octets, top.hashable)
            if type(result) is _Opened:
                stack.append(result)
                break
            top.results.append(result)
        else:
            try:
                value = top.finish(top.results)
            except (TypeError, ValueError, RecursionError):  # an unhashable key, one that was there: kept as it stands
                value = _as_it_stands(top.json)
            stack.pop()
            if not stack:
                return value
            stack[-1].results.append(value)


def _begin(x: Any, octets: bool, hashable: int) -> Any:
    t = type(x)
    if t is str:
        return _encoded(x) if octets else x
    if t is _Opened:
        return x
    if t is list:
        # Below the depth that `encode` writes, a list stays one, and what should hash it becomes a `Foreign`.
        as_tuple = 0 < hashable <= _DEEP
        if _PLAIN.issuperset(map(type, x)):
            return tuple(x) if as_tuple else x[:]
        return _Opened(x, x, tuple if as_tuple else _same, False, hashable + 1 if as_tuple else 0)
    if t is not dict:
        return x
    tag = _tag_of(x)
    if tag is None:
        if _PLAIN.issuperset(map(type, x.values())):
            return dict(x)
        return _Opened(x, list(x.values()), lambda results: dict(zip(x, results, strict=True)), False, 0)
    return _begin_tag(x, tag, x[tag], octets)


def _begin_tag(x: Any, tag: str, content: Any, octets: bool) -> Any:
    if (leaf := _LEAVES.get(tag)) is not None:
        try:
            return leaf(content)
        except (TypeError, ValueError):
            return Foreign(tag, content)
    if (
        tag == "$truncated"
        and type(content) is dict
        and content.keys() == {"size", "head"}
        and is_size(content["size"])
    ):
        return _Opened(x, [content["head"]], lambda results: Truncated(content["size"], results[0]), octets, 0)
    if type(content) is list:
        if tag == "$parts":
            return _Opened(x, content, lambda results: Parts(tuple(results)), octets, 0)
        if tag == "$set":
            return _Opened(x, content, _set, False, 1)
        if tag == "$frozenset":
            return _Opened(x, content, lambda results: frozenset(_set(results)), False, 1)
        if tag == "$map" and all(type(pair) is list and len(pair) == 2 for pair in content):
            keys = _Opened(x, [pair[0] for pair in content], _same, False, 1)
            values = _Opened(x, [pair[1] for pair in content], _same, False, 0)
            return _Opened(x, [keys, values], _map, False, 0)
    return Foreign(tag, content)


def _same(results: list[Any]) -> list[Any]:
    return results


def _set(results: list[Any]) -> set[Any]:
    members = set(results)
    if len(members) < len(results):
        raise ValueError(results)
    return members


def _map(results: list[Any]) -> dict[Any, Any]:
    keys, values = results
    mapping = dict(zip(keys, values, strict=True))
    if len(mapping) < len(keys):
        raise ValueError(keys)
    return mapping


def _as_it_stands(x: Any) -> Foreign:
    ((tag, content),) = x.items()
    return Foreign(tag, content)


def _base64(content: Any) -> bytes:
    return base64.b64decode(_str(content), validate=True)


def _octets(content: Any) -> bytes:
    """Bytes as they stand in a byte position: text, or base64."""
    return content.encode() if type(content) is str else _base64(_inside(content, "$base64"))


def _text(content: Any) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else "\\", _str(content))


def _float(content: Any) -> float:
    if content not in ("nan", "inf", "-inf"):
        raise ValueError(content)
    return float(content)


def _int(content: Any) -> int:
    if _DECIMAL.fullmatch(_str(content)):
        return int(content)
    if _HEX.fullmatch(content):
        return int(content, 16)
    raise ValueError(content)


def _redacted(content: Any) -> Redacted:
    if type(content) is not dict or len(content) != 3:
        raise ValueError(content)
    try:
        size, fingerprint, why = content["size"], content["fingerprint"], content["why"]
    except KeyError:
        raise ValueError(content) from None
    if not is_size(size):
        raise ValueError(content)
    return Redacted(size, None if fingerprint is None else _str(fingerprint), None if why is None else _str(why))


def is_size(x: Any) -> bool:
    """Whether `x` can be the size in a `$truncated` or `$redacted`."""
    return x is None or (type(x) is int and 0 <= x < 1 << 64)


def _str(content: Any) -> str:
    if type(content) is not str:
        raise TypeError(content)
    return content


def _inside(content: Any, tag: str) -> Any:
    if type(content) is not dict or content.keys() != {tag}:
        raise ValueError(content)
    return content[tag]


_PAIRS: Final = frozenset({list})
_position: Final = BYTE_POSITIONS.get
_DEEP: Final = 200
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_ESCAPE: Final = re.compile(r"\\(?:u(d[89a-f][0-9a-f]{2})|\\)")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,4000}")
_HEX: Final = re.compile(r"-?0x[0-9a-f]+")

_LEAVES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "$base64": _base64,
    "$bytes": _octets,
    "$bytearray": lambda content: bytearray(_octets(content)),
    "$memoryview": lambda content: memoryview(_octets(content)),
    "$str": lambda content: content if type(content) is str else _text(_inside(content, "$text")),
    "$text": _text,
    "$float": _float,
    "$int": _int,
    "$redacted": _redacted,
}
