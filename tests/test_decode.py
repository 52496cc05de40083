import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.convert import encode
from asgi_inspect.decode import decode
from asgi_inspect.protocol.fields import BYTE_POSITIONS
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated
from tests.values import same, texts

TAGS = (
    "$base64 $bytes $bytearray $memoryview $str $float $int $text $map $set $frozenset $object $truncated $redacted $parts "
    "$cycle $later $"
).split()
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.sampled_from(["nan", "-inf", "0x", "0xff", "-7", "1" * 5000, "/w==", "/w", "\\", "\\ud800", "\\u0041"])
    | st.sampled_from([{"size": 1, "head": "x"}, {"size": "1", "head": "x"}, {"size": True, "head": None}, {"size": 1}])
    | st.sampled_from([{"size": 1, "fingerprint": None, "why": None}, {"size": 1, "fingerprint": 2, "why": None}])
)
names = st.sampled_from(TAGS) | st.sampled_from([*BYTE_POSITIONS, "size", "head", "type"]) | texts


def _deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.lists(inner, max_size=3)
        | st.dictionaries(names, inner, max_size=3)
        | st.builds(lambda tag, content: {tag: content}, st.sampled_from(TAGS), inner)
        | st.builds(lambda pairs: {"$map": pairs}, st.lists(st.lists(inner, min_size=2, max_size=2), max_size=3))
        | st.builds(lambda size, head: {"$truncated": {"size": size, "head": head}}, st.integers() | st.none(), inner)
    )


trees = st.recursive(leaves, _deeper, max_leaves=20)


@given(trees)
def test_no_json_makes_it_raise(tree: Any) -> None:
    copy = json.dumps(tree)
    value = decode(tree)
    assert json.dumps(tree) == copy
    again = encode(value)
    json.dumps(again, allow_nan=False)
    assert json.dumps(encode(decode(again))) == json.dumps(again)
    hash(Foreign("$x", tree))


def test_the_result_shares_nothing_with_the_tree() -> None:
    tree = {"type": "x", "client": ["a", 1], "state": {"a": {}, "b": [[]]}}
    value = decode(tree)
    for path in (("client",), ("state",), ("state", "a"), ("state", "b")):
        was, back = tree, value
        for name in path:
            was, back = was[name], back[name]  # type: ignore[assignment]
        assert was == back
        assert was is not back


DECODED: list[tuple[Any, Any]] = [
    ({"$base64": "/w=="}, b"\xff"),
    ({"$base64": "aGk="}, b"hi"),  # as another tool may write it
    ({"$bytes": "hi"}, b"hi"),
    ({"$bytes": {"$base64": "/w=="}}, b"\xff"),
    ({"$bytearray": "hi"}, bytearray(b"hi")),
    ({"$memoryview": {"$base64": "/w=="}}, memoryview(b"\xff")),
    ({"$str": "hi"}, "hi"),
    ({"$str": {"$text": "\\ud800"}}, "\ud800"),
    ({"$text": "a\\\\ud800\\udfff"}, "a\\ud800\udfff"),
    ({"$float": "-inf"}, float("-inf")),
    ({"$float": "nan"}, float("nan")),
    ({"$int": "-99999999999999999999"}, -99999999999999999999),
    ({"$int": "0x10000000000000000"}, 1 << 64),
    ({"$int": "-0x10000000000000000"}, -(1 << 64)),
    ({"$map": [[{"$bytes": "a"}, 1], [[1, [2]], {}]]}, {b"a": 1, (1, (2,)): {}}),
    ({"$map": []}, {}),
    ({"$set": [1, ["a", {"$frozenset": [["b"]]}]]}, {1, ("a", frozenset({("b",)}))}),
    ({"$truncated": {"size": 5, "head": {"$bytes": "a"}}}, Truncated(5, b"a")),
    ({"$truncated": {"head": None, "size": None}}, Truncated(None)),
    ({"$redacted": {"why": "r", "size": 5, "fingerprint": "f"}}, Redacted(5, "f", "r")),
    ({"$parts": ["a", {"$redacted": {"size": 5, "fingerprint": None, "why": None}}]}, Parts(("a", Redacted(5)))),
    ({"$object": "a.B"}, Foreign("$object", "a.B")),
    ({"$cycle": 2}, Foreign("$cycle", 2)),
    ({"$later": {"a": [{"$bytes": "x"}]}}, Foreign("$later", {"a": [{"$bytes": "x"}]})),
    ({"$": None}, Foreign("$", None)),
    ({"$bytes": "a", "b": 1}, {"$bytes": "a", "b": 1}),  # no tag: two keys
]


