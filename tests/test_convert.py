import json
import sys
import threading
import tracemalloc
from array import array
from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict, namedtuple
from collections.abc import Callable
from enum import Enum, IntEnum
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.convert import decode, encode
from asgi_inspect.protocol.fields import BYTE_POSITIONS
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated
from tests.stack import at_the_end_of_the_stack
from tests.traps import CALLS, TRAPS, Trap
from tests.values import builtins, hashables, messages, octets, same, tags_in, texts, wrong_messages

LIMITS: dict[str, int] = {"body_room": 65_536, "value_limit": 65_536, "max_nodes": 2_000}


def assert_comes_back(value: Any) -> None:
    tree = encode(value)
    assert same(value, decode(tree))
    assert same(value, decode(json.loads(json.dumps(tree, allow_nan=False))))
    assert same(value, decode(orjson.loads(orjson.dumps(tree))))
    assert same(value, decode(msgspec.json.decode(msgspec.json.encode(tree))))
    assert encode(decode(tree)) == tree


# --- what goes in comes out ----------------------------------------------------------------------------------------------


@given(messages)
def test_each_scope_and_message_of_the_specification_comes_back(message: dict[str, Any]) -> None:
    assert_comes_back(message)


@given(wrong_messages)
def test_what_breaks_the_specification_comes_back(message: dict[str, Any]) -> None:
    assert_comes_back(message)


@given(builtins)
def test_nests_of_builtins_come_back(value: Any) -> None:
    assert_comes_back(value)
    assert_comes_back({"type": "http", "state": {"x": value}})
    assert_comes_back({"headers": [[value, value], value]})


NESTS: dict[str, Callable[[Any], Any]] = {
    "list": lambda x: [x],
    "tuple": lambda x: (x,),
    "dict": lambda x: {"k": x},
    "dict with other keys": lambda x: {b"k": x},
    "a pair of each": lambda x: [{"k": (x, b"\xff")}, "\ud800"],
}
HASHABLE_NESTS: dict[str, Callable[[Any], Any]] = {"tuple": lambda x: (x,), "frozenset": lambda x: frozenset({x})}


def nest(how: Callable[[Any], Any], levels: int, inner: Any = b"\xff") -> Any:
    for _ in range(levels):
        inner = how(inner)
    return inner


@pytest.mark.parametrize("how", NESTS.values(), ids=NESTS)
def test_nests_come_back_up_to_200_levels(how: Callable[[Any], Any]) -> None:
    levels = 200 if how is not NESTS["a pair of each"] else 66  # which is three levels at once
    value = nest(how, levels)
    for whole in (value, {"type": "http", "state": value}):
        tree = encode(whole)
        assert "$truncated" not in dict(tags_in(tree))
        assert same(whole, decode(tree))
        assert encode(decode(tree)) == tree


@pytest.mark.parametrize("how", HASHABLE_NESTS.values(), ids=HASHABLE_NESTS)
def test_nested_keys_and_members_come_back(how: Callable[[Any], Any]) -> None:
    key = nest(how, 150)
    for value in ({key: 1}, {key}, frozenset({key, 2})):
        assert same(value, decode(encode(value)))


@pytest.mark.parametrize("how", NESTS.values(), ids=NESTS)
@pytest.mark.parametrize("levels", [202, 5_000, 100_000])
def test_deeper_nests_are_cut_and_say_so(how: Callable[[Any], Any], levels: int) -> None:
    tree = encode(nest(how, levels))
    assert dict(tags_in(tree))["$truncated"] == {"size": None, "head": None}
    assert encode(decode(tree)) == tree


@pytest.mark.parametrize("levels", [199, 200])
def test_the_200th_level_is_the_last(levels: int) -> None:
    assert decode(encode(nest(NESTS["list"], levels, 1))) == nest(NESTS["list"], levels, 1)


# --- the JSON of each value ----------------------------------------------------------------------------------------------


class Colour(Enum):
    RED = 1


class Code(IntEnum):
    NORMAL = 1000


class Text(str):
    __slots__ = ()


Point = namedtuple("Point", "x y")  # noqa: PYI024 (the untyped one is what is tested)
HALF = "\ud800"
RELEASED = memoryview(b"gone")
RELEASED.release()
OBJECT = {"$object": f"{Colour.__module__}.Colour"}

