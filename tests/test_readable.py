import asyncio
import dataclasses
import enum
import functools
import json
import sys
import threading
import types
import uuid
import weakref
from array import array
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator, Mapping
from dataclasses import InitVar, dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from http import HTTPStatus
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import PurePosixPath, PureWindowsPath
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple
from unittest.mock import MagicMock
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.convert import convert_bytes_to_str, decode, encode
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated
from tests.stack import at_the_end_of_the_stack
from tests.traps import CALLS, TRAPS, Sprung, trapped
from tests.values import builtins, hashables, json_values, messages, octets, wrong_messages

HALF = "\ud800"


def shown(value: Any, *, limit: int | None = None) -> Any:
    """The result, after what is true of every result was asserted."""
    result = convert_bytes_to_str(value, limit=limit)
    text = json.dumps(result, allow_nan=False, ensure_ascii=False)
    text.encode()  # no lone surrogates
    assert json.loads(text) == as_json(result)
    return result


def as_json(x: Any) -> Any:
    """Plain data with each tuple as a list; fails for anything that is no plain data."""
    if type(x) in (list, tuple):
        return [as_json(member) for member in x]
    if type(x) is dict:
        assert all(type(key) is str for key in x)
        return {key: as_json(member) for key, member in x.items()}
    assert x is None or type(x) in (bool, int, float, str)
    return x


# --- the ancestor --------------------------------------------------------------------------------------------------------


def ancestor(data: Any) -> Any:
    if isinstance(data, bytes):
        return data.decode()
    if isinstance(data, tuple):
        return tuple(map(ancestor, data))
    if isinstance(data, list):
        return list(map(ancestor, data))
    if isinstance(data, dict):
        return {ancestor(key): ancestor(value) for key, value in data.items()}
    return data


names = st.text(max_size=5)
plain_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | names
    | names.map(str.encode)
)
plain = st.recursive(
    plain_leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(names, inner, max_size=4)
        | st.dictionaries(names.map(str.encode), inner, max_size=4)
    ),
)


@given(plain)
def test_plain_values_are_shown_as_by_the_ancestor(value: Any) -> None:
    result, expected = shown(value), ancestor(value)
    assert result == expected
    assert repr(result) == repr(expected)  # and so are the types, and the order of keys


def test_a_scope_is_shown_as_by_the_ancestor() -> None:
    scope = {
        "type": "http",
        "client": ("127.0.0.1", 5),
        "headers": [(b"host", b"a"), (b"x", "中".encode())],
        "state": {b"a": {"b": b""}},
        "raw_path": b"/",
    }
    assert shown(scope) == ancestor(scope)
    assert list(shown(scope)) == list(scope)


def test_what_stands_in_many_places_stands_in_all_of_them() -> None:
    pairs = [(b"a", b"b")] * 300_000
    assert convert_bytes_to_str(pairs) == [("a", "b")] * 300_000
    large = list(range(300_000))
    assert convert_bytes_to_str({"a": large, "b": large}) == {"a": large, "b": large}


# --- total ---------------------------------------------------------------------------------------------------------------


@given(builtins | messages | wrong_messages, st.none() | st.integers(-1, 5))
def test_whatever_is_builtin_becomes_plain_data(value: Any, limit: int | None) -> None:
    shown(value, limit=limit)
    shown({"k": value, "t": (value,)}, limit=limit)


@given(st.dictionaries(hashables, st.integers(0, 9), max_size=8))
def test_no_item_of_a_mapping_is_lost(value: dict[Any, int]) -> None:
    result = shown(value)
    assert list(result.values()) == list(value.values())


@given(json_values, builtins)
def test_what_came_out_of_a_trace_becomes_plain_data(tree: Any, value: Any) -> None:
    shown(decode(tree))
    shown(decode(encode({"headers": value, "body": value, "state": value}, body_room=2, value_limit=2)))


