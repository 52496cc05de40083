"""Which scanner a body gets: by what it is said to be, by what it begins with, and by both where these differ."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.redaction.scanner import message_scanner, scanner_for
from tests.redaction.scanning import PLACES, cut, feed, names

JSON = b'{"password":"abc","b":1}'
FORM = b"a=1&password=abc&b=2"
JSON_LEFT, FORM_LEFT = JSON.replace(b"abc", b"\0\0\0"), FORM.replace(b"abc", b"\0\0\0")
SAID = {
    "application/json": JSON,
    "Application/JSON; charset=utf-8": JSON,
    "application/problem+json": JSON,
    "application/vnd.api+json;v=1": JSON,
    "text/json": JSON,
    "application/x-ndjson": JSON + b"\n" + JSON + b"\n",
    "application/jsonl": JSON + b"\n" + JSON,
    "application/json-seq": b"\x1e" + JSON + b"\n\x1e" + JSON,
    "text/event-stream": b"event: a\ndata: " + JSON + b"\n\ndata: " + JSON + b"\n\n",
    "application/json;charset=iso-8859-1": b")]}',\n" + JSON,
    "application/x-www-form-urlencoded": FORM,
    "application/x-www-form-urlencoded; charset=UTF-8": FORM,
}  # fmt: skip
SILENT = [
    "image/png",
    "text/html",
    "video/mp4",
    "text/css",
    "application/pdf",
    "application/javascript",
    "image/svg+xml",
]
SNIFFED = [None, "", "text/plain", "application/octet-stream", "x", "application/unheard-of"]


def left(body: bytes, content_type: str | None, *places: int) -> bytes:
    scanner = scanner_for(content_type, None, names())
    assert scanner is not None
    return feed(scanner, cut(body, places)).left


@pytest.mark.parametrize("content_type", SAID)
def test_said_to_be(content_type: str) -> None:
    body = SAID[content_type]
    assert left(body, content_type) == body.replace(b"abc", b"\0\0\0")
    assert left(body, content_type, *range(len(body))) == body.replace(b"abc", b"\0\0\0")


@pytest.mark.parametrize("content_type", SNIFFED)
@pytest.mark.parametrize("before", [b"", b" \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_by_its_first_bytes(content_type: str | None, before: bytes) -> None:
    for body, should in ((JSON, JSON_LEFT), (b"[" + JSON + b"]", b"[" + JSON_LEFT + b"]"), (FORM, FORM_LEFT)):
        for places in ((), range(100), (1, 2, 3), (2,), (4,)):
            assert left(before + body, content_type, *places) == before + should


@pytest.mark.parametrize("content_type", SNIFFED)
def test_a_secret_that_comes_first(content_type: str | None) -> None:
    for body in (b"password=abc&b=1", b"password=abc"):
        for places in ((), range(100), (4,)):
            assert left(body, content_type, *places) == body.replace(b"abc", b"\0\0\0")


@pytest.mark.parametrize("content_type", SNIFFED)
def test_what_begins_like_neither(content_type: str | None) -> None:
    for body in (b'He said "password":"abc"', b"<p>password=abc</p>", b"", b"a b=1&password=abc", b"\xffabc" * 99):
        assert left(body, content_type) == body


@pytest.mark.parametrize("content_type", SILENT)
def test_json_of_a_wrong_type(content_type: str) -> None:
    assert left(JSON, content_type) == JSON_LEFT
    assert left(FORM, content_type) == FORM
    assert left(b"\x89PNG\r\n" + JSON, content_type) == b"\x89PNG\r\n" + JSON


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_json_that_is_said_to_be_a_form(content_type: str) -> None:
    """As curl says of all that it sends."""
    assert left(JSON, content_type) == JSON_LEFT
    assert left(JSON, content_type, *range(len(JSON))) == JSON_LEFT


def test_a_form_that_is_said_to_be_json() -> None:
    assert left(FORM, "application/json") == FORM_LEFT
    assert left(FORM, "application/json", *range(len(FORM))) == FORM_LEFT


def test_a_form_that_begins_like_json() -> None:
    body = b"[a]=1&password=abc"
    assert left(body, "application/x-www-form-urlencoded") == body.replace(b"abc", b"\0\0\0")


CODINGS = {
    "gzip": "gzip",
    "br": "br",
    "ZSTD": "zstd",
    "x-gzip": "gzip",
    "gzip, br": "compressed",
    "unheard-of": "compressed",
}


@pytest.mark.parametrize("coding", CODINGS)
def test_compressed_bodies_are_withheld_and_say_why(coding: str) -> None:
    kinds = {"application/json": "JSON", "text/event-stream": "JSON", "application/x-www-form-urlencoded": "form"}
    kinds |= {"multipart/form-data; boundary=x": "multipart", "text/plain": "body", "application/octet-stream": "body"}
    body = gzip.compress(JSON)
    for content_type, kind in (*kinds.items(), (None, "body")):
        scanner = scanner_for(content_type, coding, names())
        assert scanner is not None
        scanner.gap()
        seen = feed(scanner, [body[:9], b"", body[9:]])
        assert (seen.left, set(seen.why)) == (bytes(len(body)), {f"{CODINGS[coding]} {kind}"})


@pytest.mark.parametrize("content_type", SILENT)
def test_compressed_bodies_that_have_no_fields_pass(content_type: str) -> None:
    assert scanner_for(content_type, "gzip", names()) is None


@pytest.mark.parametrize("coding", ["", "identity", " Identity ", None])
def test_what_is_not_compressed(coding: str | None) -> None:
    scanner = scanner_for("application/json", coding, names())
    assert scanner is not None
    assert feed(scanner, [JSON]).left == JSON_LEFT


@pytest.mark.parametrize("charset", ["utf-16", "UTF-16LE", '"utf-32"', "utf_7", "cp037"])
@pytest.mark.parametrize("media", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_charsets_in_which_nothing_is_found_are_withheld(charset: str, media: str) -> None:
    scanner = scanner_for(f"{media}; charset={charset}", None, names())
    assert scanner is not None
    assert feed(scanner, [FORM]) == (bytes(len(FORM)), {}, ["not UTF-8"])


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-16", "utf-32-le", "utf-32-be", "utf-32"])
@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain", "image/png", "text/event-stream"])
def test_json_of_wide_characters_is_withheld(content_type: str | None, codec: str) -> None:
    body = JSON.decode().encode(codec)
    assert left(body, content_type) == bytes(len(body))
    assert set(left(body, content_type, *range(len(body)))[8:]) == {0}


MESSAGES = {
    "an object": (b'{"type":"auth","token":"abc"}', b'{"type":"auth","token":"###"}'),
    "a list": (b'[null,"1","room","phx_join",{"token":"abc"}]', b'[null,"1","room","phx_join",{"token":"###"}]'),
    "Socket.IO": (b'42/a,7["login",{"token":"abc"}]', b'42/a,7["login",{"token":"###"}]'),
    "SockJS": (b'a["{\\"token\\":\\"abc\\"}"]', b'a["{\\"token\\":\\"###\\"}"]'),
    "text": (b'Your "token": "abc"', b'Your "token": "abc"'),
    "a form": (b"token=abc", b"token=abc"),
    "bytes": (b"\x00\x01abc", b"\x00\x01abc"),
}  # fmt: skip


@pytest.mark.parametrize("case", MESSAGES)
def test_messages_of_a_websocket(case: str) -> None:
    body, should = MESSAGES[case]
    assert feed(message_scanner(names()), [body]).left == should.replace(b"#", b"\0")
    seen = feed(message_scanner(names()), cut(body, range(len(body)))).left
    assert (b"abc" in seen) == (b"abc" in should)


def test_a_code_of_oauth() -> None:
    body = b'{"code":"abc","state":"x"}'
    for oauth, should in ((False, body), (True, body.replace(b"abc", b"\0\0\0"))):
        scanner = scanner_for("application/json", None, names(), oauth=oauth)
        assert scanner is not None
        assert feed(scanner, [body]).left == should
        assert feed(message_scanner(names(), oauth=oauth), [body]).left == should


def test_a_gap_before_anything_was_seen() -> None:
    for content_type in (None, "application/json", "image/png"):
        scanner = scanner_for(content_type, None, names())
        assert scanner is not None
        scanner.gap()
        assert feed(scanner, [JSON, FORM]).left == bytes(len(JSON + FORM))


def test_events_are_found_again_after_a_gap() -> None:
    scanner = scanner_for("text/event-stream", None, names())
    assert scanner is not None
    assert feed(scanner, [b'data: {"password": "ab']).left == b'data: {"password": "\0\0'
    scanner.gap()
    assert feed(scanner, [b'c"}\n', b'\ndata: {"a":1,"pin":2}\n\n']).left == b'\0\0\0\0\0data: {"a":1,"pin":\0}\n\n'


TYPES = st.sampled_from([*SAID, *SILENT, None, "multipart/form-data; boundary=x", "multipart/mixed"]) | st.text(
    max_size=40
)


@settings(max_examples=200, deadline=None)
@given(TYPES, st.none() | st.text(max_size=20), st.binary(max_size=60) | st.sampled_from([JSON, FORM]), PLACES)
def test_nothing_makes_it_raise(content_type: str | None, coding: str | None, body: bytes, places: list[int]) -> None:
    scanner = scanner_for(content_type, coding, names())
    if scanner is not None:
        feed(scanner, cut(body, places))
        scanner.gap()
        feed(scanner, [body])


TEXTS = {
    "words": (b"leaves " * 50, False),
    "JSON": (b'  {"password": "s3cr3t-leaf"}', True),
    "form": (b"a=b&password=s3cr3t-leaf", True),
    "nothing": (b"", False),
    "white space": (b" " * 3000, True),  # for all that one can know
    "one word": (b"password", True),
}


@pytest.mark.parametrize("size", [1, 11, 10_000])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "x-gzip"])
@pytest.mark.parametrize("content_type", ["text/plain", None, "application/octet-stream"])
@pytest.mark.parametrize("name", TEXTS)
def test_a_compressed_body_of_no_type_is_unpacked_a_little(
    name: str, content_type: str | None, coding: str, size: int
) -> None:
    text, hidden = TEXTS[name]
    packed = zlib.compress(text) if coding == "deflate" else gzip.compress(text, mtime=0)
    scanner = scanner_for(content_type, coding, names())
    assert scanner is not None
    kept = b""
    for at in range(0, len(packed), size):
        chunk = packed[at : at + size]
        kept += b"" if scanner.feed(chunk) else chunk
    if hidden:
        assert zlib.decompressobj(47).decompress(kept) == b""
    elif text and size > 1:  # byte by byte it is withheld until it is known what it is
        assert zlib.decompressobj(47).decompress(kept) == text


def test_what_is_no_such_coding_is_withheld_and_a_bomb_stays_small() -> None:
    scanner = scanner_for("text/plain", "gzip", names())
    assert scanner is not None
    assert [span.why for span in scanner.feed(b"no gzip at all")] == ["gzip body"]
    bomb = scanner_for("text/plain", "gzip", names())
    assert bomb is not None
    packed = gzip.compress(bytes(50_000_000), mtime=0)
    tracemalloc.start()
    bomb.feed(packed)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_two_scanners_that_withhold_the_same_place() -> None:
    """One of them knows the value, the other does not: neither is less than the other."""
    octets = '[{"password":"a=b&password=c"}]'.encode("utf-16")
    for at in range(len(octets)):
        scanner = scanner_for("application/x-www-form-urlencoded", None, names())
        assert scanner is not None
        scanner.feed(octets[:at])
        assert at == 0 or scanner.feed(octets[at:], True)[-1].end == len(octets) - at