JSON: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (2**64 - 1, 2**64 - 1),
    (-(2**63), -(2**63)),
    (2**64, {"$int": "18446744073709551616"}),
    (-(2**63) - 1, {"$int": "-9223372036854775809"}),
    (1 << 3000, {"$int": hex(1 << 3000)}),
    (-(1 << 3000), {"$int": hex(-(1 << 3000))}),
    (0.5, 0.5),
    (float("nan"), {"$float": "nan"}),
    (float("inf"), {"$float": "inf"}),
    (float("-inf"), {"$float": "-inf"}),
    ("a\\b$", "a\\b$"),
    ("$base64", "$base64"),
    (f"a\\b{HALF}", {"$text": "a\\\\b\\ud800"}),
    (b"ok", {"$bytes": "ok"}),
    (b"\xff", {"$bytes": {"$base64": "/w=="}}),
    (bytearray(b"ok"), {"$bytearray": "ok"}),
    (bytearray(b"\xff"), {"$bytearray": {"$base64": "/w=="}}),
    (memoryview(b"ok"), {"$memoryview": "ok"}),
    (memoryview(array("H", [1, 2])), {"$memoryview": "\x01\x00\x02\x00"}),
    (memoryview(b"abcdef")[::-2], {"$memoryview": "fdb"}),
    (RELEASED, {"$object": "memoryview"}),
    ([(1,), [2]], [[1], [2]]),
    (Point(1, b"x"), [1, {"$bytes": "x"}]),
    ({"a": {}}, {"a": {}}),
    ({"$a": 1}, {"$map": [["$a", 1]]}),
    ({"a": 1, b"b": 2, 3: None}, {"$map": [["a", 1], [{"$bytes": "b"}, 2], [3, None]]}),
    ({HALF: 1}, {"$map": [[{"$text": "\\ud800"}, 1]]}),
    ({(1, b"x"): 1}, {"$map": [[[1, {"$bytes": "x"}], 1]]}),
    ({1}, {"$set": [1]}),
    (frozenset(), {"$frozenset": []}),
    (HTTPStatus.NOT_FOUND, 404),
    (Code.NORMAL, 1000),
    (Text("a"), "a"),
    ({Text("a"): Text("b")}, {"a": "b"}),
    (Colour.RED, OBJECT),
    (Colour, {"$object": "enum.EnumType" if sys.version_info >= (3, 11) else "enum.EnumMeta"}),
    (int, {"$object": "type"}),
    (object(), {"$object": "object"}),
    (len, {"$object": "builtin_function_or_method"}),
    (Exception("secret"), {"$object": "Exception"}),
    (iter([1]), {"$object": "list_iterator"}),
    (OrderedDict(a=1), {"a": 1}),
    (UserDict(a=b"x"), {"a": {"$bytes": "x"}}),
    (MappingProxyType({"a": 1}), {"a": 1}),
    (MappingProxyType(MappingProxyType(UserDict(a=1))), {"a": 1}),
    (Counter("aab"), {"a": 2, "b": 1}),
    (ChainMap({"a": 1}, {"a": 2, "b": 3}), {"a": 1, "b": 3}),
    ({"a": 1}.keys(), ["a"]),
    ({"a": 1}.items(), [["a", 1]]),
    (Truncated(5, b"ab"), {"$truncated": {"size": 5, "head": {"$bytes": "ab"}}}),
    (Truncated(None), {"$truncated": {"size": None, "head": None}}),
    (Redacted(5, "f", "rule"), {"$redacted": {"size": 5, "fingerprint": "f", "why": "rule"}}),
    (Parts(("a", Redacted(1))), {"$parts": ["a", {"$redacted": {"size": 1, "fingerprint": None, "why": None}}]}),
    (Foreign("$later", [{"$x": 1}]), {"$later": [{"$x": 1}]}),
    (Foreign("$object", "a.B"), {"$object": "a.B"}),
]


@pytest.mark.parametrize(("value", "tree"), JSON, ids=[str(index) for index in range(len(JSON))])
def test_each_value_has_its_json(value: Any, tree: Any) -> None:
    assert encode(value) == tree
    assert encode([value]) == [tree]
    assert encode({"state": value}) == {"state": tree}
    assert encode(decode(tree)) == tree


