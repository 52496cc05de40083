"""Secrets in JSON: found whatever the way of writing and of cutting, and nothing else with them."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.redaction.json import JsonScanner
from asgi_inspect.redaction.spans import LONGEST_VALUE, MOST_SPANS, Span
from tests.redaction.scanning import (
    HARMLESS,
    HARMLESS_NAMES,
    PLACES,
    SECRET,
    SECRET_NAMES,
    Piece,
    cut,
    escaped,
    feed,
    left_of,
    names,
    whole,
)


def make() -> JsonScanner:
    return JsonScanner(names())


SPACE = st.sampled_from(["", "", "", " ", "\n  ", "\t", "\r\n" + " " * 40])


@st.composite
def keys(draw: st.DrawFn, among: tuple[str, ...]) -> str:
    name = draw(st.sampled_from(among))
    text = escaped(name, draw(st.booleans()))
    if draw(st.integers(0, 4)) == 0:
        text = "".join(f"\\u{ord(c):04X}" if ord(c) < 0x10000 else escaped(c, True) for c in name)
    return f'{draw(SPACE)}"{text}"{draw(SPACE)}:{draw(SPACE)}'


@st.composite
def plain(draw: st.DrawFn) -> str:
    """A value without secrets."""
    value = draw(st.recursive(
        HARMLESS | st.integers(-5, 10**6) | st.none() | st.booleans() | st.floats(allow_nan=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(HARMLESS_NAMES), inner, max_size=3),
        max_leaves=5,
    ))  # fmt: skip
    return json.dumps(value, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, None, 1])))


@st.composite
def secrets(draw: st.DrawFn) -> list[Piece]:
    """A value under a secret key."""
    kind = draw(st.sampled_from(["string", "string", "number", "whole", "stays"]))
    if kind == "string":
        value = draw(SECRET)
        return [Piece('"'), Piece(escaped(value, draw(st.booleans())), value), Piece('"')]
    if kind == "stays":
        return [Piece(draw(st.sampled_from(["null", "true", "false", '""'])))]
    if kind == "number":
        number = str(draw(st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)))
        return [Piece(number, number)]
    values = draw(st.lists(SECRET | st.lists(SECRET), max_size=3) | st.dictionaries(SECRET, SECRET, max_size=3))
    text = json.dumps(values, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 2])))
    return [Piece(text, text)]


@st.composite
def documents(draw: st.DrawFn, depth: int = 2, strings: bool = False) -> list[Piece]:
    """A mapping, in pieces; strings: of JSON may be in it."""
    pieces = [Piece("{")]
    for index in range(draw(st.integers(0, 4))):
        if index:
            pieces.append(Piece(draw(SPACE) + ","))
        kind = draw(st.sampled_from(["plain", "secret", "inner", "string"] if depth else ["plain", "secret"]))
        if kind == "secret":
            pieces += [Piece(draw(keys(SECRET_NAMES))), *draw(secrets())]
            continue
        pieces.append(Piece(draw(keys(HARMLESS_NAMES))))
        if kind == "plain":
            pieces.append(Piece(draw(plain())))
        elif kind == "string" and strings:
            inner, ascii_only = draw(documents(depth - 1, strings)), draw(st.booleans())
            pieces += [Piece('"'), *(Piece(escaped(p.text, ascii_only), p.secret) for p in inner), Piece('"')]
        else:
            pieces += draw(documents(depth - 1, strings)) if depth else [Piece("[]")]
    return [*pieces, Piece(draw(SPACE) + "}")]


@settings(max_examples=100, deadline=None)
@given(documents(), PLACES)
def test_what_is_secret_is_withheld_and_nothing_else(pieces: list[Piece], places: list[int]) -> None:
    body, left, values = whole(pieces)
    json.loads(body)
    known = names()
    assert feed(JsonScanner(known), [body])[:2] == (left, values)
    # What was found harmless is passed over quickly now.
    seen = feed(JsonScanner(known), cut(body, places))
    assert seen.left == left
    assert seen.values.items() <= values.items()


@settings(max_examples=25, deadline=None)
@given(documents())
def test_byte_by_byte(pieces: list[Piece]) -> None:
    body, left, _ = whole(pieces)
    known = names()
    for _ in range(2):
        assert left_of(lambda: JsonScanner(known), body, 1) == left


@settings(max_examples=100, deadline=None)
@given(documents(strings=True), PLACES)
def test_json_in_strings_of_json(pieces: list[Piece], places: list[int]) -> None:
    body, left, values = whole(pieces)
    known = names()
    assert feed(JsonScanner(known), [body])[:2] == (left, values)
    seen = feed(JsonScanner(known), cut(body, places))
    for is_left, should, octet in zip(seen.left, left, body, strict=True):
        # Of an inner quote that is cut in two, the backslashes may be withheld with the value.
        assert is_left == should or (is_left == 0 and octet in b"\\")
    assert seen.values.items() <= values.items()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=20) | st.sampled_from(
    [b'"password"', b":", b'"', b"\\", b"\\u00", b"22", b"{", b"]", b"'", b"eyJ", b" ", b"tr", b"1", b"\n", b"/", b"token:"]
), max_size=30), st.booleans())  # fmt: skip
def test_no_bytes_make_it_raise(chunks: list[bytes], gap: bool) -> None:
    scanner = make()
    feed(scanner, chunks)
    if gap:
        scanner.gap()
        assert set(feed(scanner, chunks).left) <= {0}


CASES = {
    "a number of tokens": (b'{"max_tokens":5,"tokens": 12 }', b'{"max_tokens":5,"tokens": 12 }'),
    "tokens that are none": (b'{"tokens":"ab","x":[1]}', b'{"tokens":"##","x":[1]}'),
    "what is no secret": (b'{"password":null,"token":true,"pwd":""}', b'{"password":null,"token":true,"pwd":""}'),
    "a word that begins like null": (b'{"password": nullify me, "a": 1}', b'{"password": ##########, "a": 1}'),
    "a token in a list": (b'["eyJhbGciOi.x.y", "a"]', b'["##############", "a"]'),
    "a token behind a value that begins with a colon": (b'{"a":":x","b":"eyJx"}', b'{"a":":x","b":"####"}'),
    "single quotes": (b"{'password': 'ab\"c', 'x': 'y'}", b"{'password': '####', 'x': 'y'}"),
    "no quotes": (b"{a: 1, password: 'abc', token: abc}", b"{a: 1, password: '###', token: ###}"),
    "a comment": (b'{"a":1,"password": /* "x" */ "abc", "b":1}', b'{"a":1,"password": ' + b"#" * 23),
    "an open string": (b'{"a":"x" y", "password":"abc","b":1}', b'{"a":"x" y", "password":"###","b":1}'),
    "a quote in a secret": (b'{"token":"de"f abc", "b":1}', b'{"token":"##"##############'),
    "a quote missing": (b'{"a":x", "password":"abc","b":1}', b'{"a":x", "password":"###","b":1}'),
    "brackets that do not fit": (b'{"token":[1}, "b":"abc"}', b'{"token":###############'),
    "a value not closed": (b'{"token":"abc, "b":"xyz"}', b'{"token":"#####"#########'),
    "a value in single quotes": (b'{"a":1,"token":\'a"b\',"c":1}', b'{"a":1,"token":#####,"c":1}'),
    "hexadecimal quotes": (b'{"a":"{\\u0022pwd\\u0022:\\u0022ab\\u0022}"}', b'{"a":"{\\u0022pwd\\u0022:\\u0022##\\u0022}"}'),
    "an escaped quote in a key": (b'{"a\\"b":1,"x":1,"secret\\"x": "abc"}', b'{"a\\"b":1,"x":1,"secret\\"x": "###"}'),
    "an escaped quote before a harmless word": (b'{"x":1,"secret\\"x": "abc"}', b'{"x":1,"secret\\"x": "###"}'),
    "a line break before a colon inside": (b'{"x":"{\\"pin\\"\\n:1234}"}', b'{"x":"{\\"pin\\"\\n:####}"}'),
    "Postgres": (b'{"a" : 1, "password" : "abc", "b" : 2}', b'{"a" : 1, "password" : "###", "b" : 2}'),
    "a code": (b'{"code":"xyz","a":1}', b'{"code":"xyz","a":1}'),
    "a code of OAuth": (b'{"code":"xyz","client_id":1}', b'{"code":"###","client_id":1}'),
    "a code behind it": (b'{"clientId":1,"code":"abc"}', b'{"clientId":1,"code":"###"}'),
    "a BOM": (b'\xef\xbb\xbf{"pin":1234}', b'\xef\xbb\xbf{"pin":####}'),
    "lines": (b'{"pin":1234}\n{"pin":"12"}\n', b'{"pin":####}\n{"pin":"##"}\n'),
    "a line break in a list inside": (
        b'{"a":"{\\n \\"pin\\": 12\\n, \\"tokens\\":\\n [\\"a\\"]}"}',
        b'{"a":"{\\n \\"pin\\": ##\\n, \\"tokens\\":\\n #######}"}',
    ),
    "an outer string that ends": (b'{"a":"\\"token\\": [1, ","b":1}', b'{"a":"\\"token\\": ####","b":1}'),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("warm", [False, True])
def test_ways_of_writing(case: str, warm: bool) -> None:
    body, left = CASES[case]
    known = names()
    if warm:  # all that is harmless was seen before
        feed(JsonScanner(known), [body])
    assert feed(JsonScanner(known), [body]).left == left.replace(b"#", b"\0")
    for chunks in ([body[:at], body[at:]] for at in range(1, len(body))):
        seen = feed(JsonScanner(known), chunks).left
        assert not any(piece in seen for piece in (b"abc", b"1234"))


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-16", "utf-32-le", "utf-32-be", "utf-32"])
def test_wide_characters_are_withheld(codec: str) -> None:
    body = '{"password": "hunter2"}'.encode(codec)
    assert feed(make(), [body]).left == bytes(len(body))
    assert set(feed(make(), cut(body, range(len(body)))).left[4:]) == {0}


def test_white_space_without_end_is_not_kept() -> None:
    scanner = make()
    for chunk in (b'{"password"', *[b" " * 1000] * 100, b":", *[b"\n" * 1000] * 100):
        assert scanner.feed(chunk) == []
        assert len(scanner._carry) < 100
    assert scanner.feed(b'"abc"') == [Span(1, 4, b"abc", "field")]


@pytest.mark.parametrize("size", [LONGEST_VALUE, LONGEST_VALUE + 1])
def test_a_long_value_has_no_value(size: int) -> None:
    scanner = make()
    chunks = [b'{"password":"', *cut(b"x" * size, range(0, size, 1000)), b'y"}']
    spans = [span for chunk in chunks for span in scanner.feed(chunk)]
    assert spans[-1] == Span(0, 1, None, "field")
    assert sum(span.end - span.start for span in spans) == size + 1


def test_a_value_that_ends_chunks_later_is_told_whole() -> None:
    scanner = make()
    spans = [scanner.feed(chunk) for chunk in (b'{"password":"a\\u00', b"e9b\\", b'"c', b'd" }')]
    assert spans[-1] == [Span(0, 1, 'aéb"cd'.encode(), "field")]


def test_a_name_without_end_withholds_what_is_under_it() -> None:
    scanner = make()
    for _ in range(200):
        assert scanner.feed(b'{"' + b"x" * 100) == [] if _ == 0 else scanner.feed(b"x" * 100) == []
        assert len(scanner._carry) < 5000
    assert scanner.feed(b'":"abc"}') == [Span(3, 6, b"abc", "field")]


def test_a_thousand_spans_and_then_the_rest() -> None:
    body = b'{"pin":1},' * 1500
    spans = make().feed(body)
    assert len(spans) == MOST_SPANS
    assert spans[-1][1:] == (len(body), None, "too many")


def test_after_a_gap_all_is_withheld_up_to_the_next_document() -> None:
    scanner = JsonScanner(names(), again=re.compile(rb"\n(?=\{)"))
    scanner.feed(b'{"password":"ab')
    scanner.gap()
    seen = feed(scanner, [b'c"}', b"\n", b'{"a":1,"pin":2}'])
    assert seen.left == b'\0\0\0\0{"a":1,"pin":\0}'


def test_a_harmless_key_is_remembered_and_a_secret_one_is_not() -> None:
    known = names()
    JsonScanner(known).feed(b'{"a":1,"password":2,"client_id":3,"b\\u0063":4,"code":5}')
    assert known.harmless == {b"a", b"b\\u0063"}


class Asked:
    """Names of which each must be asked for."""

    def __init__(self) -> None:
        self.harmless: set[bytes] | None = None
        self.names: list[str] = []

    def kind(self, place: Any, name: str) -> Any:
        self.names.append(name)
        return "secret" if name == "\ud83d 😀" else None


def test_names_are_asked_for_decoded() -> None:
    asked = Asked()
    scanner = JsonScanner(asked)
    spans = scanner.feed(b'{"\\ud83d \\ud83d\\ude00":"ab","a":1,"a":{"\xff\\n\\q":1}}')
    assert [span.value for span in spans] in ([b"ab"], [])
    assert asked.names[1:3] == ["a", "a"]


HOSTILE = {
    "escaped quotes": b'\\"' * 50_000,
    "quotes": b'"' * 100_000,
    "backslashes": b"\\" * 100_000,
    "a key of backslashes": b'"a' + b"\\" * 100_000 + b'":"x"',
    "keys inside": b'\\":' * 33_000,
    "keys in every depth": b'\\":\\\\\\":":' * 9_000,
    "white space": b'"' + b" " * 100_000,
    "white space inside": b'"' + b"\\n" * 50_000 + b"x",
    "open lists": b'{"token":' + b"[" * 100_000,
    "a value of quotes": b'{"token":["' + b'\\"' * 50_000,
    "a value of words": b'{"token":a' + b" b" * 50_000,
    "hexadecimal quotes": b'"' + b"\\u0022" * 16_000 + b'":',
    "words": b"{a" + b"a " * 50_000,
    "keys without quotes": b"a:1," * 25_000,
    "codes": b'{"code":1,' * 10_000,
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("start", [b"", b"{'a':1,"])
def test_no_document_takes_more_than_its_length(case: str, start: bytes) -> None:
    """Twice as much takes about twice as long; what would be quadratic here would take many seconds, and fail by its deadline."""
    began = time.process_time()
    feed(make(), [start + HOSTILE[case]])
    feed(make(), cut(start + HOSTILE[case], range(0, 110_000, 1000)))
    assert time.process_time() - began < 2