@pytest.mark.parametrize("make", TRAPS.values(), ids=TRAPS)
def test_looking_does_not_act(make: Callable[[], Any]) -> None:
    CALLS.clear()
    x = make()
    for value in (
        x,
        [x],
        {"a": (x,)},
        Truncated(x, x),
        Redacted(x, x, x),
        Parts((x, x)),
        Foreign(x, x),
        Foreign("$x", x),
    ):
        shown(value)
        shown(value, limit=1)
    assert CALLS == []


def test_keys_are_not_asked() -> None:
    cls = trapped(object, __hash__=lambda self: 1, __eq__=lambda self, other: self is other)
    CALLS.clear()
    key = {cls(): 1, cls(): 2, "a": 3}
    for value in (key, OrderedDict(key), MappingProxyType(key), UserDict(key), ChainMap(key), defaultdict(list, key)):
        assert set(shown(value)) == {"<tests.traps.Trapped>", "<tests.traps.Trapped> (tests.traps.Trapped)", "a"} or (
            type(value) is ChainMap
        )
    assert CALLS == []


def test_a_mock_is_not_asked() -> None:
    x = MagicMock(spec=dict)
    assert shown(x) == "<unittest.mock.MagicMock>"
    assert x.mock_calls == []


# --- each sort of value --------------------------------------------------------------------------------------------------


class Colour(enum.Enum):
    RED = b"red"
    LIST = [b"x"]


class Nested(enum.Enum):
    RED = Colour.RED


class Bits(enum.Flag):
    A = 1
    B = 2


class IntBits(enum.IntFlag):
    A = 1
    B = 2


class Name(enum.StrEnum):
    A = "a"


class TextEnum(str, enum.Enum):  # noqa: UP042 (as people wrote them before there was StrEnum)
    A = "a"


class DayEnum(date, enum.Enum):
    NEW_YEAR = 2024, 1, 1


@dataclass
class Base:
    a: bytes
    count: ClassVar[int] = 7
    start: InitVar[int] = 0
    b: list[Any] = dataclasses.field(default_factory=list, repr=False)

    @property
    def loud(self) -> None:
        raise Sprung


@dataclass(slots=True, frozen=True)
class Slotted:
    x: Any
    y: int = 2


@dataclass(slots=True, frozen=True)
class Derived(Slotted):
    z: bytes = b"z"


@dataclass
class Child(Base):
    c: int = 3


class Pair(NamedTuple):
    x: bytes
    y: int


Point = namedtuple("Point", "x y")  # noqa: PYI024 (the untyped one is what is tested)


class ForeignZone(tzinfo):
    def utcoffset(self, dt: datetime | None) -> timedelta:
        raise Sprung

    dst = tzname = utcoffset  # type: ignore[assignment]


class Bound:
    def method(self) -> None: ...

    @classmethod
    def of_class(cls) -> None: ...

    def __call__(self) -> None: ...


def function() -> None: ...


RELEASED = memoryview(b"gone")
RELEASED.release()
HERE = __name__
MOMENT = datetime(2024, 5, 6, 7, 8, 9, 10)