@pytest.mark.parametrize(("tree", "value"), DECODED, ids=[str(index) for index in range(len(DECODED))])
def test_each_tag_has_its_value(tree: Any, value: Any) -> None:
    for back in (decode(tree), decode([tree])[0], decode({"x": {"y": tree}})["x"]["y"]):
        assert same(value, back)


MISFITS: list[dict[str, Any]] = [
    {"$base64": "/w"},
    {"$base64": "\u00e9"},
    {"$base64": 1},
    {"$bytes": None},
    {"$bytes": {"$base64": "!"}},
    {"$bytes": {"$text": "a"}},
    {"$bytes": "\ud800"},
    {"$bytearray": []},
    {"$memoryview": {}},
    {"$str": 1},
    {"$str": {"$bytes": "a"}},
    {"$text": None},
    {"$float": "1.5"},
    {"$float": 1.5},
    {"$float": []},
    {"$int": 1},
    {"$int": "1.5"},
    {"$int": "\u0661"},
    {"$int": "1" * 5000},
    {"$int": "0xg"},
    {"$map": {}},
    {"$map": [[1]]},
    {"$map": [[1, 2, 3]]},
    {"$map": ["ab"]},
    {"$map": [[{}, 1]]},
    {"$map": [[1, 1], [1, 2]]},
    {"$map": [[True, 1], [1, 2]]},
    {"$set": "ab"},
    {"$set": [{}]},
    {"$set": [[{}]]},
    {"$set": [1, 1]},
    {"$frozenset": [{"$bytearray": ""}]},
    {"$truncated": 5},
    {"$truncated": {"size": 5}},
    {"$truncated": {"size": -5, "head": None}},
    {"$truncated": {"size": "5", "head": None}},
    {"$truncated": {"size": True, "head": None}},
    {"$truncated": {"size": 5, "head": None, "more": 1}},
    {"$redacted": {"size": 5, "fingerprint": "f"}},
    {"$redacted": {"size": 5, "fingerprint": 1, "why": None}},
    {"$redacted": {"size": 1.5, "fingerprint": None, "why": None}},
    {"$parts": "ab"},
]


@pytest.mark.parametrize("tree", MISFITS, ids=[str(index) for index in range(len(MISFITS))])
def test_a_tag_whose_content_does_not_fit_is_kept_as_it_stands(tree: dict[str, Any]) -> None:
    ((tag, content),) = tree.items()
    assert decode(tree) == decode([tree])[0] == decode({"body": tree})["body"] == Foreign(tag, content)


def test_a_str_is_bytes_only_in_a_byte_position() -> None:
    assert decode({"body": "\u00e9", "path": "\u00e9"}) == {"body": "\u00e9".encode(), "path": "\u00e9"}
    assert decode({"headers": [["a", "b"], ["c"], "d", {"e": "f"}, None]}) == {
        "headers": [[b"a", b"b"], [b"c"], "d", {"e": "f"}, None]
    }
    assert decode({"headers": {"a": "b"}, "links": ["a", ["b"], None]}) == {
        "headers": {"a": "b"},
        "links": [b"a", ["b"], None],
    }
    assert decode({"state": {"body": "x"}}) == {"state": {"body": "x"}}
    assert decode([{"body": "x"}]) == [{"body": "x"}]
    assert decode({"$map": [["body", "x"]]}) == {"body": "x"}


def test_lone_surrogates_that_other_readers_of_json_let_through() -> None:
    half = "\ud800"
    passed = half.encode("utf-8", "surrogatepass")
    assert decode({"body": half, "headers": [[half, half]], "x": half}) == {
        "body": passed,
        "headers": [[passed, passed]],
        "x": half,
    }


@pytest.mark.parametrize("levels", [1_000, 20_000])
def test_any_depth(levels: int) -> None:
    nest: Any = []
    tagged: Any = 1
    for _ in range(levels):
        nest = [nest]
        tagged = {"$truncated": {"size": 1, "head": tagged}}
    assert type(decode(nest)) is list
    assert type(decode({"$set": [nest]})) is Foreign
    assert type(decode({"body": tagged})["body"]) is Truncated
    assert type(decode({"$set": [tagged]})) is Foreign
    assert type(decode({"$map": [[nest, tagged]]})) is Foreign
    json.dumps(encode(decode({"body": tagged, "x": tagged})))


def test_equal_stand_ins_have_equal_hashes() -> None:
    for one, other in (
        (Foreign("$x", 1), Foreign("$x", 1.0)),
        (Foreign("$x", {"a": 1, "b": 2}), Foreign("$x", {"b": 2, "a": 1})),
        (Foreign("$object", "a"), Foreign("$object", "a")),
    ):
        assert one == other
        assert hash(one) == hash(other)


@given(st.binary())
def test_base64_is_the_standard_one(octets: bytes) -> None:
    assert decode({"$base64": base64.b64encode(octets).decode()}) == octets
