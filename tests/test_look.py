from array import array
from collections import ChainMap, OrderedDict, UserDict
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.look import (
    class_attribute,
    derives,
    dict_behind,
    exact_bytes,
    exact_float,
    exact_int,
    exact_str,
    instance_dict,
    mapping_items,
    members,
    octets_head,
    octets_size,
    printable,
    qualified_name,
)
from tests.traps import CALLS, Sprung, Trap, trapped


class Outer:
    class Inner:
        pass


class Slots:
    __slots__ = ("x",)


class OwnDict:
    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        raise Sprung


class OddMeta(type):
    @property
    def __module__(cls) -> str:  # type: ignore[override]
        raise Sprung

    @property
    def __mro__(cls) -> tuple[type, ...]:
        raise Sprung


def test_the_name_of_a_class() -> None:
    assert qualified_name(int) == "int"
    assert qualified_name(Outer.Inner) == f"{__name__}.Outer.Inner"
    assert qualified_name(eval("type('X', (), {})", {})) == "X"
    assert qualified_name(type("X", (), {"__module__": 7})) == "X"
    assert qualified_name(type("X", (), {"__module__": trapped(str)("m")})) == "X"
    assert qualified_name(type.__new__(OddMeta, "X", (), {"__module__": "m"})) == "m.X"
    assert len(qualified_name(type("x" * 5000, (), {}))) == 1001


def test_the_attributes_of_an_instance() -> None:
    x = Outer()
    x.__dict__["a"] = 1
    assert instance_dict(x) == {"a": 1}
    assert instance_dict(Slots()) == instance_dict(1) == instance_dict(OwnDict()) == instance_dict(Trap()) == {}
    assert instance_dict(trapped(Exception)()) == {}
    assert CALLS == []


def test_the_attributes_of_a_class_are_not_bound() -> None:
    assert class_attribute(Outer, "Inner") is Outer.Inner
    assert type(class_attribute(OwnDict, "__dict__")) is property
    assert class_attribute(Outer, "nothing") is None
    assert class_attribute(type.__new__(OddMeta, "X", (), {"a": 1}), "a") == 1


def test_derives_asks_nobody() -> None:
    CALLS.clear()
    registered = type("Registered", (), {})
    Mapping.register(registered)
    assert not derives(registered, Mapping)
    assert derives(UserDict, Mapping)
    assert not derives(type(Trap()), Mapping)
    assert CALLS == []


def test_the_dict_behind_a_mapping() -> None:
    held = {"a": 1}
    user = UserDict[str, int]()
    user.data = held
    wrong = UserDict[str, int]()
    wrong.data = 7  # type: ignore[assignment]
    assert dict_behind(held, dict) is held
    assert dict_behind(user, UserDict) is held
    assert dict_behind(MappingProxyType(user), MappingProxyType) is held
    assert dict_behind(MappingProxyType(MappingProxyType(held)), MappingProxyType) is held
    assert dict_behind(wrong, UserDict) is None
    assert dict_behind(Trap(), type(Trap())) is None
    foreign: Any = _Foreign()
    assert dict_behind(MappingProxyType(foreign), MappingProxyType) is None