SHOWN: list[tuple[Any, Any]] = [
    # text
    (b"\xff\xc3", "\\xff\\xc3"),
    (bytearray(b"a\xff"), "a\\xff"),
    (memoryview(b"abc")[::-1], "cba"),
    (memoryview(array("H", [0x6261])), "ab"),
    (RELEASED, "<released memoryview>"),
    (f"a{HALF}\\", "a\\ud800\\"),
    ("中🙂\x00", "中🙂\x00"),
    # numbers
    (float("nan"), "NaN"),
    (float("inf"), "Infinity"),
    (float("-inf"), "-Infinity"),
    (2**64, "18446744073709551616"),
    (-(2**63) - 1, "-9223372036854775809"),
    (1 << 40_000, hex(1 << 40_000)),
    (True, True),
    (Decimal("1.10"), "1.10"),
    (Decimal("NaN"), "NaN"),
    (Fraction(1, 3), "1/3"),
    (1 + 2j, "(1+2j)"),
    (range(1, 5, 2), "range(1, 5, 2)"),
    # enums
    (HTTPStatus.NOT_FOUND, 404),
    (Colour.RED, "red"),
    (Colour.LIST, ["x"]),
    (Nested.RED, "red"),
    (Bits.A | Bits.B, 3),
    (IntBits.A | IntBits.B, 3),
    (Name.A, "a"),
    (TextEnum.A, "a"),
    (DayEnum.NEW_YEAR, "2024-01-01"),
    # time
    (MOMENT, "2024-05-06T07:08:09.000010"),
    (MOMENT.replace(tzinfo=UTC), "2024-05-06T07:08:09.000010+00:00"),
    (MOMENT.replace(tzinfo=timezone(timedelta(hours=2))), "2024-05-06T07:08:09.000010+02:00"),
    (MOMENT.replace(tzinfo=ZoneInfo("Europe/Berlin")), "2024-05-06T07:08:09.000010+02:00"),
    (MOMENT.replace(tzinfo=ForeignZone()), f"2024-05-06T07:08:09.000010 <{HERE}.ForeignZone>"),
    (date(2024, 1, 2), "2024-01-02"),
    (time(1, 2), "01:02:00"),
    (time(1, 2, 3, 4, tzinfo=ForeignZone()), f"01:02:03.000004 <{HERE}.ForeignZone>"),
    (timedelta(days=1, seconds=2), "1 day, 0:00:02"),
    # other objects of the standard library
    (uuid.UUID(int=255), "00000000-0000-0000-0000-0000000000ff"),
    (PurePosixPath("/a/b"), "/a/b"),
    (PurePosixPath(f"/a{HALF}"), "/a\\ud800"),
    (PureWindowsPath("c:/a"), "c:\\a"),
    (ip_address("127.0.0.1"), "127.0.0.1"),
    (ip_interface("::1/128"), "::1/128"),
    (ip_network("10.0.0.0/8"), "10.0.0.0/8"),
    # containers
    ((1, [b"a", (b"b",)]), (1, ["a", ("b",)])),
    (Pair(b"x", 1), ("x", 1)),
    (Point(b"x", 1), ("x", 1)),
    ({b"b", b"a", b"c"}, ["a", "b", "c"]),
    (frozenset({3, 1, 2.5}), [1, 2.5, 3]),
    ({None, True, "a"}, ["a", None, True]),
    (deque([b"a"], maxlen=3), ["a"]),
    (array("i", [1, 2]), [1, 2]),
    ({"a": b"b"}.keys(), ["a"]),
    ({"a": b"b"}.values(), ["b"]),
    ({"a": b"b"}.items(), [("a", "b")]),
    (UserDict(a=b"b"), {"a": "b"}),
    (MappingProxyType(UserDict(a=b"b")), {"a": "b"}),
    (ChainMap({"a": b"1"}, {"a": 2, "b": 3}), {"a": "1", "b": 3}),
    (Counter("aab"), {"a": 2, "b": 1}),
    (weakref.WeakValueDictionary(), {}),
    # dataclasses
    (Base(b"a", 1), {"a": "a", "b": []}),
    (Child(b"a", 1, [b"x"], 4), {"a": "a", "b": ["x"], "c": 4}),
    (Slotted(b"x"), {"x": "x", "y": 2}),
    (Derived(1), {"x": 1, "y": 2, "z": "z"}),
    (Slotted.__new__(Slotted), {}),
    # classes and functions
    (int, "<class int>"),
    (Base, f"<class {HERE}.Base>"),
    (Colour, f"<class {HERE}.Colour>"),
    (function, f"<function {HERE}.function>"),
    (Bound().method, f"<function {HERE}.Bound.method>"),
    (Bound.of_class, f"<function {HERE}.Bound.of_class>"),
    (types.MethodType(Bound(), 1), f"<function {HERE}.Bound>"),
    (len, "<function len>"),
    ({}.get, "<function dict.get>"),
    (dict.fromkeys, "<function dict.fromkeys>"),
    (json.dumps, "<function json.dumps>"),
    (functools.partial(function), "<functools.partial>"),
    # everything else
    (object(), "<object>"),
    (Bound(), f"<{HERE}.Bound>"),
    (Exception(b"secret"), "<Exception>"),
    (iter([1]), "<list_iterator>"),
    (UserList([b"a"]), "<collections.UserList>"),
    (..., "<ellipsis>"),
    (sys, "<module>"),
    # what a trace holds in place of a value
    (Truncated(5, b"ab"), "ab… (5 bytes)"),
    (Truncated(5, b""), "<5 bytes>"),
    (Truncated(None), "<too deep or too large to keep>"),
    (Redacted(5, "f00d", "rule"), "<redacted: 5 bytes, f00d>"),
    (Redacted(None), "<redacted>"),
    (Parts((b"sid=", Redacted(5), "; Path=/")), "sid=<redacted: 5 bytes>; Path=/"),
    (Truncated(50, Parts((b"sid=", Redacted(5)))), "sid=<redacted: 5 bytes>… (50 bytes)"),
    (Foreign("$object", "a.B"), "<a.B>"),
    (Foreign("$cycle", 1), "<cycle: 1 level up>"),
    (Foreign("$later", [{"a": 1}]), {"$later": [{"a": 1}]}),
]


