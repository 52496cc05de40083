import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from asgi_inspect.convert import decode, encode
from asgi_inspect.trace.codec import encode_record
from asgi_inspect.trace.records import (
    EndRecord,
    ErrorInfo,
    ExitRecord,
    Frame,
    ReceiveRecord,
    Record,
    ScopeRecord,
    SendRecord,
    SentRecord,
)
from asgi_inspect.trace.schema import TAGS, schema, schema_text
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated

FILE = Path(__file__).parents[2] / "docs" / "trace-format.schema.json"


@cache
def line_validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


@cache
def value_validator() -> Draft202012Validator:
    return Draft202012Validator({"$defs": schema()["$defs"], "$ref": "#/$defs/value"})


def assert_valid_line(line: bytes) -> None:
    line_validator().validate(json.loads(line))


def test_the_file_in_the_documentation_is_not_stale() -> None:
    assert FILE.read_text("utf-8") == schema_text(), (
        "run: python -m asgi_inspect.trace.schema > docs/trace-format.schema.json"
    )


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(schema_text()))


def test_each_record_of_a_trace_is_valid(lines: list[bytes]) -> None:
    for line in lines:
        assert_valid_line(line)


@pytest.mark.parametrize(
    "line",
    [
        b'{"record":"finding","code":1}',
        b'{"record":"send","conn":"p.1","n":1,"t_us":2,"later":{"$x":1}}',
        b'{"record":"send","conn":"p.1","n":1,"t_us":2,"message":{"$later":[1]}}',
    ],
)
def test_what_later_versions_add_is_valid(line: bytes) -> None:
    assert_valid_line(line)


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b'{"record":7}',
        b'{"record":"send"}',
        b'{"record":"send","conn":"p.1","n":"1","t_us":2}',
        b'{"record":"end","conn":"p.1","n":1,"t_us":2,"outcome":"fell over"}',
        b'{"record":"send","conn":"p.1","n":1,"t_us":2,"message":{"a":{"$base64":"?"}}}',
        b'{"record":"send","conn":"p.1","n":1,"t_us":2,"message":{"$odd":1,"b":2}}',
    ],
)
def test_what_is_no_record_is_not_valid(line: bytes) -> None:
    assert not line_validator().is_valid(json.loads(line))


@pytest.mark.parametrize(
    "value",
    [
        {"$base64": "a b"},
        {"$bytes": 7},
        {"$bytearray": {"$text": "x"}},
        {"$str": {"$base64": ""}},
        {"$float": "1.5"},
        {"$int": 5},
        {"$map": {"a": 1}},
        {"$map": [[1]]},
        {"$set": "a"},
        {"$truncated": {"size": 5}},
        {"$truncated": {"size": -5, "head": None}},
        {"$redacted": {"size": 5}},
        {"$cycle": "1"},
        {"a": {"$base64": "", "b": 1}},
    ],
)
def test_a_tag_that_encode_never_writes_is_not_valid(value: Any) -> None:
    assert not value_validator().is_valid(value)


class Thing:
    pass


def cycle() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("$base64", {"body": b"\xff"}),
        ("$bytes", [b"a", b"\xff"]),
        ("$bytearray", [bytearray(b"a"), bytearray(b"\xff")]),
        ("$memoryview", [memoryview(b"a"), memoryview(b"\xff")]),
        ("$str", {"body": "a", "query_string": "\ud800"}),
        ("$float", [float("nan"), float("inf"), float("-inf")]),
        ("$int", [2**64, -(2**63) - 1, 10**5000]),
        ("$text", ["a\udfff\\"]),
        ("$map", [{1: 2}, {"$a": 1}, {(1, 2): {b"x": None}}]),
        ("$set", [set(), {1, "a", (1, 2)}]),
        ("$frozenset", [frozenset({1})]),
        ("$object", [Thing(), Thing]),
        ("$truncated", [Truncated(5, b"a"), Truncated(None, None), Truncated(7, "a")]),
        ("$redacted", [Redacted(None), Redacted(5, "f", "w")]),
        ("$parts", [Parts((b"a", Redacted(5))), Parts(())]),
        ("$cycle", cycle()),
    ],
)
def test_each_tag_that_encode_writes_is_valid(tag: str, value: Any) -> None:
    tree = encode(value)
    assert f'"{tag}":' in json.dumps(tree, separators=(",", ":"))
    value_validator().validate(tree)


