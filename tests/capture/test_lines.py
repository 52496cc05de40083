"""The hot path writes what `encode` means, byte for byte, whatever it is given; and never too much."""

import sys
from collections import OrderedDict
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.capture.lines import MAX_NODES, VALUE_LIMIT, message_json, scope_json
from asgi_inspect.convert import decode, encode
from asgi_inspect.protocol.fields import MESSAGES, SCOPES

FIELDS = sorted({name.removesuffix("?") for table in (*SCOPES.values(), *MESSAGES.values()) for name in table})


def by_encode(value: Any, room: int | None) -> bytes:
    """What the general way makes of it."""
    tree = encode(value, body_room=sys.maxsize if room is None else room, value_limit=VALUE_LIMIT, max_nodes=MAX_NODES)
    try:
        return orjson.dumps(tree)
    except TypeError:
        return msgspec.json.encode(tree)


texts = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["", "$x", "\ud800", "ä" * 300, "x" * 300, "x" * 20_000, "ä" * 40_000, "x" * 70_000]),
)
octets = st.one_of(
    st.binary(max_size=8),
    st.sampled_from([b"", b"\xff", "ä".encode() * 5, b"x" * 300, b"x" * 70_000]),
    st.binary(max_size=8).map(bytearray),
    st.binary(max_size=8).map(lambda octets: memoryview(octets)),
)
numbers = st.one_of(
    st.integers(), st.booleans(), st.none(), st.floats(), st.sampled_from([1 << 63, 1 << 64, -(1 << 63) - 1, 1 << 99])
)
leaves = st.one_of(texts, octets, numbers)
keys = st.one_of(texts, st.integers(), st.binary(max_size=3))
nests = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.dictionaries(keys, inner, max_size=3),
    ),
    max_leaves=6,
)
pairs = st.lists(st.one_of(st.tuples(octets, octets), st.lists(leaves, max_size=3), leaves), max_size=4)
usual: dict[str, st.SearchStrategy[Any]] = {
    "headers": st.one_of(pairs, pairs.map(tuple), nests),
    "links": st.lists(leaves, max_size=3),
    "state": st.dictionaries(texts, st.one_of(numbers, st.just({}), nests), max_size=40),
    "extensions": st.dictionaries(texts, st.one_of(st.just({}), nests), max_size=3),
    "asgi": st.dictionaries(texts, texts, max_size=40),
    "client": st.one_of(st.tuples(texts, numbers), st.lists(leaves, max_size=3), leaves),
    "subprotocols": st.lists(st.one_of(texts, leaves), max_size=40),
}
fields = st.sampled_from(FIELDS).flatmap(lambda name: st.tuples(st.just(name), usual.get(name, leaves) | nests))
others = st.tuples(keys, nests)
values = st.lists(st.one_of(fields, fields, fields, others), max_size=6).map(dict)
rooms = st.one_of(st.none(), st.integers(0, 12), st.just(65_536))


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # some are large on purpose
@settings(max_examples=400, deadline=None)
@given(value=st.one_of(values, values, values, nests), room=rooms)
def test_the_hot_path_gives_the_same_bytes(value: Any, room: int | None) -> None:
    # Compared apart from the assert: pytest would look for the difference of two long lines for minutes.
    same = message_json(value, room) == by_encode(value, room)
    if room is None:
        same = same and scope_json(value) == by_encode(value, None)
    assert same


USUAL: list[tuple[Any, Any]] = [
    ({"type": "http.request", "body": b"leaf", "more_body": False}, {"type": "http.request", "body": "leaf", "more_body": False}),
    ({"headers": [(b"a", b"\xff")]}, {"headers": [["a", {"$base64": "/w=="}]]}),
    ({"headers": ((b"a", b"b"),)}, {"headers": [["a", "b"]]}),
    ({"headers": {b"a": b"b"}.items()}, None),
    ({"headers": [("a", b"b")]}, {"headers": [[{"$str": "a"}, "b"]]}),
    ({"status": 200, "text": None, "bytes": None}, {"status": 200, "text": None, "bytes": None}),
    ({"path": "/ä", "query_string": b"\xc3\xa4"}, {"path": "/ä", "query_string": "ä"}),
    ({"client": ("::1", 1), "server": ["/x", None]}, {"client": ["::1", 1], "server": ["/x", None]}),
    ({"body": memoryview(b"x")}, {"body": {"$memoryview": "x"}}),
    ({"status": 1 << 70}, {"status": {"$int": str(1 << 70)}}),
    ({"path": "\udcff"}, {"path": {"$text": "\\udcff"}}),
    (OrderedDict(type="x"), {"type": "x"}),
    (None, None),
    ("text", "text"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), USUAL)
def test_what_it_writes(value: Any, expected: Any) -> None:
    written = orjson.loads(message_json(value, None))
    assert written == expected or expected is None
    decode(written)


def test_no_white_space_and_nothing_escaped_that_need_not_be() -> None:
    assert (
        message_json({"type": "x", "text": "茶 ☕", "n": [1, 2]}, None)
        == '{"type":"x","text":"茶 ☕","n":[1,2]}'.encode()
    )


HUGE: dict[str, Any] = {
    "state": {"state": {"list": [0] * 3_000_000, "dict": dict.fromkeys(range(1_000_000))}},
    "unknown": {"whatever": "x" * 50_000_000},
    "strings": {"state": {"many": ["x" * 60_000] * 1_000}},
    "top level": {f"key{n}": "x" * 1_000 for n in range(100_000)},
    "asgi": {"asgi": {f"key{n}": "x" * 1_000 for n in range(100_000)}},
    "subprotocols": {"subprotocols": ["x" * 1_000] * 100_000},
    "address": {"client": ("x" * 10_000_000, 1)},
    "key": {"state": {"k" * 10_000_000: 1}},
    "body": {"body": b"x" * 10_000_000},
    "bytearray": {"body": bytearray(b"x" * 10_000_000)},
    "text": {"text": "ä" * 10_000_000},
}


@pytest.mark.parametrize("name", HUGE)
def test_a_line_is_bounded(name: str) -> None:
    assert len(message_json(HUGE[name], 65_536)) < 1_500_000
    if "body" not in HUGE[name] and "text" not in HUGE[name]:
        assert len(scope_json(HUGE[name])) < 1_500_000


@pytest.mark.parametrize(
    "text", ["ä" * 40_000, "\ud800" + "x" * 100_000, "x" * 100_000], ids=["long", "surrogate", "ascii"]
)
def test_without_a_limit_a_body_is_whole(text: str) -> None:
    for message in ({"text": text}, {"bytes": text.encode("utf-8", "replace")}, {"body": bytearray(70_000)}):
        assert decode(orjson.loads(message_json(message, None))) == message


def test_deep_nests() -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    written = message_json({"type": "x", "deep": deep}, None)
    assert b'"$truncated"' in written
    assert written == by_encode({"type": "x", "deep": deep}, None)


def test_a_released_memoryview() -> None:
    view = memoryview(b"leaf")
    view.release()
    assert orjson.loads(message_json({"body": view}, 2)) == {"body": {"$object": "memoryview"}}
