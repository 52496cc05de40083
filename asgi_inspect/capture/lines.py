"""A scope or a message as JSON text, on the event loop: the hot path.

For what servers and frameworks really pass, each known field is converted by a function of its own and orjson writes the
whole. A field that is not exactly as the specification has it (a subclass, a nest, a lone surrogate) raises `_Strange` here
and is given to the complete and slower `convert.encode`. Both give the same bytes; a property test holds that.
"""

import base64
import sys
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import msgspec
import orjson

from ..convert import encode, is_utf8
from ..walk import INT_MAX, INT_MIN
from .guard import say_failed
from .memory import LARGE, ask_for, ask_for_tree

# What is kept of values that the specification leaves open (`state`, unknown keys): a bound for the event loop's sake.
VALUE_LIMIT: Final = 65_536
MAX_NODES: Final = 2_000
# What is surely within those bounds: longer strings, and containers of more members, are for `encode` to measure.
_LONG: Final = VALUE_LIMIT // 4
_SHORT: Final = 256
_FEW: Final = 32

Clean: TypeAlias = Callable[[Any], Any]
"""What takes the secrets out of the JSON of a scope or a message; it may change it in place."""

UNKEPT: Final = b'{"$truncated":{"size":null,"head":null}}'


class _Strange(Exception):  # noqa: N818 (not an error: a way to take)
    """Not as the specification has it: the general way has to be taken."""


def scope_json(scope: Any, clean: Clean | None = None) -> bytes:
    """The JSON of a scope, as `encode` has it."""
    return message_json(scope, None, clean)


def message_json(message: Any, room: int | None, clean: Clean | None = None) -> bytes:
    """The JSON of a message, of whose body at most `room` bytes are kept (None: all), and of the rest what `clean` leaves.

    Where none can be made (no memory or stack is left, or `clean` failed), a `$truncated` stands for the whole: that it
    passed is known.
    """
    try:
        return _json(message, room, clean)
    except Exception as own:  # noqa: BLE001 (our own failure never reaches the application)
        say_failed(own)
        return UNKEPT


def field_tree(key: str, x: Any) -> Any:
    """The JSON of one field of a scope."""
    try:
        return _FIELDS.get(key, _plain)(x, None)
    except (_Strange, RuntimeError):  # another thread adds to it just now
        return _general(key, x, None)


def _json(value: Any, room: int | None, clean: Clean | None) -> bytes:
    tree = _usual_tree(value, room) if type(value) is dict and len(value) < MAX_NODES else None
    if tree is None:
        tree = _encoded(value, room)
    if clean is not None:
        tree = clean(tree)  # once only: it goes on from message to message
    try:
        return orjson.dumps(tree)
    except orjson.JSONEncodeError:  # a nest deeper than orjson goes
        return msgspec.json.encode(tree)


def _usual_tree(value: dict[Any, Any], room: int | None) -> dict[str, Any] | None:
    """What `_encoded` would give; None where only that can tell."""
    try:
        return _tree(value, room)
    except _Strange:
        return None


def _tree(value: dict[Any, Any], room: int | None) -> dict[str, Any]:
    tree = {}
    for key, x in value.items():
        if type(key) is not str:
            raise _Strange
        how = _FIELDS.get(key)
        if how is None or how is _plain:
            if how is None and (key[:1] == "$" or not is_utf8(key)):
                raise _Strange
            t = type(x)
            if (
                (t is str and len(x) <= _LONG and is_utf8(x))
                or (t is int and INT_MIN <= x <= INT_MAX)
                or t is bool
                or x is None
            ):
                tree[key] = x
            else:
                tree[key] = _general(key, x, room)
        else:
            try:
                tree[key] = how(x, room)
            except (_Strange, RuntimeError):  # another thread adds to it just now
                tree[key] = _general(key, x, room)
    return tree


def _encoded(value: Any, room: int | None) -> Any:
    # All of a body is more than a `text` within the limit of values that are none.
    body_room = sys.maxsize if room is None else room
    tree = encode(value, body_room=body_room, value_limit=VALUE_LIMIT, max_nodes=MAX_NODES)
    if body_room > LARGE:
        ask_for_tree(tree)
    return tree