@pytest.mark.parametrize(("value", "expected"), SHOWN, ids=[str(index) for index in range(len(SHOWN))])
def test_each_value_is_shown(value: Any, expected: Any) -> None:
    for result in (shown(value), shown([value])[0], shown({"a": value})["a"]):
        assert result == expected
        assert type(result) is type(expected)


def test_an_enum_may_hold_itself() -> None:
    member: Any = Colour.LIST
    member._value_.append(member)
    try:
        assert shown(member) == ["x", "<cycle: 1 level up>"]
    finally:
        member._value_.pop()
    previous: Any = 1
    for number in range(300):
        (previous,) = enum.Enum(f"E{number}", {"A": previous})  # type: ignore[misc]
    assert shown(previous) == 1
    previous._value_ = previous
    assert shown(previous) == f"<{HERE}.E299>"


def test_a_generator_is_not_consumed() -> None:
    x = (number for number in range(3))
    assert shown({"headers": x}) == {"headers": "<generator>"}
    assert list(x) == [0, 1, 2]


def test_looking_makes_no_keys() -> None:
    x: defaultdict[str, list[Any]] = defaultdict(list, a=[b"x"])
    assert shown(x) == {"a": ["x"]}
    assert shown(ChainMap(x, {"b": 1})) == {"b": 1, "a": ["x"]}
    assert dict(x) == {"a": [b"x"]}


def test_the_order_of_keys_stays() -> None:
    x = OrderedDict.fromkeys("abc")
    x.move_to_end("a")
    assert list(shown(x)) == ["b", "c", "a"]
    assert list(shown(dict.fromkeys(["z", b"y", 1, None, "a"]))) == ["z", "y", "1", "null", "a"]


# --- keys ----------------------------------------------------------------------------------------------------------------


class Odd(str):
    __slots__ = ()

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        return self is other


