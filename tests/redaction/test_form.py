"""Secrets in forms: found whatever the way of writing and of cutting, and nothing else with them."""

import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.redaction.form import FormScanner
from asgi_inspect.redaction.spans import LONGEST_VALUE, Span
from tests.redaction.scanning import (
    HARMLESS,
    HARMLESS_NAMES,
    PLACES,
    SECRET,
    SECRET_NAMES,
    Piece,
    cut,
    feed,
    left_of,
    names,
    whole,
)


def make() -> FormScanner:
    return FormScanner(names())


@st.composite
def written(draw: st.DrawFn, text: str) -> str:
    way = draw(st.sampled_from(["few", "plus", "all"]))
    if way == "all":
        return "".join(f"%{octet:02X}" for octet in text.encode())
    return quote_plus(text) if way == "plus" else quote(text, safe="/:?@!$'()*,")


@st.composite
def forms(draw: st.DrawFn) -> list[Piece]:
    pieces: list[Piece] = []
    for _ in range(draw(st.integers(0, 6))):
        if pieces:
            pieces.append(Piece("&"))
        if draw(st.booleans()):
            name, value = draw(st.sampled_from((*SECRET_NAMES, "user[password]", "code"))), draw(SECRET)
            pieces += [Piece(draw(written(name)) + "="), Piece(draw(written(value)), value)]
        else:
            name, value = draw(st.sampled_from(HARMLESS_NAMES)), "v" + draw(HARMLESS)
            pieces.append(Piece(draw(written(name)) + draw(st.sampled_from(["", "=", "=" + draw(written(value))]))))
    return [*pieces, Piece("&")]


@settings(max_examples=150, deadline=None)
@given(forms(), PLACES)
def test_what_is_secret_is_withheld_and_nothing_else(pieces: list[Piece], places: list[int]) -> None:
    body, left, values = whole(pieces)
    assert feed(make(), [body])[:2] == (left, values)
    seen = feed(make(), cut(body, places))
    assert seen.left == left
    assert seen.values.items() <= values.items()
    assert left_of(make, body, 1) == left


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=20) | st.sampled_from([b"password", b"=", b"&", b"%", b"%7B%22pin%22", b";"])))
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    feed(make(), chunks)


CASES = {
    "semicolons": (b"a=1;password=abc;b&c=2", b"a=1;password=#####&c=2"),
    "lines": (b"a=1\r\npassword=abc", b"a=1\r\npassword=###"),
    "numbers of tokens": (b"max_tokens=12&tokens=abc&tokens=12", b"max_tokens=12&tokens=###&tokens=12"),
    "JSON": (b'a=1&p=%7B%22token%22%3A%22abc%22%7D&b={"a":1}', b"a=1&p=" + b"#" * 29 + b'&b={"a":1}'),
    "equals signs": (b"password=a=b=&c=d=e", b"password=####&c=d=e"),
    "an escape that is none": (b"pass%77or%64=a%zz&b=%", b"pass%77or%64=####&b=%"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_ways_of_writing(case: str) -> None:
    body, left = CASES[case]
    assert left_of(make, body) == left.replace(b"#", b"\0")
    for at in range(1, len(body)):
        assert b"abc" not in feed(make(), [body[:at], body[at:]]).left


def test_the_last_value_is_told_where_the_body_ends() -> None:
    assert make().feed(b"a=1&password=x%20y", last=True) == [Span(13, 18, b"x y", "field")]
    assert make().feed(b"a=1&password=x%20y") == [Span(13, 18, None, "field")]


@pytest.mark.parametrize("size", [LONGEST_VALUE, LONGEST_VALUE + 1])
def test_a_long_value_has_no_value(size: int) -> None:
    scanner = make()
    spans = [span for chunk in cut(b"pin=" + b"x" * size + b"&", range(0, size, 999)) for span in scanner.feed(chunk)]
    assert (spans[-1].value is None) == (size > LONGEST_VALUE)
    assert sum(span.end - span.start for span in spans) == size


def test_a_name_without_end_withholds_what_is_under_it() -> None:
    assert left_of(make, b"a" * 5000 + b"=abc&b=1", 100) == b"a" * 5000 + b"=\0\0\0&b=1"


def test_after_a_gap_all_is_withheld_up_to_the_next_field() -> None:
    scanner = make()
    scanner.feed(b"a=1&password=ab")
    scanner.gap()
    assert feed(scanner, [b"cd", b"ef&a=1&pin=12"]).left == b"\0\0\0\0&a=1&pin=\0\0"


@pytest.mark.parametrize("body", [b"a" * 10**6, b"=" * 10**6, b"a=%" * 10**5, b"a=1;" * 10**5, b"pin=1&" * 20_000])
def test_no_form_takes_more_than_its_length(body: bytes) -> None:
    began = time.process_time()
    feed(make(), [body])
    feed(make(), cut(body, range(0, len(body), 1000)))
    assert time.process_time() - began < 4
