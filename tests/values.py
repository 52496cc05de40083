"""Values for property tests: nests of builtins, JSON, and every scope and message of the specification, right and wrong."""

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from asgi_inspect.protocol.fields import MESSAGES, SCOPES, Kind

# --- builtins ------------------------------------------------------------------------------------------------------------

TRICKY_TEXT = [
    "$",
    "$base64",
    "$bytes",
    "\\",
    "\\ud800",
    "\ud800",
    "\\\udfff\\",
    "\ud83d\ude00",
    "\ufeff",
    "\u2028\x00\x7f",
    "中🙂",
]

texts = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(TRICKY_TEXT)
octets = st.binary(max_size=8) | st.sampled_from([text.encode("utf-8", "surrogatepass") for text in TRICKY_TEXT])
ints = (
    st.integers() | st.integers(-(2**70), 2**70) | st.sampled_from([-(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 7**1000])
)
floats = st.floats() | st.sampled_from([0.0, -0.0, float("nan"), float("inf"), float("-inf"), 5e-324, 1e308])


def view(octets: bytes) -> Any:
    """A memoryview (whose type says more than is of interest here)."""
    return memoryview(octets)


scalars = st.none() | st.booleans() | ints | floats | texts | octets

hashables: st.SearchStrategy[Any] = st.recursive(
    scalars | octets.map(view),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)
builtins: st.SearchStrategy[Any] = st.recursive(
    scalars | octets.map(bytearray) | octets.map(view) | octets.map(lambda x: memoryview(bytearray(x))),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(texts, inner, max_size=4)
        | st.dictionaries(hashables, inner, max_size=4)
        | st.sets(hashables, max_size=4)
        | st.frozensets(hashables, max_size=4)
    ),
    max_leaves=12,
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)

# --- scopes and messages -------------------------------------------------------------------------------------------------

pairs = st.tuples(octets, octets) | st.lists(octets, min_size=2, max_size=2)
VALUES: Mapping[Kind, st.SearchStrategy[Any]] = {
    "str": texts | st.none(),
    "int": ints,
    "bool": st.booleans(),
    "octets": octets | st.none() | octets.map(bytearray) | octets.map(view),
    "headers": st.lists(pairs, max_size=4) | st.lists(pairs, max_size=4).map(tuple),
    "links": st.lists(octets, max_size=3) | st.lists(octets, max_size=3).map(tuple),
    "address": st.none() | st.tuples(texts, st.none() | ints) | st.tuples(texts, ints).map(list),
    "strings": st.lists(texts, max_size=3) | st.lists(texts, max_size=3).map(tuple),
    "versions": st.fixed_dictionaries({"version": texts}, optional={"spec_version": texts}),
    "mapping": st.dictionaries(texts, builtins, max_size=3),
    "any": builtins,
}
WRONG: Mapping[Kind, st.SearchStrategy[Any]] = {
    "headers": (
        st.lists(st.tuples(texts, texts) | octets | texts | st.lists(octets | texts | builtins, max_size=3), max_size=4)
        | st.dictionaries(octets | texts, octets | texts, max_size=3)
        | st.sets(st.tuples(octets, octets), max_size=3)
    ),
    "links": st.lists(texts | octets | builtins, max_size=3) | octets | texts,
    "octets": texts | ints | st.lists(octets | texts, max_size=3) | st.dictionaries(texts, octets, max_size=2),
}


def _named(type_: str, fields: Mapping[str, Kind], *, right: bool) -> st.SearchStrategy[dict[str, Any]]:
    def values(kind: Kind) -> st.SearchStrategy[Any]:
        return VALUES[kind] if right else VALUES[kind] | WRONG.get(kind, st.nothing()) | builtins

    must = {name: values(kind) for name, kind in fields.items() if name[-1] != "?"} | {"type": st.just(type_)}
    may = {name[:-1]: values(kind) for name, kind in fields.items() if name[-1] == "?"}
    if not right:
        may |= {"app.key": builtins, "text": texts | octets, "body": builtins, "headers": builtins}
    return st.fixed_dictionaries(must, optional={name: value for name, value in may.items() if name not in must})


def _all(*, right: bool) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(*[_named(name, fields, right=right) for name, fields in (*SCOPES.items(), *MESSAGES.items())])


messages = _all(right=True)
wrong_messages = _all(right=False)

# --- comparing -----------------------------------------------------------------------------------------------------------


def same(was: Any, back: Any, *, hashable: bool = False) -> bool:
    """Whether `back` is what `decode` may give for `was`: equal, and of equal types, but that a tuple may be a list.

    hashable: it stands in a set or is a key, where a tuple must be a tuple again.
    """
    if isinstance(was, list | tuple):
        if type(back) is not (tuple if hashable else list) or len(was) != len(back):
            return False
        return all(same(x, y, hashable=hashable) for x, y in zip(was, back, strict=True))
    if type(was) is not type(back):
        return False
    if isinstance(was, dict):
        return len(was) == len(back) and all(
            same(key, other, hashable=True) and same(was[key], back[other])
            for key, other in zip(was, back, strict=True)  # in the same order
        )
    if isinstance(was, set | frozenset):
        return len(was) == len(back) and all(any(same(x, y, hashable=True) for y in back) for x in was)
    if isinstance(was, float):
        return repr(was) == repr(back)
    return bool(was.tobytes() == back.tobytes() if isinstance(was, memoryview) else was == back)


def tags_in(tree: Any) -> Iterator[tuple[str, Any]]:
    """Each tagged object of a tree, with what it carries."""
    waiting = [tree]
    while waiting:
        x = waiting.pop()
        if isinstance(x, dict):
            if len(x) == 1:
                ((tag, content),) = x.items()
                if tag.startswith("$"):
                    yield tag, content
            waiting += x.values()
        elif isinstance(x, list):
            waiting += x