KEYS: list[tuple[dict[Any, int], list[str]]] = [
    ({b"a": 1, "a": 2}, ["a (bytes)", "a"]),
    ({"a": 1, b"a": 2}, ["a", "a (bytes)"]),
    ({"a": 1, b"a": 2, "a (bytes)": 3}, ["a", "a (bytes 2)", "a (bytes)"]),
    ({1: 1, "1": 2, 1.5: 3, "1.5": 4}, ["1 (int)", "1", "1.5 (float)", "1.5"]),
    ({None: 1, "null": 2, True: 3, "true": 4, False: 5}, ["null (NoneType)", "null", "true (bool)", "true", "false"]),
    ({(b"a", 1): 1, "('a', 1)": 2}, ["('a', 1) (tuple)", "('a', 1)"]),
    ({b"\xff": 1, "\\xff": 2, HALF: 3, "\\ud800": 4}, ["\\xff (bytes)", "\\xff", "\\ud800", "\\ud800 (str)"]),
    ({b"\xff": 1, b"\\xff": 2}, ["\\xff", "\\xff (bytes)"]),
    ({float("nan"): 1, "NaN": 2, float("inf"): 3}, ["NaN (float)", "NaN", "Infinity"]),
    ({2**70: 1, str(2**70): 2}, [f"{2**70} (int)", str(2**70)]),
    ({int: 1, "<class int>": 2}, ["<class int> (type)", "<class int>"]),
    ({HTTPStatus.OK: 1, "200": 2}, ["200 (http.HTTPStatus)", "200"]),
    ({Colour.RED: 1, "red": 2}, [f"red ({HERE}.Colour)", "red"]),
    ({uuid.UUID(int=0): 1}, ["00000000-0000-0000-0000-000000000000"]),
    ({frozenset({b"b", b"a"}): 1}, ["['a', 'b']"]),
    ({Slotted(1): 1}, ["{'x': 1, 'y': 2}"]),
    ({Odd("a"): 1, Odd("a"): 2, "a": 3}, ["a", f"a ({HERE}.Odd)", "a (str)"]),
]


@pytest.mark.parametrize(("value", "expected"), KEYS, ids=[str(index) for index in range(len(KEYS))])
def test_keys_become_text_and_stay_apart(value: dict[Any, int], expected: list[str]) -> None:
    result = shown(value)
    assert list(result) == expected
    assert list(result.values()) == list(value.values())
    assert shown([value, value]) == [result, result]


def test_many_keys_of_one_name_are_numbered_in_time() -> None:
    result = shown({object(): number for number in range(30_000)})
    assert list(result)[:3] == ["<object>", "<object> (object)", "<object> (object 2)"]
    assert list(result)[-1] == "<object> (object 29999)"


def test_keys_nested_in_keys() -> None:
    key: Any = Slotted(b"x")
    for _ in range(500):

        @dataclass(eq=False)
        class Holder:
            inner: Any

        key = Holder({key: 1})
    (name,) = shown({key: 1})
    assert name.startswith("{'inner': {'{\\'inner\\': ")
    assert len(name) <= 4097  # each level would double the backslashes of the one inside


# --- foreign mappings ----------------------------------------------------------------------------------------------------


class Ours(Mapping[Any, Any]):
    """A mapping of somebody else's making; `items` is given."""

    def __init__(self, items: Callable[[], Any]) -> None:
        self._items = items

    def items(self) -> Any:
        return self._items()

    def __getitem__(self, key: Any) -> Any:
        raise Sprung

    def __len__(self) -> int:
        raise Sprung

    def __iter__(self) -> Iterator[Any]:
        raise Sprung


class Registered:
    def items(self) -> Any:
        return [("a", b"b")]


Mapping.register(Registered)


def fail(exc: BaseException) -> Any:
    raise exc


def endless(make: Callable[[], Any]) -> Iterator[Any]:
    number = 0
    while True:
        number += 1
        yield number, make()


NAMED = f"<{HERE}.Ours>"
FOREIGN: list[tuple[Callable[[], Any], Any]] = [
    (lambda: [("a", b"b"), (b"a", 1)], {"a": "b", "a (bytes)": 1}),
    (lambda: [("set-cookie", b"a"), ("set-cookie", b"b")], {"set-cookie": "a", "set-cookie (str)": "b"}),
    (lambda: fail(ValueError()), NAMED),
    (lambda: fail(RecursionError()), NAMED),
    (lambda: None, NAMED),
    (lambda: [1], NAMED),
    (lambda: [(1, 2, 3)], NAMED),
    (lambda: (fail(KeyError()) for _ in range(1)), NAMED),
]