class _Foreign(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        raise Sprung

    __len__ = __iter__ = keys = items = __getitem__  # type: ignore[assignment]


class Loud(dict[Any, Any]):
    def items(self) -> Any:
        raise Sprung

    keys = __iter__ = __getitem__ = __missing__ = __len__ = items  # type: ignore[assignment]


def test_the_items_of_a_mapping() -> None:
    assert mapping_items(Loud(a=1), Loud) == [("a", 1)]
    assert mapping_items(UserDict(a=1), UserDict) == [("a", 1)]
    assert mapping_items(_Foreign(), _Foreign) is None
    assert mapping_items([("a", 1)], list) is None
    assert mapping_items(None, type(None)) is None


def test_the_items_of_a_chain_are_those_that_it_would_give() -> None:
    cases: list[list[Any]] = [
        [],
        [{}],
        [{"a": 1}, {"b": 2, "a": 3}],
        [{"a": 1}, UserDict(b=2), MappingProxyType({"c": 3})],
    ]
    for maps in cases:
        x: ChainMap[str, int] = ChainMap(*maps)
        assert mapping_items(x, ChainMap) == list(x.items())
    assert mapping_items(ChainMap(_Foreign()), ChainMap) is None  # type: ignore[arg-type]
    assert mapping_items(ChainMap({trapped(object, __hash__=lambda x: 1)(): 1}), ChainMap) is None
    bare = ChainMap.__new__(ChainMap)
    assert mapping_items(bare, ChainMap) is None


def test_an_ordered_dict_with_keys_that_would_be_asked() -> None:
    cls = trapped(object, __hash__=lambda self: 7, __eq__=lambda self, other: self is other)
    keys = [cls(), cls()]
    x = OrderedDict.fromkeys(keys)
    cls.__hash__ = vars(Trap)["__hash__"]
    CALLS.clear()
    items = mapping_items(x, OrderedDict)
    assert CALLS == []
    assert items is not None
    assert all(key is expected for (key, _), expected in zip(items, keys, strict=True))


def test_what_never_holds_still_is_given_up() -> None:
    def changing(x: Any) -> Iterator[Any]:
        yield from x
        raise RuntimeError

    assert members(changing, [1]) is None
    assert members(list.__iter__, [1]) == [1]


@pytest.mark.parametrize(
    ("exact", "base", "value"),
    [(exact_str, str, "é"), (exact_int, int, 1 << 70), (exact_float, float, 0.5), (exact_bytes, bytes, b"x")],
)
def test_a_subclass_as_the_builtin_that_it_is(exact: Callable[[Any], Any], base: type, value: Any) -> None:
    CALLS.clear()
    result = exact(trapped(base)(value))
    assert type(result) is base
    assert result == value
    assert CALLS == []


@given(st.text(st.characters(exclude_categories=())))
def test_printable_is_what_utf8_can_hold(text: str) -> None:
    assert printable(text).encode() == text.encode("utf-8", "backslashreplace")


views: dict[str, Callable[[bytes], Any]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "reversed": lambda octets: memoryview(octets[::-1])[::-1],
    "strided": lambda octets: memoryview(bytes(byte for octet in octets for byte in (octet, 0)))[::2],
    "of a bytearray": lambda octets: memoryview(bytearray(octets)),
    "of two rows": lambda octets: memoryview(octets).cast("B", [2, len(octets) // 2]) if octets else memoryview(octets),
    "of wider items": lambda octets: memoryview(array("H", octets)),
}


@pytest.mark.parametrize("view", views.values(), ids=views)
@given(
    octets=(st.binary(max_size=12) | st.text(max_size=6).map(str.encode)).map(
        lambda octets: octets[: len(octets) // 2 * 2]
    ),
    limit=st.integers(0, 14),
)
def test_a_head_is_the_same_of_every_byte_string(view: Callable[[bytes], Any], octets: bytes, limit: int) -> None:
    x = view(octets)
    assert octets_size(x) == len(octets)
    assert exact_bytes(x) == octets
    assert octets_head(x, limit) == octets_head(octets, limit)


@given(st.text(max_size=8).map(str.encode), st.integers(0, 20))
def test_a_head_of_text_is_all_of_the_characters_that_fit(octets: bytes, limit: int) -> None:
    head = octets_head(octets, limit)
    head.decode()
    rest = octets[len(head) :].decode()
    assert not rest or len(head) + len(rest[0].encode()) > limit


def test_a_released_memoryview_has_nothing() -> None:
    x = memoryview(b"gone")
    x.release()
    for ask in (octets_size, exact_bytes, lambda x: octets_head(x, 1)):
        with pytest.raises(ValueError, match="released"):
            ask(x)
