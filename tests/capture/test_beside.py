"""What a record tells beside its scope or message, and what the `end` tells of the result: only where it is odd."""

import asyncio
from collections import ChainMap, OrderedDict, UserDict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from asgi_inspect.capture.beside import odd_mapping, state_keys
from asgi_inspect.capture.connection import Recorder
from asgi_inspect.capture.process import clock
from asgi_inspect.capture.recorder import LayerRecorder
from asgi_inspect.middleware import InspectMiddleware
from asgi_inspect.trace.codec import encode_record
from asgi_inspect.trace.records import EndRecord, ReceiveRecord, ScopeRecord, SendRecord
from tests.capture.recording import Kept
from tests.stage import BODY, START, http_scope, never, of_kind, records, run

LIFESPAN = {"type": "lifespan", "asgi": {"version": "3.0"}}
COMPLETE = {"type": "lifespan.startup.complete"}
SHUTDOWN = {"type": "lifespan.shutdown"}
WHOLE = 2001  # one key more than are told


async def _take(message: Any) -> None:
    """A `send`."""


def _played(app: Any, path: Path, scope: Any, *received: Any) -> list[Any]:
    """The records of one call."""
    left = iter(received)

    async def receive() -> Any:
        return next(left)

    middleware = InspectMiddleware(app, out=path)
    asyncio.run(middleware(scope, receive, _take))
    return records(middleware)


# --- what the application returned --------------------------------------------------------------------------------------


class Response:
    """What somebody returned where he should have awaited it."""