@pytest.mark.parametrize(("items", "expected"), FOREIGN, ids=[str(index) for index in range(len(FOREIGN))])
def test_a_foreign_mapping_is_read_through_its_items(items: Callable[[], Any], expected: Any) -> None:
    assert shown(Ours(items)) == expected
    assert shown(MappingProxyType(Ours(items))) == expected
    assert shown([1, {"a": Ours(items)}]) == [1, {"a": expected}]


def test_foreign_mappings_of_other_makes() -> None:
    from starlette.datastructures import Headers

    assert shown(Headers(raw=[(b"a", b"1"), (b"a", b"2")])) == {"a": "1", "a (str)": "2"}
    assert shown(Registered()) == {"a": "b"}
    ours: Any = Ours(lambda: [("a", 1)])
    assert shown(ChainMap(ours)) == "<collections.ChainMap>"  # it would ask what it holds for keys


def test_an_endless_mapping_is_cut() -> None:
    result = shown(Ours(lambda: endless(lambda: b"x")))
    assert len(result) == 10_001
    assert result["1"] == "x"
    assert result["…"] == "<more than 10000 items>"


def test_an_endless_nest_of_mappings_is_cut() -> None:
    def deeper() -> Ours:
        return Ours(lambda: endless(deeper))

    text = json.dumps(shown(deeper()), ensure_ascii=False)
    assert f"<{HERE}.Ours: too much>" in text
    assert len(text) < 20_000_000


def test_a_mapping_that_holds_itself() -> None:
    x = Ours(lambda: [("self", x)])
    assert shown(x) == {"self": "<cycle: 1 level up>"}


def test_a_mapping_that_calls_itself_for_ever() -> None:
    def items() -> Any:
        return items()

    assert shown({"a": Ours(items), "b": b"ok"}) == {"a": NAMED, "b": "ok"}


# --- bounds --------------------------------------------------------------------------------------------------------------

DEEP: dict[str, Callable[[Any], Any]] = {
    "list": lambda x: [x],
    "tuple": lambda x: (x,),
    "dict": lambda x: {b"k": x},
    "deque": lambda x: deque([x]),
    "dataclass": Slotted,
    "user dict": lambda x: UserDict({"k": x}),
    "proxy": lambda x: MappingProxyType({"k": x}),
    "mapping": lambda x: Ours(lambda: [("k", x)]),
    "truncated": lambda x: Truncated(1, x),
    "parts": lambda x: Parts((x,)),
    "foreign": lambda x: Foreign("$object", x),
    "later tag": lambda x: Foreign("$later", x),
}


@pytest.mark.parametrize("how", DEEP.values(), ids=DEEP)
@pytest.mark.parametrize("levels", [5_000, 100_000])
def test_deep_nests_are_cut(how: Callable[[Any], Any], levels: int) -> None:
    x: Any = b"x"
    for _ in range(levels):
        x = how(x)
    result = shown([x, b"after"])
    assert result[1] == "after"
    assert "too deep" in json.dumps(result)
    while isinstance(x, Truncated | Parts | Slotted):  # taken apart by hand: 3.11 cannot free such a chain otherwise
        x = x.head if isinstance(x, Truncated) else x.parts[0] if isinstance(x, Parts) else x.x


def test_proxies_of_proxies_without_end() -> None:
    x: Any = {"a": 1}
    for _ in range(150):
        x = MappingProxyType(x)
    assert shown(x) == {"a": 1}
    for _ in range(5_000):
        x = MappingProxyType(x)
    assert shown(x) == "<mappingproxy>"
    y: Any = UserDict()
    y.data = y
    assert shown(y) == f"<{UserDict.__module__}.UserDict>"


