"""The taps, alone: what they forward, and which message they replace."""

import asyncio
from collections import OrderedDict, UserDict
from collections.abc import Iterator
from typing import Any

import pytest

from asgi_inspect.capture.connection import Recorder
from asgi_inspect.capture.recorder import LayerRecorder
from asgi_inspect.capture.tap import replayable, tap_receive, tap_send
from asgi_inspect.trace.records import ReceiveRecord, SendRecord, SentRecord
from tests.capture.recording import Kept


class Once:
    """An iterator of a class of somebody's, which inherits what makes it one."""

    def __init__(self, members: Any) -> None:
        self.members = iter(members)

    def __iter__(self) -> "Once":
        return self

    def __next__(self) -> Any:
        return next(self.members)


class OnceMore(Once):
    pass


class Again:
    """No iterator: it may be read as often as one likes, and is not for us to read."""

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError


UNTOUCHED: list[Any] = [
    None,
    "text",
    7,
    [],
    {},
    {"headers": None},
    {"headers": [(b"a", b"b")]},
    {"headers": ((b"a", b"b"),)},
    {"headers": {b"a": b"b"}.items()},
    {"headers": Again(), "links": Again()},
    {"headers": "text", "links": b"octets"},
    {"links": [b"</a>"]},
    {"body": iter([b"a"]), "other": Once([])},
    {b"headers": iter([])},
    {"headers": [iter([b"a", b"b"])]},
    OrderedDict(headers=[]),
    UserDict(headers=[]),
]


@pytest.mark.parametrize("message", UNTOUCHED)
def test_a_message_without_a_one_shot_iterator_is_itself(message: Any) -> None:
    same, once = replayable(message)
    assert same is message
    assert once == ()


@pytest.mark.parametrize("key", ["headers", "links"])
@pytest.mark.parametrize("once", [iter, Once, OnceMore, lambda members: (member for member in members)])
@pytest.mark.parametrize("kind", [dict, OrderedDict, UserDict])
def test_a_one_shot_iterator_becomes_a_list_in_a_shallow_copy(key: str, once: Any, kind: Any) -> None:
    other = object()
    iterator = once([b"</a>", b"</b>"])
    message = kind([("type", "x"), (key, iterator), (7, other)])
    copy, names = replayable(message)
    assert names == (key,)
    assert list(copy.items()) == [("type", "x"), (key, [b"</a>", b"</b>"]), (7, other)]
    assert copy[7] is other
    assert message[key] is iterator


def test_both_at_once() -> None:
    message = {"headers": iter([1]), "links": iter([2])}
    assert replayable(message) == ({"headers": [1], "links": [2]}, ("headers", "links"))


def _layer(**scope: Any) -> tuple[LayerRecorder, Kept]:
    sink = Kept()
    layer = LayerRecorder(Recorder(sink, {"type": "http", **scope}), {"type": "http", **scope}, 65_536)
    layer.rec.begin()
    return layer, sink


def test_a_message_is_recorded_before_it_is_forwarded() -> None:
    layer, sink = _layer()
    counts: list[int] = []

    async def send(message: Any) -> str:
        counts.append(len(sink.lines))
        return "result"

    assert asyncio.run(_await(tap_send(layer, send)({"type": "x"}))) == "result"
    assert counts == [1]
    layer.close()


async def _await(awaitable: Any) -> Any:
    return await awaitable


def test_a_forked_child_records_nothing_of_what_it_inherited() -> None:
    layer, sink = _layer()
    layer.rec.process = type(layer.rec.process)()
    layer.rec.process.gone = True
    problem = ValueError("leaves")

    async def receive() -> Any:
        return {"headers": iter([1])}

    async def fail(*message: Any) -> Any:
        raise problem

    for call in (tap_receive(layer, fail)(), tap_send(layer, fail)({})):
        with pytest.raises(ValueError, match="leaves") as raised:
            asyncio.run(_await(call))
        assert raised.value is problem
    assert type(asyncio.run(_await(tap_receive(layer, receive)()))["headers"]) is not list
    assert sink.lines == []


def test_a_process_that_forks_while_a_call_waits() -> None:
    """What was begun in the parent and ends in the child is none of the child's records."""
    layer, sink = _layer()
    layer.rec.process = type(layer.rec.process)()

    async def forking(*message: Any) -> Any:
        layer.rec.process.gone = True
        await asyncio.sleep(0.002)

    assert asyncio.run(_await(tap_receive(layer, forking)())) is None
    assert sink.lines == []
    layer.rec.process.gone = False
    asyncio.run(_await(tap_send(layer, forking)({})))
    assert [type(record) for record in sink.records] == [SendRecord]


def test_a_send_that_raises_or_takes_long_has_a_second_record() -> None:
    layer, sink = _layer()

    async def slow(message: Any) -> None:
        await asyncio.sleep(0.003)

    async def fail(message: Any) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    asyncio.run(_await(tap_send(layer, slow)({})))
    with pytest.raises(BrokenPipeError):
        asyncio.run(_await(tap_send(layer, fail)({})))
    records = sink.records
    assert [type(record) for record in records] == [SendRecord, SentRecord] * 2
    assert [(record.of, record.outcome) for record in records[1::2]] == [(1, None), (3, "raised")]
    assert records[1].took_us >= 2_900
    assert (records[3].error.type, records[3].error.message) == ("BrokenPipeError", "[Errno 32] Broken pipe")
    assert "OSError" in records[3].error.bases
    layer.close()


def test_a_receive_that_raises_has_its_record() -> None:
    layer, sink = _layer()

    async def fail() -> Any:
        raise KeyError("leaf")

    with pytest.raises(KeyError):
        asyncio.run(_await(tap_receive(layer, fail)()))
    (record,) = sink.records
    assert type(record).__name__ == ReceiveRecord.__name__
    assert (record.outcome, record.error.message) == ("raised", "'leaf'")
    assert [frame.function.rpartition(".")[2] for frame in record.error.frames] == ["fail"]
    layer.close()
