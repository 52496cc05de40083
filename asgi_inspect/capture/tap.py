"""The taps on `receive` and `send` of one layer: glass.

What goes in comes out: the same message objects, the same exceptions, at the same moment, with no await of ours between. The
one exception: a one-shot iterator as `headers` or `links` would be empty for the other side once it was read, so that message
is forwarded as a shallow copy with a list in the iterator's place.
"""

from collections import UserDict
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain, islice
from typing import Any, Final

from ..look import class_attribute, derives, mapping_items
from ..types import Message, Receive, Send
from .guard import failed
from .process import clock
from .recorder import SLOW_SEND_US, LayerRecorder

_SLOW_SEND_NS: Final = SLOW_SEND_US * 1000
_LIST: Final[list[Any]] = []
_NONE: Final[tuple[str, ...]] = ()
_MOST_MEMBERS: Final = 10_000  # of an iterator; one without an end must not hold us


def tap_receive(layer: LayerRecorder, receive: Receive) -> Receive:
    """A `receive` that passes everything on and records it."""
    rec = layer.rec
    process = rec.process

    async def tapped_receive() -> Message:
        called = clock()
        try:
            message = await receive()
        except BaseException as exc:
            if not process.gone:
                try:
                    layer.receive_failed(called, exc)
                except Exception as own:  # noqa: BLE001 (our own failure never reaches the application)
                    failed(own, rec.sink, rec.conn)
            raise
        if process.gone:
            return message
        try:
            if type(message) is not dict or "headers" in message or "links" in message:
                message, once = replayable(message)
                layer.received(called, message, once)
            else:
                layer.received(called, message)
        except Exception as own:  # noqa: BLE001 (as above)
            failed(own, rec.sink, rec.conn)
        return message

    return tapped_receive


def tap_send(layer: LayerRecorder, send: Callable[[Message], Awaitable[Any]]) -> Send:
    """A `send` that records everything and passes it on, its result too: some servers give one."""
    rec = layer.rec
    process = rec.process

    async def tapped_send(message: Message) -> Any:
        if process.gone:
            return await send(message)
        n = began = 0
        try:
            if type(message) is not dict or type(message.get("headers", _LIST)) is not list or "links" in message:
                message, once = replayable(message)
                n, began = layer.sends(message, once)
            else:
                n, began = layer.sends(message)
        except Exception as own:  # noqa: BLE001 (our own failure never reaches the application)
            failed(own, rec.sink, rec.conn)
        try:
            result = await send(message)
        except BaseException as exc:
            if n and not process.gone:
                try:
                    layer.sent(n, began, exc)
                except Exception as own:  # noqa: BLE001 (as above)
                    failed(own, rec.sink, rec.conn)
            raise
        if n and clock() - began > _SLOW_SEND_NS and not process.gone:
            try:
                layer.sent(n, began, None)
            except Exception as own:  # noqa: BLE001 (as above)
                failed(own, rec.sink, rec.conn)
        return result

    return tapped_send


def replayable(message: Any) -> tuple[Any, tuple[str, ...]]:
    """The message itself, or a shallow copy in which one-shot iterators that a reader would empty became lists.

    Also gives the names of the fields that had them.
    """
    t = type(message)
    if t is dict:
        headers = message.get("headers")
        if (headers is None or type(headers) is list or type(headers) is tuple) and "links" not in message:
            return message, _NONE
    elif not issubclass(t, dict) and not derives(t, UserDict):
        return message, _NONE
    items = mapping_items(message, t)
    if items is None:
        return message, _NONE
    copy: dict[Any, Any] | None = None
    once = _NONE
    for key, value in items:
        if type(key) is str and key in ("headers", "links") and class_attribute(type(value), "__next__") is not None:
            copy = dict(items) if copy is None else copy
            copy[key] = _members(value)
            once += (key,)
    return (message if copy is None else copy), once


def _members(iterator: Iterator[Any]) -> Any:
    """What an iterator gives, as a list; where it raises, or goes on and on, an iterator that does the same."""
    members: list[Any] = []
    try:
        members.extend(islice(iterator, _MOST_MEMBERS))
    except BaseException as exc:  # noqa: BLE001 (it is raised again, to whoever reads the headers)
        return _raising(members, exc)
    return members if len(members) < _MOST_MEMBERS else chain(members, iterator)


def _raising(members: list[Any], exc: BaseException) -> Iterator[Any]:
    yield from members
    raise exc