def test_the_200th_level_is_shown() -> None:
    x: Any = b"x"
    for _ in range(200):
        x = [x]
    result = shown(x)
    for _ in range(200):
        (result,) = result
    assert result == "x"
    assert "<list: too deep>" in json.dumps(shown([x]))


def test_cycles() -> None:
    x: list[Any] = []
    x += [x, (x, {"k": x}), deque([x])]
    assert shown(x) == [
        "<cycle: 1 level up>",
        ("<cycle: 2 levels up>", {"k": "<cycle: 3 levels up>"}),
        ["<cycle: 2 levels up>"],
    ]
    y = Base(b"", 0)
    y.b.append(y)
    assert shown(y) == {"a": "", "b": ["<cycle: 2 levels up>"]}
    z: dict[str, Any] = {}
    z["proxy"], z["user"], z["values"] = MappingProxyType(z), UserDict(), z.values()
    z["user"].data = z
    assert shown(z)["proxy"] == shown(z)["user"] == "<cycle: 1 level up>"


LAUGHS: dict[str, Callable[[Any], Any]] = {
    "list": lambda x: [x] * 10,
    "tuple": lambda x: (x, x),
    "dict": lambda x: {"a": x, "b": x},
    "dataclass": lambda x: Slotted([x, x]),
    "proxies": lambda x: {"a": MappingProxyType({"x": x}), "b": MappingProxyType({"x": x})},
    "user dicts": lambda x: [UserDict(x=x), UserDict(x=x)],
    "views": lambda x: [{"x": x}.values(), {"x": x}.values()],
    "chains": lambda x: [ChainMap({"x": x}), ChainMap({"x": x})],
    "mappings": lambda x: [Ours(lambda: [("a", x)]), Ours(lambda: [("b", x)])],
}


@pytest.mark.parametrize("how", LAUGHS.values(), ids=LAUGHS)
def test_small_graphs_of_many_paths_are_bounded(how: Callable[[Any], Any]) -> None:
    x: Any = [b"x", object()]
    for _ in range(60):
        x = how(x)
    text = json.dumps(convert_bytes_to_str(x))
    assert ": as above>" in text or ": too much>" in text
    assert len(text) < 50_000_000


def test_one_large_value_in_many_places_is_converted_once() -> None:
    for value in (b"\xff" * 1_000_000, bytearray(b"x" * 1_000_000), "中" * 1_000_000, 1 << 8_000_000):
        result = convert_bytes_to_str([value] * 10_000)
        assert len(set(map(id, result))) == 1


def test_huge_values_are_whole() -> None:
    many = dict.fromkeys(range(600_000))
    assert convert_bytes_to_str(b"x" * 10_000_000) == "x" * 10_000_000
    assert len(convert_bytes_to_str([b"x"] * 600_000)) == 600_000
    assert len(convert_bytes_to_str(many)) == 600_000
    assert len(convert_bytes_to_str(UserDict(many))) == 600_000


# --- limit ---------------------------------------------------------------------------------------------------------------

LIMITED: list[tuple[Any, int, Any]] = [
    (b"abc", 3, "abc"),
    (b"abc", 2, "ab… (3 bytes)"),
    (b"abc", 0, "… (3 bytes)"),
    (b"", 0, ""),
    (b"abc", -1, "… (3 bytes)"),
    ("abc", 2, "ab… (3 characters)"),
    ("中文🙂", 2, "中文… (3 characters)"),
    ("中文".encode(), 5, "中… (6 bytes)"),
    ("中文".encode(), 2, "… (6 bytes)"),
    (b"\xff\xff\xff", 2, "\\xff\\xff… (3 bytes)"),
    (bytearray(b"abc"), 2, "ab… (3 bytes)"),
    (memoryview(b"abcdef")[::2], 2, "ac… (3 bytes)"),
    (RELEASED, 2, "<released memoryview>"),
    (f"a{HALF}b", 2, "a\\ud800… (3 characters)"),
    (
        {"body": b"abc", b"key of bytes": ("abc",)},
        2,
        {"body": "ab… (3 bytes)", "key of bytes": ("ab… (3 characters)",)},
    ),
    (10**30, 3, "100… (31 characters)"),
    (2**63, 3, 2**63),
    (trapped(str)("abc"), 2, "ab… (3 characters)"),
    (trapped(bytes)(b"abc"), 2, "ab… (3 bytes)"),
]