BYTE_JSON: list[tuple[Any, Any]] = [
    (b"ok", "ok"),
    (b"", ""),
    (b"$base64", "$base64"),
    (b"\xff", {"$base64": "/w=="}),
    (b"\xed\xa0\x80", {"$base64": "7aCA"}),  # a lone surrogate is no UTF-8
    (bytearray(b"ok"), {"$bytearray": "ok"}),
    (memoryview(b"\xff"), {"$memoryview": {"$base64": "/w=="}}),
    (RELEASED, {"$object": "memoryview"}),
    ("text", {"$str": "text"}),
    (HALF, {"$str": {"$text": "\\ud800"}}),
    (None, None),
    (7, 7),
    ([b"x", "y"], [{"$bytes": "x"}, "y"]),
    ({"a": b"x"}, {"a": {"$bytes": "x"}}),
    (Truncated(9, b"ab"), {"$truncated": {"size": 9, "head": "ab"}}),
    (Truncated(9, "ab"), {"$truncated": {"size": 9, "head": {"$str": "ab"}}}),
    (Truncated(9, bytearray(b"ab")), {"$truncated": {"size": 9, "head": {"$bytearray": "ab"}}}),
    (
        Truncated(9, Parts((b"a", Redacted(3)))),
        {
            "$truncated": {
                "size": 9,
                "head": {"$parts": ["a", {"$redacted": {"size": 3, "fingerprint": None, "why": None}}]},
            }
        },
    ),
]


@pytest.mark.parametrize(("value", "tree"), BYTE_JSON, ids=[str(index) for index in range(len(BYTE_JSON))])
def test_each_value_has_its_json_in_a_byte_position(value: Any, tree: Any) -> None:
    for name, position in BYTE_POSITIONS.items():
        whole: Any = {"octets": value, "headers": [(value, value)], "links": [value]}[position]
        its_json: Any = {"octets": tree, "headers": [[tree, tree]], "links": [tree]}[position]
        assert encode({name: whole}) == {name: its_json}
        assert encode(decode({name: its_json})) == {name: its_json}


def test_only_the_top_level_has_byte_positions() -> None:
    assert encode({"state": {"body": b"x", "headers": [(b"a", b"b")]}}) == {
        "state": {"body": {"$bytes": "x"}, "headers": [[{"$bytes": "a"}, {"$bytes": "b"}]]}
    }
    assert encode([{"body": b"x"}]) == [{"body": {"$bytes": "x"}}]


def test_headers_that_are_none_are_kept_as_they_are() -> None:
    assert encode({"headers": {b"a": b"b"}}) == {"headers": {"$map": [[{"$bytes": "a"}, {"$bytes": "b"}]]}}
    assert encode({"headers": [b"ab", "ab", None]}) == {"headers": [{"$bytes": "ab"}, "ab", None]}
    assert encode({"headers": [(b"a", "b"), [b"a", b"b", b"c"], ()]}) == {
        "headers": [["a", {"$str": "b"}], ["a", "b", "c"], []]
    }
    generator = ((name, b"") for name in (b"a",))
    assert encode({"headers": generator}) == {"headers": {"$object": "generator"}}
    assert list(generator) == [(b"a", b"")]


