import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.errors import DamagedRecordError
from asgi_inspect.trace.codec import TORN, decode_record, encode_record
from asgi_inspect.trace.records import EndRecord, ProcessRecord, ReceiveRecord, Record, ScopeRecord, SendRecord
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated

SEND = b'{"record":"send","conn":"p.1","n":1,"t_us":2'


def test_each_record_comes_back_equal(records: list[Record], lines: list[bytes]) -> None:
    assert [decode_record(line) for line in lines] == records


def test_each_line_comes_back_byte_for_byte(lines: list[bytes]) -> None:
    for line in lines:
        record = decode_record(line)
        assert record is not None
        assert encode_record(record) == line


def test_a_line_has_its_keys_in_order_no_white_space_and_no_defaults() -> None:
    record = SendRecord(
        conn="p.1", n=3, t_us=12, message={"type": "http.response.body", "body": "né\n".encode(), "more_body": False}
    )
    assert encode_record(record).decode() == (
        '{"record":"send","conn":"p.1","n":3,"t_us":12,'
        '"message":{"type":"http.response.body","body":"né\\n","more_body":false}}'
    )


def test_an_inner_layer_is_written_behind_n() -> None:
    record = ReceiveRecord(conn="p.1", n=3, layer=2, t_us=12, wait_us=1, same=2)
    assert encode_record(record) == b'{"record":"receive","conn":"p.1","n":3,"layer":2,"t_us":12,"wait_us":1,"same":2}'


@pytest.mark.parametrize("line", [SEND + b"}", SEND + b',"message":null}'])
def test_no_message_and_a_message_that_is_none_are_two_things(line: bytes) -> None:
    record = decode_record(line)
    assert isinstance(record, SendRecord)
    assert (record.message is msgspec.UNSET) == (b"message" not in line)
    assert encode_record(record) == line


def test_values_are_those_of_python_again() -> None:
    line = (
        SEND
        + b',"message":{"type":"x","headers":[["a",{"$base64":"/w=="}]],"body":{"$truncated":{"size":9,"head":"a"}},"z":"\\u00e9"}}'
    )
    record = decode_record(line)
    assert isinstance(record, SendRecord)
    assert record.message == {"type": "x", "headers": [[b"a", b"\xff"]], "body": Truncated(9, b"a"), "z": "é"}


@pytest.mark.parametrize(
    "line",
    [
        b'{"t_us":2,"n":1,"conn":"p.1","record":"send"}',
        b' { "record" : "send" , "conn" : "p.1" , "n" : 1 , "t_us" : 2 } \r\n',
        SEND + b',"later":{"x":[1,2,{"y":null}]},"even_later":1.5}',
    ],
    ids=["record last", "white space", "unknown fields"],
)
def test_foreign_spellings_of_a_record_are_read(line: bytes) -> None:
    assert decode_record(line) == SendRecord(conn="p.1", n=1, t_us=2)