@pytest.mark.parametrize(
    ("result", "name"),
    [(None, None), (Response(), f"{__name__}.Response"), (0, "int"), (False, "bool"), (b"", "bytes"), (Response, "type")],
    ids=["None", "an object", "0", "False", "bytes", "a class"],
)  # fmt: skip
def test_the_type_of_what_the_application_returned(result: Any, name: str | None, path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> Any:
        return result

    middleware = InspectMiddleware(app, out=path)
    assert asyncio.run(middleware(http_scope(), never, never)) is result
    (end,) = of_kind(records(middleware), EndRecord)
    assert (end.outcome, end.returned) == ("returned", name)


def test_each_layer_tells_what_its_own_application_returned(path: Path) -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> Any:
        return 7

    within = InspectMiddleware(inner, out=path)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await within(scope, receive, send)

    outer = InspectMiddleware(app, out=path)
    asyncio.run(run(outer))
    assert [(end.layer, end.returned) for end in of_kind(records(outer), EndRecord)] == [(1, "int"), (0, None)]


def test_one_that_raised_returned_nothing(path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> Any:
        raise ValueError("leaves")

    middleware = InspectMiddleware(app, out=path)
    with pytest.raises(ValueError, match="leaves"):
        asyncio.run(run(middleware))
    assert of_kind(records(middleware), EndRecord)[0].returned is None


# --- iterators that can be read but once ---------------------------------------------------------------------------------


def test_iterators_of_messages_are_told_by_name(path: Path) -> None:
    hints = {"type": "http.response.early_hint", "links": iter([b"</tea.css>"])}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({**START, "headers": (pair for pair in START["headers"])})  # type: ignore[attr-defined]  # they are a list
        await send(hints)
        await send({"headers": iter([]), **hints, "links": iter([])})
        await send(START)
        await send(BODY)

    trace = _played(app, path, http_scope(), {"type": "http.request", "headers": map(list, [])})
    assert [record.once for record in of_kind(trace, ReceiveRecord)] == [["headers"]]
    assert [record.once for record in of_kind(trace, SendRecord)] == [
        ["headers"], ["links"], ["headers", "links"], [], [],
    ]  # fmt: skip
    assert of_kind(trace, SendRecord)[1].message["links"] == [b"</tea.css>"]


def test_an_iterator_that_raises_is_told_too(path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "headers": (1 // 0 for _ in "x")})

    (sent,) = of_kind(_played(app, path, http_scope()), SendRecord)
    assert sent.once == ["headers"]


def test_the_layer_that_met_the_iterator_tells_it(path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "headers": iter(())})

    trace = _played(InspectMiddleware(app, out=path), path, http_scope())
    assert [(record.layer, record.same, record.once) for record in of_kind(trace, SendRecord)] == [
        (1, None, ["headers"]),
        (0, 1, []),
    ]


# --- mappings that are no dict -------------------------------------------------------------------------------------------


class Message(UserDict[str, Any]):
    """One of somebody's own."""


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (dict, None), (OrderedDict, None), (type("Own", (dict,), {}), None), (MappingProxyType, "mappingproxy"),
        (UserDict, "collections.UserDict"), (ChainMap, "collections.ChainMap"), (Message, f"{__name__}.Message"),
    ],
    ids=["dict", "OrderedDict", "of dict", "mappingproxy", "UserDict", "ChainMap", "of UserDict"],
)  # fmt: skip
@pytest.mark.parametrize("type_", ["http", "lifespan"])
def test_mappings_that_are_no_dict(kind: Any, name: str | None, type_: str, path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(kind(BODY))

    scope, received = kind(http_scope(type=type_)), kind({"type": "http.request"})
    trace = [record for record in _played(app, path, scope, received) if hasattr(record, "mapping")]
    assert [type(record) for record in trace] == [ScopeRecord, ReceiveRecord, SendRecord]
    assert [record.mapping for record in trace] == [name] * 3
    assert trace[2].message == BODY


@pytest.mark.parametrize("value", [None, 7, "text", [], (), Response(), dict, iter(())], ids=type)
def test_what_is_no_mapping_is_known_by_its_value(value: Any) -> None:
    assert odd_mapping(value) is None


# --- the keys of the lifespan's state ------------------------------------------------------------------------------------


async def _live(scope: Any, receive: Any, send: Any) -> None:
    """An application that fills its state, and adds to it while it runs."""
    await receive()
    scope["state"].update(db=object(), cache={})
    await send(COMPLETE)
    scope["state"]["late"] = 1
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


def _states(trace: list[Any]) -> list[Any]:
    return [record.state for record in trace if isinstance(record, ReceiveRecord | SendRecord)]


def test_the_keys_of_the_state_when_it_is_ready_and_when_it_is_to_end(path: Path) -> None:
    trace = _played(_live, path, {**LIFESPAN, "state": {}}, {"type": "lifespan.startup"}, SHUTDOWN)
    assert _states(trace) == [None, ["db", "cache"], ["db", "cache", "late"], None]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({}, []), ({"a": 1, 7: 2, b"b": 3, None: 4}, ["a"]), ({"\ud800": 1, "茶": 2}, ["\\ud800", "茶"]),
        (UserDict(a=1), ["a"]), (OrderedDict(b=1, a=2), ["b", "a"]), (None, None), ([], None), ("text", None),
        ({str(n): n for n in range(WHOLE)}, None), ({"x" * 70_000: 1}, None),
    ],
    ids=["empty", "odd keys", "not UTF-8", "UserDict", "OrderedDict", "None", "list", "str", "many", "long"],
)  # fmt: skip
def test_states_of_every_kind(state: Any, told: list[str] | None, path: Path) -> None:
    """That there are no keys is another thing than that none can be told."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(COMPLETE)
        await receive()

    trace = _played(app, path, {**LIFESPAN, "state": state}, SHUTDOWN)
    assert _states(trace) == [told, told]
    assert state_keys(state) == told


def test_without_a_state_there_is_nothing_to_tell(path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["state"] = {"own": 1}  # the server knows nothing of this one
        await send(COMPLETE)

    assert _states(_played(app, path, dict(LIFESPAN))) == [None]


def test_it_is_the_state_that_the_server_gave(path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["state"] = {"own": 1}
        await send(COMPLETE)

    assert _states(_played(app, path, {**LIFESPAN, "state": {"its": 1}})) == [["its"]]


def test_only_a_lifespan_is_asked(path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(COMPLETE)

    assert _states(_played(app, path, http_scope(), SHUTDOWN)) == [None, None]


# --- the bytes -----------------------------------------------------------------------------------------------------------


def test_every_line_is_what_the_codec_writes_for_its_record() -> None:
    sink = Kept()
    scope = UserDict({**LIFESPAN, "state": {"a": 1}})
    outer = LayerRecorder(Recorder(sink, scope), scope, None)
    outer.scope(None, None)
    inner = LayerRecorder(outer.rec, scope, None, outer)
    inner.scope("inner", None)
    complete, shutdown = UserDict(COMPLETE), UserDict(SHUTDOWN)
    for layer in (outer, inner):
        layer.received(clock(), shutdown, ("headers",))
    for layer in (inner, outer):
        layer.sends(complete)
        layer.sends({"headers": []}, ("headers", "links"))
        layer.end(None, b"")
    assert [encode_record(record) + b"\n" for record in sink.records] == sink.lines
    told = [(record.once, record.mapping, record.state) for record in sink.records if hasattr(record, "once")]
    assert told[:2] == [(["headers"], "collections.UserDict", ["a"])] * 2
    assert [record.same for record in of_kind(sink.records, ReceiveRecord)] == [None, 1]
    assert [record.mapping for record in of_kind(sink.records, ScopeRecord)] == ["collections.UserDict"] * 2
    outer.close()


def test_of_what_is_usual_nothing_is_written_beside(path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(START)
        await send(BODY)

    middleware = InspectMiddleware(app, out=path)
    asyncio.run(run(middleware))
    records(middleware)
    text = path.read_text()
    assert text.count('"conn":') == 5
    assert not [name for name in ("once", "mapping", "state_keys", "returned", "shared") if f'"{name}":' in text]


@pytest.mark.parametrize("call", ["none", "two", "by name", "receive"])
def test_a_call_that_does_not_come_off_is_in_the_end(call: str, path: Path) -> None:
    """`send` without its message, or with one too many: nothing passed, and the application's own line is the last frame."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        match call:
            case "none":
                await send()
            case "two":
                await send(START, BODY)
            case "by name":
                await send(type="http.response.start")
            case _:
                await receive(1)

    middleware = InspectMiddleware(app, out=path)
    with pytest.raises(TypeError):
        asyncio.run(run(middleware))
    trace = records(middleware)
    assert not of_kind(trace, SendRecord) + of_kind(trace, ReceiveRecord)
    (end,) = of_kind(trace, EndRecord)
    assert end.error.type == "TypeError"
    assert ("tapped_receive()" if call == "receive" else "tapped_send()") in end.error.message
    assert end.error.frames[-1].function.endswith("<locals>.app")


def test_an_application_that_is_none_is_in_the_end(path: Path) -> None:
    """One that gives nothing to await: the exception comes from our own line, so that there is no frame."""
    middleware = InspectMiddleware(lambda scope, receive, send: None, out=path)
    with pytest.raises(TypeError, match="await"):
        asyncio.run(run(middleware))
    (end,) = of_kind(records(middleware), EndRecord)
    assert (end.error.type, end.error.frames) == ("TypeError", [])
