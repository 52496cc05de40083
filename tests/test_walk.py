from collections.abc import Iterable
from typing import Any, Literal

import pytest

from asgi_inspect.walk import MAX_DEPTH, Finish, Walk, in_order


class Spelling(Walk):
    """A walk that shows what it does: each value as text."""

    def __init__(self, max_nodes: int = 1000, *, hard_limit: bool = False, short: int = 3) -> None:
        super().__init__(max_nodes, hard_limit=hard_limit)
        self.short = short

    def text(self, x: str) -> Any:
        return f"text {x}"

    def integer(self, x: int) -> Any:
        return f"integer {x}"

    def real(self, x: float) -> Any:
        return f"real {x}"

    def octets(self, x: Any, kind: str) -> Any:
        return f"{kind} {bytes(x)!r}"

    def of_mapping(self, items: list[tuple[Any, Any]]) -> tuple[list[Any], Finish]:
        return [value for _, value in items], lambda results: dict(zip([key for key, _ in items], results, strict=True))

    def list_of(self, results: list[Any]) -> Any:
        return ["list", *results]

    def tuple_of(self, results: list[Any]) -> Any:
        return ["tuple", *results]

    def set_of(self, results: list[Any]) -> Any:
        return ["set", *results]

    def frozenset_of(self, results: list[Any]) -> Any:
        return ["frozenset", *results]

    def foreign(self, x: Any, t: type) -> Any:
        return f"foreign {t.__name__}"

    def named(self, x: Any) -> Any:
        return f"named {type(x).__name__}"

    def cycle(self, levels: int) -> Any:
        return f"cycle {levels}"

    def cut(self, x: Any, why: Literal["too deep", "too much", "as above"]) -> Any:
        return why


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        ("a", "text a"),
        (7, "integer 7"),
        (0.5, "real 0.5"),
        (b"a", "bytes b'a'"),
        (bytearray(b"a"), "bytearray b'a'"),
        (memoryview(b"a"), "memoryview b'a'"),
        ([], ["list"]),
        ([1, None, "abc", False], ["list", 1, None, "abc", False]),  # as they are: no leaf needs a change
        ([1, "abcd"], ["list", "integer 1", "text abcd"]),
        ([1, "\u00e9"], ["list", "integer 1", "text \u00e9"]),
        ([1 << 64], ["list", f"integer {1 << 64}"]),
        ([1, []], ["list", "integer 1", ["list"]]),
        ((b"a",), ["tuple", "bytes b'a'"]),
        ({1}, ["set", 1]),
        (frozenset([0.5]), ["frozenset", "real 0.5"]),
        ({"a": (1,), 2: [b""]}, {"a": ["tuple", 1], 2: ["list", "bytes b''"]}),
        ({"a": 1}.keys(), ["list", "a"]),
        (object(), "foreign object"),
        ([object()], ["list", "foreign object"]),
    ],
)
def test_each_value_goes_to_its_leaf(value: Any, expected: Any) -> None:
    assert Spelling().visit(value) == expected


def nest(levels: int) -> Any:
    x: Any = []
    for _ in range(levels - 1):
        x = [x]
    return x


def test_the_depth_is_bounded() -> None:
    assert "too deep" not in str(Spelling().visit(nest(MAX_DEPTH)))
    assert "too deep" in str(Spelling().visit(nest(MAX_DEPTH + 1)))


def test_a_cycle_says_how_far_up_it_goes() -> None:
    x: list[Any] = []
    x.append((x, {"k": x}))
    assert Spelling().visit(x) == ["list", ["tuple", "cycle 2", {"k": "cycle 3"}]]


def test_what_stood_before_is_cut_beyond_the_budget_and_nothing_else() -> None:
    shared = [[b"x"], [b"y"]]
    new = [[b"z"]]
    result = Spelling(max_nodes=10).visit([shared, shared, new, shared, new, [b"leaf"]])
    spelt = ["list", ["list", "bytes b'x'"], ["list", "bytes b'y'"]]
    assert result == [
        "list",
        spelt,
        "as above",
        ["list", ["list", "bytes b'z'"]],
        "as above",
        "as above",
        ["list", "bytes b'leaf'"],
    ]


def test_a_few_leaves_are_never_cut() -> None:
    pair = (b"a", b"b")
    assert Spelling(max_nodes=10).visit([pair] * 100) == ["list", *[["tuple", "bytes b'a'", "bytes b'b'"]] * 100]
    many = [1] * 17
    assert Spelling(max_nodes=10).visit([many] * 3) == ["list", ["list", *many], "as above", "as above"]


def test_what_only_shows_another_container_is_cut_beyond_the_budget() -> None:
    x = dict.fromkeys(range(20))
    assert Spelling(max_nodes=10).visit([x.keys(), x.keys()]) == ["list", ["list", *range(20)], "too much"]


def test_a_hard_limit_cuts_before_anything_is_copied() -> None:
    def read(x: Any) -> Iterable[Any]:
        raise AssertionError

    walk = Spelling(max_nodes=10, hard_limit=True)
    assert walk.open([], 10, read, walk.list_of) == "too much"
    assert walk.open_mapping({}, {}, 10, read) == "too much"  # type: ignore[arg-type]
    assert walk.room == 10


def test_what_is_cut_takes_nothing_from_the_budget() -> None:
    walk = Spelling(max_nodes=10, hard_limit=True)
    assert walk.visit([[1] * 20, [1], [2], [3] * 5]) == ["list", "too much", ["list", 1], ["list", 2], "too much"]


def test_what_never_holds_still_is_named() -> None:
    def changing(x: Any) -> Iterable[Any]:
        yield 1
        raise RuntimeError

    walk = Spelling()
    assert walk.open([1], 1, changing, walk.list_of) == "named list"
    assert walk.open_mapping({}, {}, 1, lambda x: None) == "named dict"


def test_a_conversion_is_made_once_for_one_object() -> None:
    walk = Spelling()
    x = "a" * 5
    made = walk.once(x, list)
    assert walk.once(x, list) is made
    assert walk.once("b" * 5, list) == ["b"] * 5


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], []),
        (["b", "a"], ["a", "b"]),
        ([10, 2.5, 9], [2.5, 9, 10]),
        ([True, 1, "a", None], ["a", 1, None, True]),
        ([{"$set": [2]}, {"$set": [1]}], [{"$set": [1]}, {"$set": [2]}]),
    ],
)
def test_members_of_a_set_have_an_order(results: list[Any], expected: list[Any]) -> None:
    assert in_order(list(results)) == expected
    assert in_order(list(reversed(results))) == expected