@pytest.mark.parametrize(
    "line",
    [
        b'{"record":"finding","code":"H201"}',
        b'{"code":{"a":[1]},"record":"finding"}',
        b'{"record":""}',
        b'{"record":"send2","conn":1}',
    ],
)
def test_a_record_of_an_unknown_kind_is_none(line: bytes) -> None:
    assert decode_record(line) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", TORN),
        (b"{", TORN),
        (SEND, TORN),
        (SEND + b',"message":{"type":"ht', TORN),
        (b'{"record":"finding","code":"H', TORN),
        (b"INFO: started", "not JSON: invalid character (byte 0)"),
        (SEND + b"}}", "not JSON: trailing characters (byte 46)"),
        (b"\0\0\0" + SEND + b"}", "not JSON: invalid character (byte 0)"),
        (SEND + b',"message":{"a":"\xff"}}', "not UTF-8"),
        (
            SEND + b',"message":{"a":"\\ud800 and more"}}',
            "not JSON: unexpected end of escaped utf-16 surrogate pair (byte 67)",
        ),
        (b"[]", "expected `object`, got `array`"),
        (b"7", "expected `object`, got `int`"),
        (b"null", "expected `object`, got `null`"),
        (b'"record"', "expected `object`, got `str`"),
        (b"{}", "no field `record`"),
        (b'{"record":7}', "expected `str`, got `int` in `record`"),
        (b'{"record":"send"}', "no field `conn`"),
        (b'{"record":"send","conn":"p.1","n":"1","t_us":2}', "expected `int`, got `str` in `n`"),
        (b'{"record":"send","conn":"p.1","n":1.5,"t_us":2}', "expected `int`, got `float` in `n`"),
        (b'{"record":"end","conn":"p.1","n":1,"t_us":2,"outcome":"\\u001b[31m"}', "unknown value in `outcome`"),
        (
            b'{"record":"end","conn":"p.1","n":1,"t_us":2,"outcome":"raised","error":{"type":"E","frames":[{"file":"f"}]}}',
            "no field `line` in `error.frames[0]`",
        ),
        (SEND + b',"message":1e999}', "number out of range in `message`"),
        (SEND + b',"message":' + b"9" * 9999 + b"}", "integer value out of range in `message`"),
        (SEND + b',"message":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep"),
        (SEND + b',"later":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep"),
        (b'{"record":"later","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep"),
    ],
)
def test_a_damaged_line_says_why(line: bytes, reason: str) -> None:
    with pytest.raises(DamagedRecordError) as caught:
        decode_record(line)
    assert str(caught.value) == reason


def test_a_version_that_we_would_misread_is_refused() -> None:
    record = ProcessRecord(v=2, proc="p", at="", pid=1, parent_pid=1, host="", argv=[], python="3", asgi_inspect="9")
    with pytest.raises(DamagedRecordError, match=r"^version 2 of the trace format, which needs a newer asgi-inspect$"):
        decode_record(encode_record(record))


def test_nests_of_200_levels_come_back() -> None:
    deep: Any = 1e300
    for _ in range(198):
        deep = [deep]
    record = SendRecord(conn="p.1", n=1, t_us=2, message={"deep": deep})
    line = encode_record(record)
    assert decode_record(line) == record


def test_deep_maps_pass_the_depth_that_orjson_can() -> None:
    deep: Any = 1e300
    for _ in range(150):
        deep = {1: deep}
    record = ScopeRecord(conn="p.1", at="", scope={"state": deep})
    line = encode_record(record)
    decoded = decode_record(line)
    assert decoded == record
    assert encode_record(record) == line
    assert line.count(b"[") == 300


octets = st.binary(max_size=20) | st.text(max_size=10).map(str.encode)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.text(st.characters(), max_size=5)
    | octets
    | octets.map(bytearray)
    | st.builds(Truncated, st.none() | st.integers(0, 1 << 40), octets | st.text(max_size=5) | st.none())
    | st.builds(Redacted, st.none() | st.integers(0, 9), st.none() | st.just("f"), st.none() | st.just("w"))
    | st.builds(Parts, st.lists(octets | st.builds(Redacted, st.just(2)), max_size=3).map(tuple))
    | st.just(Foreign("$object", "a.B"))
    | st.just(Foreign("$later", {"x": [1]})),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.integers() | st.binary(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
messages = st.fixed_dictionaries(
    {"type": st.text(max_size=20)},
    optional={
        "body": octets | plain,
        "bytes": octets | plain,
        "text": plain,
        "headers": st.lists(st.lists(octets, min_size=2, max_size=2), max_size=3) | plain,
        "query_string": octets | plain,
        "raw_path": octets | plain,
        "links": st.lists(octets) | plain,
        "state": plain,
        "$odd": plain,
    },
)


def representation(value: Any) -> str:
    """Equal for equal values of equal types, nan included."""
    return repr(value)


@given(messages | plain)
def test_every_message_and_scope_comes_back(value: Any) -> None:
    for record in (
        SendRecord(conn="p.1", n=1, t_us=2, message=value),
        ReceiveRecord(conn="p.1", n=1, t_us=2, wait_us=0, message=value),
        ScopeRecord(conn="p.1", at="", scope=value),
    ):
        line = encode_record(record)
        assert b"\n" not in line
        assert json.loads(line)["record"] == record.__struct_config__.tag
        decoded = decode_record(line)
        assert representation(decoded) == representation(record)
        assert isinstance(decoded, Record)
        assert encode_record(decoded) == line


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$bytes", "$map", "$truncated", "$set", "$x", "body", "type", "headers"]), inner
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_whatever_json_stands_in_a_message_it_is_read_and_written_again(tree: Any) -> None:
    decoded = decode_record(SEND + b',"message":' + json.dumps(tree, ensure_ascii=False).encode() + b"}")
    assert isinstance(decoded, SendRecord)
    again = decode_record(encode_record(decoded))
    assert isinstance(again, SendRecord)


@given(st.data())
def test_whatever_the_bytes_there_is_a_record_or_none_or_damage(lines: list[bytes], data: st.DataObject) -> None:
    line = bytearray(data.draw(st.sampled_from(lines)))
    for _ in range(data.draw(st.integers(1, 5))):
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.integers(0, 255))
    reason, record = "", None
    try:
        record = decode_record(bytes(line))
    except DamagedRecordError as error:
        reason = str(error)
    assert reason.isprintable()
    assert len(reason) < 200
    assert record is None or encode_record(record)


def test_an_end_may_carry_an_error_with_causes() -> None:
    line = (
        b'{"record":"end","conn":"p.1","n":9,"t_us":5,"outcome":"raised","error":{"type":"E","bases":["Exception"],'
        b'"message":"","cause":{"type":"F"},"exceptions":[{"type":"G","cut":["frames"]}]}}'
    )
    record = decode_record(line)
    assert isinstance(record, EndRecord)
    assert record.error is not None
    assert record.error.cause is not None
    assert record.error.cause.type == "F"
    assert encode_record(record) == line