def test_the_table_of_tags_is_what_decode_knows() -> None:
    """A tag that `decode` does not know comes back as it stands; of ours only those that nothing can rebuild do."""
    examples = {tag: decode({tag: object}) for tag in TAGS}
    assert all(isinstance(value, Foreign) for value in examples.values())
    assert set(TAGS) == {
        *("$base64", "$bytes", "$bytearray", "$memoryview", "$str", "$float", "$int", "$text", "$map", "$set"),
        *("$frozenset", "$object", "$truncated", "$redacted", "$parts", "$cycle"),
    }


hashables = st.none() | st.booleans() | st.integers() | st.text() | st.binary()
values = st.recursive(
    hashables
    | st.floats()
    | st.text(st.characters())
    | st.builds(bytearray, st.binary())
    | st.builds(Thing)
    | st.builds(Truncated, st.none() | st.integers(0), st.binary() | st.text() | st.none())
    | st.builds(Redacted, st.none() | st.integers(0), st.none() | st.text(), st.none() | st.text())
    | st.builds(Parts, st.lists(st.binary() | st.builds(Redacted, st.integers(0))).map(tuple))
    | st.sets(hashables, max_size=3)
    | st.frozensets(hashables, max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | hashables, inner, max_size=3),
    max_leaves=8,
)
fields = st.dictionaries(
    st.sampled_from(["type", "body", "bytes", "headers", "query_string", "raw_path", "links", "state", "text", "$x"]),
    values,
)


@given(values | fields)
def test_whatever_encode_writes_is_valid(value: Any) -> None:
    value_validator().validate(json.loads(json.dumps(encode(value))))


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
frames = st.lists(st.builds(Frame, names, st.integers(0, 99), names), max_size=2)
errors = st.recursive(
    st.builds(ErrorInfo, type=names, message=st.none() | names, frames=frames, notes=st.lists(names, max_size=2)),
    lambda inner: st.builds(ErrorInfo, type=names, cause=inner, context=inner, exceptions=st.lists(inner, max_size=2)),
    max_leaves=3,
)
outcomes = st.sampled_from(["returned", "raised", "cancelled"])
more = {
    "once": st.lists(names, max_size=2),
    "mapping": st.none() | names,
    "state": st.none() | st.lists(names, max_size=2),
}
whole = {"conn": names, "n": st.integers(0), "layer": st.integers(0, 3), "t_us": st.integers(0)}
records: st.SearchStrategy[Record] = (
    st.builds(ScopeRecord, conn=names, layer=st.integers(0, 3), at=names, scope=values | fields, name=st.none() | names)
    | st.builds(
        ScopeRecord, conn=names, at=names, scope=values, mapping=st.none() | names, shared=st.lists(names, max_size=2)
    )
    | st.builds(ReceiveRecord, **whole, wait_us=st.integers(0), message=values | fields | st.just(msgspec.UNSET))
    | st.builds(ReceiveRecord, **whole, wait_us=st.integers(0), outcome=outcomes, error=st.none() | errors)
    | st.builds(ReceiveRecord, **whole, wait_us=st.integers(0), message=values, **more)
    | st.builds(SendRecord, **whole, message=values | fields, **more)
    | st.builds(SendRecord, **whole, same=st.integers(0), **more)
    | st.builds(SentRecord, **whole, of=st.integers(0), took_us=st.integers(0), outcome=st.none() | outcomes)
    | st.builds(EndRecord, **whole, outcome=outcomes, returned=st.none() | names)
    | st.builds(
        EndRecord, **whole, outcome=outcomes, error=st.none() | errors, scope_changes=st.lists(names, max_size=2)
    )
    | st.builds(ExitRecord, proc=names, at=names, status=st.none() | st.integers(), open=st.none() | st.integers())
)


@given(records)
def test_whatever_the_codec_writes_is_valid(record: Record) -> None:
    assert_valid_line(encode_record(record))