def _general(key: str, x: Any, room: int | None) -> Any:
    """A field as `encode` has it."""
    tree = _encoded({key: x}, room)
    if key not in tree:  # a lone surrogate in the key
        raise _Strange
    return tree[key]


def _plain(x: Any, room: int | None) -> Any:
    raise AssertionError  # a mark in the table, never called


def _octets(x: Any, room: int | None) -> Any:
    if type(x) is bytes:
        if len(x) > LARGE:
            ask_for(len(x))
        try:
            return x.decode()
        except UnicodeDecodeError:
            return {"$base64": base64.b64encode(x).decode("ascii")}
    if x is None:
        return None
    raise _Strange


def _body(x: Any, room: int | None) -> Any:
    if room is not None and (type(x) is not bytes or len(x) > room):
        raise _Strange
    return _octets(x, room)


def _text(x: Any, room: int | None) -> Any:
    if x is None:
        return None
    if type(x) is not str or (room is not None and len(x) * 4 > room) or not is_utf8(x):
        raise _Strange
    if len(x) > LARGE:
        ask_for(len(x) if x.isascii() else 4 * len(x))
    return x


def _headers(x: Any, room: int | None) -> Any:
    if type(x) is not list and type(x) is not tuple:
        raise _Strange
    pairs = []
    for pair in x:
        if type(pair) is not tuple and type(pair) is not list:
            raise _Strange
        if len(pair) != 2:
            raise _Strange
        name, value = pair
        if type(name) is not bytes or type(value) is not bytes:
            raise _Strange
        try:
            pairs.append((name.decode(), value.decode()))
        except UnicodeDecodeError:
            pairs.append((_octets(name, None), _octets(value, None)))
    return pairs


def _address(x: Any, room: int | None) -> Any:
    if x is None:
        return None
    if type(x) is not tuple and type(x) is not list:
        raise _Strange
    if len(x) == 2 and _is_short(x[0]) and (x[1] is None or (type(x[1]) is int and INT_MIN <= x[1] <= INT_MAX)):
        return x
    raise _Strange


def _strings(x: Any, room: int | None) -> Any:
    if (type(x) is list or type(x) is tuple) and len(x) <= _FEW and all(map(_is_short, x)):
        return x
    raise _Strange


def _versions(x: Any, room: int | None) -> Any:
    if type(x) is not dict or len(x) > _FEW:
        raise _Strange
    for key, value in x.items():
        if not _is_short(key) or not _is_short(value) or key[:1] == "$":
            raise _Strange
    return x


def _mapping(x: Any, room: int | None) -> Any:
    """`state` and `extensions`: empty, or of numbers and empty dicts; whatever else goes the general way."""
    if type(x) is not dict or len(x) > _FEW:
        raise _Strange
    for key, value in x.items():
        if not _is_short(key) or key[:1] == "$":
            raise _Strange
        if type(value) is dict:
            if value:
                raise _Strange
        elif not (type(value) is int and INT_MIN <= value <= INT_MAX) and type(value) is not bool and value is not None:
            raise _Strange
    return x


def _is_short(x: Any) -> bool:
    return type(x) is str and len(x) <= _SHORT and is_utf8(x)


_FIELDS: Final[dict[str, Callable[[Any, int | None], Any]]] = {
    "type": _plain,
    "http_version": _plain,
    "method": _plain,
    "scheme": _plain,
    "path": _plain,
    "root_path": _plain,
    "status": _plain,
    "more_body": _plain,
    "trailers": _plain,
    "more_trailers": _plain,
    "subprotocol": _plain,
    "code": _plain,
    "reason": _plain,
    "message": _plain,
    "asgi": _versions,
    "headers": _headers,
    "query_string": _octets,
    "raw_path": _octets,
    "client": _address,
    "server": _address,
    "subprotocols": _strings,
    "state": _mapping,
    "extensions": _mapping,
    "body": _body,
    "bytes": _body,
    "text": _text,
}