@pytest.mark.parametrize(("value", "limit", "expected"), LIMITED, ids=[str(index) for index in range(len(LIMITED))])
def test_a_limit_cuts_and_says_the_true_size(value: Any, limit: int, expected: Any) -> None:
    assert shown(value, limit=limit) == expected


@given(octets | st.binary(max_size=40), st.integers(0, 40))
def test_what_is_cut_is_a_beginning(value: bytes, limit: int) -> None:
    result = shown(value, limit=limit)
    if len(value) > limit:
        assert result.endswith(f"… ({len(value)} bytes)")
        head = result.removesuffix(f"… ({len(value)} bytes)")
        assert value.decode("utf-8", "backslashreplace").startswith(head)
    else:
        assert result == shown(value)


# --- odd circumstances ---------------------------------------------------------------------------------------------------


def test_with_hardly_any_stack_left_it_does_not_raise() -> None:
    value = {"a": [Colour.RED, (b"x",), Slotted(b"y")], (b"k",): Ours(lambda: [("a", 1)]), b"u": uuid.UUID(int=1)}
    whole = shown(value)
    results = at_the_end_of_the_stack(lambda: convert_bytes_to_str(value), whole)
    assert results[0] == "<too deep>"
    assert results[-1] == whole


def test_changes_by_another_thread_do_no_harm() -> None:
    value: dict[Any, Any] = {
        "a": [1, 2],
        "s": {1},
        "d": deque([1]),
        "o": OrderedDict(a=1),
        "c": ChainMap({1: 2}),
        "b": Base(b"", 0),
    }
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            value["a"].append(number)
            value["s"].add(number)
            value["d"].append(number)
            value["o"][str(number)] = value["o"].pop("a", 1)
            value["c"][number] = number
            setattr(value["b"], f"x{number}", number)
            value[number] = number
            if number % 50 == 0:
                value.update(
                    {"a": [], "s": set(), "d": deque(), "o": OrderedDict(a=1), "c": ChainMap(), "b": Base(b"", 0)}
                )
                for key in [key for key in value if type(key) is int]:
                    del value[key]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(1000):
            json.dumps(convert_bytes_to_str(value))
    finally:
        done.set()
        thread.join()
        sys.setswitchinterval(interval)


def test_names_with_lone_surrogates_and_names_without_end() -> None:
    cls = type("X", (), {})
    cls.__qualname__ = HALF
    assert shown({cls(): cls}) == {f"<{HERE}.\\ud800>": f"<class {HERE}.\\ud800>"}
    cls.__qualname__ = "x" * 10_000_000
    assert len(shown(cls())) < 1100


UNMADE: list[Any] = [
    uuid.UUID,
    Fraction,
    PurePosixPath,
    UserDict,
    ChainMap,
    deque,
    Decimal,
    type(ip_address("::")),
    Slotted,
    Truncated,
    Parts,
    Foreign,
]


@pytest.mark.parametrize("cls", UNMADE)
def test_an_object_made_without_its_init_is_shown(cls: Any) -> None:
    shown([cls.__new__(cls)])


@pytest.mark.parametrize("exception", [SystemExit, asyncio.CancelledError, GeneratorExit])
def test_what_a_foreign_mapping_raises_stays_there(exception: type[BaseException]) -> None:
    class Raising(Mapping[str, int]):
        def __getitem__(self, key: str) -> int:
            raise exception

        def __iter__(self) -> Iterator[str]:
            raise exception

        def __len__(self) -> int:
            raise exception

    assert shown([Raising()]) == [f"<{__name__}.{Raising.__qualname__}>"]