@given(st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_no_tag_where_json_would_do(value: Any) -> None:
    assert encode(value) == value


@given(texts.filter(lambda text: text == text.encode("utf-8", "replace").decode()))
def test_text_is_plain_json(text: str) -> None:
    assert encode(text) == text
    if not text.startswith("$"):
        assert encode({text: [text]}) == {text: [text]}


@given(octets)
def test_octets_in_a_byte_position_are_plain_where_they_are_text(value: bytes) -> None:
    tree = encode({"body": value})["body"]
    try:
        assert tree == value.decode()
    except UnicodeDecodeError:
        assert list(tree) == ["$base64"]


@given(st.dictionaries(hashables, st.none(), max_size=4))
def test_a_mapping_is_tagged_only_for_its_keys(value: dict[Any, None]) -> None:
    plain = all(isinstance(key, str) and not key.startswith("$") and key.isprintable() for key in value)
    if plain:
        assert encode(value) == value
    elif not all(isinstance(key, str) for key in value):
        assert list(encode(value)) == ["$map"]


# --- what is foreign -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", TRAPS.values(), ids=TRAPS)
def test_looking_does_not_act(make: Callable[[], Any]) -> None:
    CALLS.clear()
    x = make()
    for value in (x, [x], {"state": {"x": x}}, {"headers": x}, {"headers": [x, (x, x)]}, {"body": x}, {"links": x}):
        for limits in ({}, LIMITS):
            json.dumps(encode(value, **limits), allow_nan=False)
    assert CALLS == []


def test_what_stands_for_the_lost_is_written_only_if_json_can_hold_it() -> None:
    for value in (
        Truncated(Trap()),
        Truncated(-1),
        Redacted(Trap()),
        Redacted(1, HALF),
        Parts([b"a"]),  # type: ignore[arg-type]
        Foreign("no tag", 1),
        Foreign(HALF, 1),
        Foreign("$x", object()),
        Foreign("$x", [float("nan")]),
        Foreign("$x", {1: 2}),
        Foreign("$x", {"a": [HALF]}),
        Foreign("$x", 2**64),
    ):
        assert encode(value) == {"$object": f"asgi_inspect.values.{type(value).__name__}"}


def test_cycles() -> None:
    x: list[Any] = [1]
    x.append({"again": x, "self": (x,)})
    assert encode(x) == [1, {"again": {"$cycle": 2}, "self": [{"$cycle": 3}]}]
    scope: dict[str, Any] = {"type": "http"}
    scope["state"] = {"scope": scope}
    scope["headers"] = [(scope, b"")]
    assert encode(scope) == {"type": "http", "state": {"scope": {"$cycle": 2}}, "headers": [[{"$cycle": 3}, ""]]}
    proxied: dict[str, Any] = {}
    proxied["p"] = MappingProxyType(proxied)
    assert encode(proxied) == {"p": {"$cycle": 1}}


def test_what_stands_twice_is_no_cycle() -> None:
    x = [1]
    assert encode([x, x, {"x": x}]) == [[1], [1], {"x": [1]}]


def test_a_small_graph_of_many_paths_is_bounded() -> None:
    x: Any = [b"x", object()]
    for _ in range(60):
        x = [x, x]
    assert ("$truncated", {"size": None, "head": None}) in tags_in(encode(x))


def test_members_that_cannot_be_told_apart_are_kept_as_they_stand() -> None:
    tree = encode({"a": {object(), object()}, "b": {object(): 1, object(): 2}, "c": {Truncated(1), Truncated(2)}})
    back = decode(tree)
    assert back["a"] == Foreign("$set", [{"$object": "object"}] * 2)
    assert back["b"] == Foreign("$map", [[{"$object": "object"}, 1], [{"$object": "object"}, 2]])
    assert back["c"] == {Truncated(1), Truncated(2)}
    assert encode(back)["a"] == tree["a"]
    assert encode(back)["b"] == tree["b"]


def test_a_defaultdict_gets_no_new_key() -> None:
    x: defaultdict[str, list[int]] = defaultdict(list, a=[1])
    assert encode({"x": ChainMap(x, {"b": 2})}) == {"x": {"b": 2, "a": [1]}}
    assert encode(x) == {"a": [1]}
    assert dict(x) == {"a": [1]}


def test_the_order_of_an_ordered_dict_is_its_own() -> None:
    class Ours(OrderedDict[Any, Any]):
        pass

    for cls in (OrderedDict, Ours):
        x = cls(a=1, b=2)
        x.move_to_end("a")
        assert list(encode(x).items()) == [("b", 2), ("a", 1)]
    x = OrderedDict(a=1, b=2)
    dict.__delitem__(x, "a")  # behind its back
    assert encode(x) == {"b": 2}


def test_keys_of_a_subclass_that_are_equal_as_text_are_both_kept() -> None:
    class Other(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            return self is other

    assert encode({"a": 1, Other("a"): 2}) == {"$map": [["a", 1], ["a", 2]]}
    assert encode({"type": "x", Other("type"): 2}) == {"$map": [["type", "x"], ["type", 2]]}


# --- truncation ----------------------------------------------------------------------------------------------------------


def cut(size: int | None, head: Any) -> dict[str, Any]:
    return {"$truncated": {"size": size, "head": head}}


BODIES: list[tuple[Any, int, Any]] = [
    (b"abc", 3, "abc"),
    (b"abc", 2, cut(3, "ab")),
    (b"abc", 0, cut(3, "")),
    (b"", 0, ""),
    (b"abc", -5, cut(3, "")),
    ("é€🙂x".encode(), 10, "é€🙂x"),
    ("é€🙂x".encode(), 9, cut(10, "é€🙂")),
    *[("é€🙂x".encode(), room, cut(10, "é€")) for room in (5, 6, 7, 8)],
    *[("é€🙂x".encode(), room, cut(10, "é")) for room in (2, 3, 4)],
    *[("é€🙂x".encode(), room, cut(10, "")) for room in (0, 1)],
    (b"\xff" * 9, 6, cut(9, {"$base64": "////////"})),
    (b"\x80" * 9, 6, cut(9, {"$base64": "gICAgICA"})),
    (bytearray(b"abc"), 2, cut(3, {"$bytearray": "ab"})),
    (bytearray(b"abc"), 3, {"$bytearray": "abc"}),
    (memoryview(b"abc"), 2, cut(3, {"$memoryview": "ab"})),
    (memoryview(b"abcdef")[::2], 2, cut(3, {"$memoryview": "ac"})),
    (memoryview(b"abcdef")[::-1], 2, cut(6, {"$memoryview": "fe"})),
    (memoryview(array("H", [0x6261, 0x6463])), 3, cut(4, {"$memoryview": "abc"})),
    (memoryview(b"abcdef").cast("B", [2, 3]), 4, cut(6, {"$memoryview": "abcd"})),
    (RELEASED, 0, {"$object": "memoryview"}),
    (None, 0, None),
    ("é€", 5, {"$str": "é€"}),
    ("é€", 4, cut(5, {"$str": "é"})),
    (Text("abc"), 2, cut(3, {"$str": "ab"})),
    ([b"abc"], 0, [{"$bytes": "abc"}]),
]


@pytest.mark.parametrize(("body", "room", "tree"), BODIES, ids=[str(index) for index in range(len(BODIES))])
def test_bodies_are_cut_at_a_character(body: Any, room: int, tree: Any) -> None:
    for name in ("body", "bytes"):
        message = {"type": "http.request", name: body, "more_body": False}
        assert encode(message, body_room=room) == {"type": "http.request", name: tree, "more_body": False}
        assert encode(decode({name: tree})) == {name: tree}


@pytest.mark.parametrize(
    ("text", "room", "tree"),
    [
        ("abc", 3, "abc"),
        ("abc", 2, cut(3, "ab")),
        (Text("abc"), 2, cut(3, "ab")),
        (Text("abc"), 3, "abc"),
        ("é€🙂x", 10, "é€🙂x"),
        ("é€🙂x", 8, cut(10, "é€")),
        (HALF * 2, 6, {"$text": "\\ud800\\ud800"}),
        (HALF * 2, 5, cut(6, {"$text": "\\ud800"})),
        (b"abc", 2, cut(3, {"$bytes": "ab"})),
        (None, 0, None),
        ("中" * 1_000_000, 4, cut(3_000_000, "中")),
    ],
)
def test_the_text_of_a_message_is_cut_at_a_character(text: Any, room: int, tree: Any) -> None:
    assert encode({"text": text}, body_room=room) == {"text": tree}
    assert encode(decode({"text": tree})) == {"text": tree}


def test_a_subclass_of_bytearray_is_not_asked() -> None:
    class Loud(bytearray):
        def __len__(self) -> int:
            raise AssertionError

        __getitem__ = __iter__ = __bytes__ = __len__  # type: ignore[assignment]

    assert encode({"body": Loud(b"abc")}, body_room=2) == {"body": cut(3, {"$bytearray": "ab"})}
    assert encode({"body": Loud(b"abc")}) == {"body": {"$bytearray": "abc"}}


@given(st.binary(max_size=40) | st.text(max_size=20).map(str.encode), st.integers(0, 40))
def test_a_head_is_a_beginning(body: bytes, room: int) -> None:
    back = decode(encode({"body": body}, body_room=room))["body"]
    if len(body) <= room:
        assert back == body
        return
    assert back.size == len(body)
    assert body.startswith(back.head)
    assert room - 4 < len(back.head) <= room
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return
    assert text.startswith(back.head.decode())


def test_a_message_with_other_keys_keeps_no_more_of_its_body() -> None:
    message = {"type": "http.request", "body": b"abc", 7: b"abc", "text": "abc", "bytes": bytearray(b"abc")}
    assert encode(message, body_room=2)["$map"] == [
        ["type", "http.request"],
        ["body", cut(3, {"$bytes": "ab"})],
        [7, {"$bytes": "abc"}],
        ["text", cut(3, "ab")],
        ["bytes", cut(3, {"$bytearray": "ab"})],
    ]


def test_other_values_have_a_limit_of_their_own() -> None:
    value = {"x": b"abcdef", "y": "abcdef", "z": bytearray(b"abcdef"), "i": 1 << 200, "k": {"abcdef": 1}, "ok": ["abc"]}
    assert encode({"state": value, "body": b"abcdef", "raw_path": b"abcdef"}, value_limit=3) == {
        "state": {
            "x": cut(6, {"$bytes": "abc"}),
            "y": cut(6, "abc"),
            "z": cut(6, {"$bytearray": "abc"}),
            "i": cut(26, None),
            "k": {"$map": [[cut(6, "abc"), 1]]},
            "ok": ["abc"],
        },
        "body": "abcdef",
        "raw_path": "abcdef",
    }


def test_many_values_below_the_limit_are_bounded_together() -> None:
    tree = encode({"state": ["x" * 1000] * 1000, "more": "x" * 1000}, value_limit=1000, max_nodes=2000)
    assert tree["state"][:16] == ["x" * 1000] * 16
    assert tree["state"][16:] == [cut(1000, "x" * 256)] * 984
    assert tree["more"] == "x" * 1000


@given(builtins | messages | wrong_messages, *[st.none() | st.integers(-1, 12)] * 3)
def test_whatever_was_cut_is_written_the_same_again(
    value: Any, body_room: int | None, value_limit: int | None, max_nodes: int | None
) -> None:
    tree = encode(value, body_room=body_room, value_limit=value_limit, max_nodes=max_nodes)
    json.dumps(tree, allow_nan=False)
    assert encode(decode(tree)) == tree


# --- bounded work --------------------------------------------------------------------------------------------------------


def test_what_is_too_large_is_cut_before_it_is_copied() -> None:
    large = dict.fromkeys(range(3_000_000))
    user: UserDict[int, None] = UserDict()
    user.data = large
    state = {
        "dict": large,
        "list": [None] * 3_000_000,
        "set": set(large),
        "proxy": MappingProxyType(large),
        "user": user,
        "view": large.keys(),
        "chain": ChainMap(large),
        "small": [1, 2],
    }
    tracemalloc.start()
    try:
        tree = encode({"state": state, "extensions": {"a": {}}}, **LIMITS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert tree["state"].pop("small") == [1, 2]  # what fits is there, whatever stood before it
    assert set(map(json.dumps, tree["state"].values())) == {json.dumps(cut(None, None))}
    assert tree["extensions"] == {"a": {}}
    assert peak < 100_000
    assert encode(large, **LIMITS) == cut(None, None)


def test_each_field_has_a_budget_of_its_own() -> None:
    tree = encode(
        {"state": list(range(1500)), "extensions": list(range(1500)), "x": [[0] * 1500, [0] * 1500]}, **LIMITS
    )
    assert len(tree["state"]) == len(tree["extensions"]) == 1500
    assert tree["x"] == [[0] * 1500, cut(None, None)]


def test_headers_are_free_of_the_budget() -> None:
    headers: list[Any] = [(b"a", b"b")] * 5000
    assert encode({"headers": headers}, **LIMITS) == {"headers": [["a", "b"]] * 5000}
    headers.append(("a", b"b"))
    assert len(encode({"headers": headers}, **LIMITS)["headers"]) == 5001


def test_with_hardly_any_stack_left_it_does_not_raise() -> None:
    value = {
        "type": "http",
        "headers": [(b"a", "b"), b"\xff"],
        "state": nest(NESTS["dict"], 150),
        "x": Truncated(1, Parts((b"a",))),
    }
    whole = encode(value)
    results = at_the_end_of_the_stack(lambda: encode(value), whole)
    assert all(result == cut(None, None) for result in results[:-1])
    assert len(results) > 1


def test_changes_by_another_thread_do_no_harm() -> None:
    value: dict[Any, Any] = {"a": [1, 2], "s": {1, 2}, "d": {1: 2}, "o": OrderedDict(a=1), "b": bytearray(b"abc")}
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            value["a"].append(number)
            value["s"].add(number)
            value["d"][object()] = number
            value["o"][str(number)] = value["o"].pop("a", 1)
            value["b"] += b"x"
            value[f"k{number}"] = number
            if number % 50 == 0:
                value.clear()
                value.update(a=[1, 2], s={1, 2}, d={1: 2}, o=OrderedDict(a=1), b=bytearray(b"abc"))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(2000):
            json.dumps(encode(value, body_room=100, value_limit=10, max_nodes=500))
    finally:
        done.set()
        thread.join()
        sys.setswitchinterval(interval)


def test_a_lower_limit_for_the_digits_of_an_int_does_no_harm() -> None:
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        for bits in range(2000, 2200):
            assert decode(encode(-(1 << bits))) == -(1 << bits)
    finally:
        sys.set_int_max_str_digits(limit)
