"""Secrets in multipart bodies: found whatever the way of writing and of cutting, and nothing else with them."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.redaction.scanner import scanner_for
from asgi_inspect.redaction.spans import Scanner, Span
from tests.redaction.scanning import (
    HARMLESS,
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

TYPE = "multipart/form-data; boundary=bo-un.dary"


def make(content_type: str = TYPE) -> Scanner:
    scanner = scanner_for(content_type, None, names())
    assert scanner is not None
    return scanner


def part(head: str, *content: Piece, end: str = "\r\n") -> list[Piece]:
    return [Piece(f"--bo-un.dary{end}Content-Disposition: form-data; {head}{end}{end}"), *content, Piece(end)]


BROKEN = st.sampled_from(["", "\r", "\n--", "\r\n--bo", "\r\n--bo-un.daryx", "x--bo-un.dary\r\n", "\r\n-- "])


@st.composite
def bodies(draw: st.DrawFn) -> list[Piece]:
    pieces = [Piece(draw(st.sampled_from(["", "preamble\r\n"])))]
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["secret", "harmless", "file", "json", "form"]))
        if kind == "secret":
            value = draw(SECRET) + draw(BROKEN)
            file = draw(st.sampled_from(["", '; filename="x.txt"\r\nContent-Type: text/plain']))
            pieces += part(f'name="{draw(st.sampled_from(SECRET_NAMES))}"{file}', Piece(value + "Q", value + "Q"))
        elif kind == "harmless":
            pieces += part("name=créé", Piece("v" + draw(HARMLESS) + draw(BROKEN) + "v"))
        elif kind == "file":
            head = 'name="file"; filename="a.json"\r\nContent-Type: image/png'
            pieces += part(head, Piece('v{"password":"x"}' + draw(HARMLESS) + draw(BROKEN) + "v"))
        elif kind == "json":
            head = 'name="data"\r\nContent-Type: application/json; charset=utf-8'
            pieces += part(head, Piece('{"a":1,"password":"'), Piece("QXJ", "QXJ"), Piece('"}'))
        else:
            head = 'name="data"\r\nContent-Type: application/x-www-form-urlencoded'
            pieces += part(head, Piece("a=1&password="), Piece("QXJ", "QXJ"))
    return [*pieces, Piece("--bo-un.dary--\r\n")]


@settings(max_examples=150, deadline=None)
@given(bodies(), PLACES)
def test_what_is_secret_is_withheld_and_nothing_else(pieces: list[Piece], places: list[int]) -> None:
    body, left, values = whole(pieces)
    assert feed(make(), [body])[:2] == (left, values)
    seen = feed(make(), cut(body, places))
    check(body, seen.left, left)
    assert seen.values.items() <= values.items()
    check(body, left_of(make, body, 1), left)


def check(body: bytes, seen: bytes, left: bytes) -> None:
    """Only what may be the beginning of a delimiter can be left of a secret that is cut there."""
    for found, should, octet in zip(seen, left, body, strict=True):
        assert found == should or (should == 0 and found == octet and octet in b"\r\n--bo-un.dary")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=20) | st.sampled_from(
    [b"\r\n", b"--bo-un.dary", b"\r\n--bo-un.dary\r\n", b'Content-Disposition: form-data; name="pin"', b"--", b"\r\n\r\n"]
)))  # fmt: skip
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    feed(make(), chunks)
    feed(make('multipart/mixed; boundary="\\"'), chunks)


HEADS = {
    "no quotes": b"Content-Disposition: form-data; name=password",
    "capitals": b'CONTENT-DISPOSITION:FORM-DATA;NAME="PASSWORD"',
    "an escape": b'Content-Disposition: form-data; name="pass\\word"',
    "percent": b'Content-Disposition: form-data; name="pass%77ord"',
    "extended": b"Content-Disposition: form-data; name*=utf-8''pass%77ord",
    "continued": b'Content-Disposition: form-data; name*0="pass"; name*1="word"',
    "folded": b'Content-Disposition: form-data;\r\n name="password"',
    "twice": b'Content-Disposition: form-data; name="a"; name="password"',
    "another header": b'X-A: b\r\nContent-Disposition: form-data; filename="a"; name="password"\r\nContent-Type: image/png',
    "encoded": b'Content-Disposition: form-data; name="=?utf-8?q?pass=77ord?="',
    "compressed": b'Content-Disposition: form-data; name="a"\r\nContent-Type: application/json\r\nContent-Encoding: gzip',
    "base64": b'Content-Disposition: form-data; name="a"\r\nContent-Type: application/json\r\nContent-Transfer-Encoding: base64',
}


@pytest.mark.parametrize("case", HEADS)
def test_ways_of_writing_a_head(case: str) -> None:
    body = b"--bo-un.dary\r\n" + HEADS[case] + b"\r\n\r\nabc\r\n--bo-un.dary--\r\n"
    left = left_of(make, body)
    assert b"abc" not in left
    assert left.endswith(b"\r\n--bo-un.dary--\r\n")
    for size in (1, 2, 7):
        assert b"abc" not in left_of(make, body, size)


def test_only_line_feeds() -> None:
    body = b"--bo-un.dary\nContent-Disposition: form-data; name=pin\n\nabc\n--bo-un.dary--\n"
    for size in (None, 1, 3):
        assert left_of(make, body, size) == body.replace(b"abc", b"\0\0\0")


def test_an_empty_part_without_a_line_of_its_own() -> None:
    body = b"--bo-un.dary\r\na: b\r\n\r\n--bo-un.dary\r\nContent-Disposition: form-data; name=pin\r\n\r\nabc\r\n--bo-un.dary--\r\n"
    for size in (None, 1, 2, 3, 5):
        assert b"abc" not in left_of(make, body, size)
        assert left_of(make, body, size).count(0) == 3


def test_the_last_value_is_told_where_the_body_ends() -> None:
    head = b"--bo-un.dary\r\nContent-Disposition: form-data; name=pin\r\n\r\n"
    spans = [Span(len(head), len(head) + 2, b"12", "field")]
    assert make().feed(head + b"12\r\n--bo-un.dary--", last=True) == spans
    assert make().feed(head + b"12\r\n--bo-un.dary--\r\n") == spans


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/x;boundary=" + "x" * 2000]
)
def test_without_a_boundary_all_is_withheld(content_type: str) -> None:
    assert feed(make(content_type), [b"abc", b"def"])[::2] == (bytes(6), ["boundary"] * 2)


def test_a_head_that_is_too_long_withholds_the_rest() -> None:
    body = b"--bo-un.dary\r\na: " + b"b" * 20_000 + b"\r\n\r\nabc\r\n--bo-un.dary\r\n\r\nabc"
    for size in (None, 1000, 7):
        seen = feed(make(), cut(body, range(0, len(body), size or len(body))))
        assert b"abc" not in seen.left
        assert set(seen.why) == {"head"}


def test_after_a_gap_all_is_withheld_up_to_the_next_part() -> None:
    scanner = make()
    scanner.feed(b"--bo-un.dary\r\nContent-Disposition: form-data; name=a\r\n\r\n")
    scanner.gap()
    body = b"abc\r\n--bo-un.dary\r\nContent-Disposition: form-data; name=a\r\n\r\nabc\r\n--bo-un.dary--\r\n"
    assert feed(scanner, [body]).left == b"\0\0\0" + body[3:]


def test_a_part_of_parts() -> None:
    inner = b'--in\r\nContent-Disposition: form-data; name="pin"\r\n\r\nabc\r\n--in--\r\n'
    body = b'--bo-un.dary\r\nContent-Type: multipart/mixed; boundary="in"\r\n\r\n' + inner + b"\r\n--bo-un.dary--\r\n"
    for size in (None, 1, 5):
        assert left_of(make, body, size) == body.replace(b"abc", b"\0\0\0")


def test_a_code_of_oauth() -> None:
    parts = [
        f"--bo-un.dary\r\nContent-Disposition: form-data; name={name}\r\n\r\nabc\r\n" for name in ("code", "client_id")
    ]
    for body in ("".join(parts).encode(), "".join(parts[::-1]).encode()):
        assert left_of(make, body + b"--bo-un.dary--\r\n").count(b"abc") == 1
    assert left_of(make, parts[0].encode() + b"--bo-un.dary--\r\n").count(b"abc") == 1


HOSTILE = (
    b"\r\n" * 50_000,
    b"\r\n--bo-un.dary" * 8_000,
    b"\r\n--bo-un.dary\r\n" * 6_000,
    b"--bo-un.dary" + b" " * 100_000,
    b"\r" * 10**5,
)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_body_takes_more_than_its_length(number: int) -> None:
    began = time.process_time()
    feed(make(), [HOSTILE[number]])
    feed(make(), cut(HOSTILE[number], range(0, 110_000, 100)))
    assert time.process_time() - began < 2
