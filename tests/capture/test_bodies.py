"""Type and size of a message, and whether it begins a stream of events."""

import types
from collections import UserDict
from typing import Any

import pytest

from asgi_inspect.capture.bodies import body_size, is_event_stream, type_of
from tests.traps import CALLS, TRAPS


class Text(str):
    __slots__ = ()


class Octets(bytes):
    __slots__ = ()


def released() -> memoryview:
    view = memoryview(b"leaf")
    view.release()
    return view


@pytest.mark.parametrize("kind", [dict, UserDict, types.MappingProxyType])
def test_type(kind: Any) -> None:
    assert type_of(kind({"type": "x"})) == "x"
    assert type(type_of(kind({"type": Text("x")}))) is str
    assert type_of(kind({"type": b"x"})) is type_of(kind({})) is type_of(None) is type_of("type") is None


SIZES: list[tuple[Any, int]] = [
    (b"leaf", 4),
    (bytearray(b"leaf"), 4),
    (memoryview(b"leaf"), 4),
    (memoryview(bytes(16)).cast("d"), 16),
    (Octets(b"leaf"), 4),
    ("leaf", 4),
    ("茶", 3),
    (Text("\udcff"), 3),
    (released(), 0),
    (None, 0),
    (7, 0),
    ([b"leaf"], 0),
]


@pytest.mark.parametrize(("body", "size"), SIZES)
def test_size(body: Any, size: int) -> None:
    assert body_size({"body": body}) == body_size(UserDict(body=body)) == size
    assert body_size({"bytes": body}) == body_size({}) == body_size(body) == 0


HEADERS: list[tuple[Any, bool]] = [
    ([(b"content-type", b"text/event-stream")], True),
    (((b"x", b"y"), [b"Content-Type", b"Text/Event-Stream; charset=utf-8"]), True),
    ({b"content-type": b"text/event-stream"}.items(), True),
    ([(b"content-type", b"text/plain"), (b"content-type", b"text/event-stream")], False),
    ([("content-type", "text/event-stream"), (b"x",), None, 7], False),
    ([], False),
    (None, False),
    (iter([(b"content-type", b"text/event-stream")]), False),
    ("text", False),
]


@pytest.mark.parametrize(("headers", "expected"), HEADERS)
def test_event_stream(headers: Any, expected: bool) -> None:
    assert is_event_stream({"headers": headers}) is expected
    assert is_event_stream(UserDict(headers=headers)) is expected
    assert not is_event_stream({})
    assert not is_event_stream(None)


@pytest.mark.parametrize("name", TRAPS)
def test_nothing_is_asked(name: str) -> None:
    trap = TRAPS[name]()
    CALLS.clear()
    for message in ({"type": trap, "body": trap, "headers": trap}, {"headers": [(trap, trap), trap]}, trap):
        type_of(message)
        body_size(message)
        is_event_stream(message)
    called, CALLS[:] = list(CALLS), []
    assert called == []
