"""Bodies as a person reads them: which view takes what, and how it looks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.views import Body, Room, Shown, images, kinds, show

ROOM = Room(lines=12, width=60)
WIDE = Room(lines=12, width=75)


def body(data: bytes, content_type: str | None = None, size: int | None = None) -> Body:
    return Body(data, len(data) if size is None else size, content_type)


def as_text(shown: Shown) -> str:
    lines = ["".join(text for text, _ in line) for line in shown.lines]
    return "\n".join([shown.kind, *lines, *([f"+ {shown.rest}"] if shown.rest is not None else [])])


FORM = "application/x-www-form-urlencoded"
MULTIPART = 'multipart/form-data; boundary="x;1"'
PARTS = (
    b'preamble\r\n--x;1\r\nContent-Disposition: form-data; name="a;\\"b"\r\n\r\nHello\r\n--x;1\r\n'
    b'content-disposition: form-data; name="f"; filename="c.png"\r\nContent-Type: image/png\r\n\r\n'
    b"\x89PNG\r\n\r\n\0\r\n--x;1\r\n\r\nno headers\r\n"
)

CASES: list[tuple[Body, Room, str]] = [
    (body(b'{"id":1,"tags":[]}', "application/json"), ROOM, 'json\n{"id": 1, "tags": []}'),
    (body(b"[1.10, 1e400, -0, 12345678901234567890123]"), ROOM, "json\n[1.10, 1e400, -0, 12345678901234567890123]"),
    (body(b'{"a":1,"a":2}', "application/vnd.api+json"), ROOM, 'json\n{"a": 1, "a": 2}'),
    (body(b'"\\u4f60\\ud83d\\ude00\\u001b\\n"', "text/json"), ROOM, 'json\n"你😀\\u001b\\n"'),
    (body(b'"\x7f\xc2\x9b\xe2\x80\xae"', "application/json"), ROOM, 'json\n"\\u007f\\u009b\\u202e"'),
    (body(b" { } ", "text/plain"), ROOM, "json\n{}"),
    (body(b'{"a": 1', "application/json"), ROOM, 'text\n{"a": 1'),
    (body(b'{"a": 1', "application/json", size=99), ROOM, 'text\n{"a": 1'),
    (body(b"{not json}"), ROOM, "text\n{not json}"),
    (body(b"<p>{}</p>", "text/html"), ROOM, "text\n<p>{}</p>"),
    (body(b"{}", "text/html"), ROOM, "json\n{}"),
    (
        body(b'{"name":"Ada","nested":{"list":[1,[2]],"null":null},"yes":true}'),
        ROOM,
        'json\n{\n  "name": "Ada",\n  "nested": {\n    "list": [\n      1,\n      [2]\n    ],\n    "null": null\n  },\n'
        '  "yes": true\n}',
    ),
    (
        body(json.dumps(list(range(100, 140))).encode()),
        ROOM,
        "json\n[\n"
        "  100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110,\n"
        "  111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121,\n"
        "  122, 123, 124, 125, 126, 127, 128, 129, 130, 131, 132,\n"
        "  133, 134, 135, 136, 137, 138, 139\n]",
    ),
    (
        body(b"a=1&b=%E4%BD%A0+x&empty=&bad=%ff&a=2", FORM),
        ROOM,
        'form\na = 1\nb = 你 x\nempty = ""\nbad = \\xff\na = 2',
    ),
    (body(b"", FORM), ROOM, "form"),
    (
        body(PARTS, MULTIPART),
        ROOM,
        'multipart\na;"b = Hello\nf  filename c.png  image/png  9 B\n(no name) = no headers',
    ),
    (body(PARTS[:-20], MULTIPART, 999), ROOM, 'multipart\na;"b = Hello\nf  filename c.png  image/png  12 B so far'),
    (body(b"no boundary here", MULTIPART), ROOM, "text\nno boundary here"),
    (
        body(b"id: 1\r\nevent: tick\r\ndata: {}\r\n\r\n: beat\n\npart of", "text/event-stream; charset=utf-8"),
        ROOM,
        "events\nid: 1\nevent: tick\ndata: {}\n\n: beat\n\npart of",
    ),
    (body(b"one\r\ntwo\n\n"), ROOM, "text\none\ntwo\n"),
    (body("naïve".encode("latin-1"), "text/plain; charset=ISO-8859-1"), ROOM, "text\nnaïve"),
    (body("naïve text, undeclared".encode("latin-1"), "text/html"), ROOM, "text\nna\\xefve text, undeclared"),
    (body("日本".encode("utf-16-le"), "text/plain; charset=utf-16-le"), ROOM, "text\n日本"),
    (body("日本".encode()[1:-1]), ROOM, "text\n\\x97\\xa5\\xe6\\x9c"),
    (body(b"x", "text/plain; charset=no-such"), ROOM, "text\nx"),
    (body(b"\\d", "text/plain; charset=unicode_escape"), ROOM, "text\n\\d"),
    (body(b"616263", "text/plain; charset=hex"), ROOM, "text\n616263"),
    (body(b"a\tb"), ROOM, "text\na   b"),
    (
        body(b"\x89PNG\r\n\x1a\n", "image/png"),
        WIDE,
        "image\nPNG image",
    ),
    (body(b"<svg/>", "image/svg+xml"), ROOM, "image\nSVG image\n<svg/>"),
    (body(b"plain", "image/png"), ROOM, "text\nplain"),
    (body(b"\x1f\x8b\x08\0\xff\xfe\xfd", "text/html"), ROOM, "archive\ngzip data"),
    (body(b"\0"), ROOM, "binary\n0000  00                       ."),
    (body(bytes(200)), Room(2, 60), f"binary\n0000 {' 00' * 8}  ........\n0008 {' 00' * 8}  ........\n+ 184 B more"),
    (body(b"line\n" * 30), ROOM, "text\n" + "line\n" * 12 + "+ 18 more lines"),
    (body(b"line\n" * 13), ROOM, "text\n" + "line\n" * 12 + "+ 1 more line"),
    (body(b"x" * 5000), Room(2, 60), f"text\n{'x' * 120}\n+ 4.8 KiB more"),
    (body(b"x" * 100 + b"\ny"), Room(1, 60), f"text\n{'x' * 60}\n+ 1 more line"),
    (body(json.dumps([[n] for n in range(30)]).encode()), Room(3, 60), "json\n[\n  [0],\n  [1],\n+ 29 more lines"),
    (body(b"a=1&" * 30, FORM), Room(2, 60), "form\na = 1\na = 1\n+ 28 more fields"),
    # What is called wrongly, or not at all, is told by its bytes.
    (body(b'{"a": 1}', "application/octet-stream"), ROOM, 'json\n{"a": 1}'),
    (body(b'{"error": "x"}', "image/png"), ROOM, 'text\n{"error": "x"}'),
    (body(b"%PDF-1.7\n%\xe2\xe3", "text/plain"), ROOM, "document\nPDF document, version 1.7"),
    (body(b"ID3 is what an MP3 begins with", "text/plain"), ROOM, "text\nID3 is what an MP3 begins with"),
    (body(b"BMW, and other cars"), ROOM, "text\nBMW, and other cars"),
    (body(b"a=1&b=%20"), ROOM, "form\na = 1\nb =  "),
    (body(b"a=1"), ROOM, "text\na=1"),
    (body(b"data: x\n\ndata: y\n\n"), ROOM, "events\ndata: x\n\ndata: y"),
    (body(b"data: x, and no more"), ROOM, "text\ndata: x, and no more"),
    (body(PARTS[10:]), ROOM, 'multipart\na;"b = Hello\nf  filename c.png  image/png  9 B\n(no name) = no headers'),
    (body(b'{"a": 1}\n{"a": 2}\n'), ROOM, 'ndjson\n{"a": 1}\n{"a": 2}'),
    (body(b'{"a": 1}\n{"a":', "application/x-ndjson"), ROOM, 'ndjson\n{"a": 1}\n{"a":'),
    (body(b'\x1e{"a": 1}\n\x1e[2]\n', "application/json-seq"), ROOM, 'ndjson\n{"a": 1}\n[2]'),
    (body(b"1\n" * 90, "application/jsonl"), Room(2, 60), "ndjson\n1\n1\n+ about 86 more values"),
    # Charsets: the mark, the header, the text itself.
    (body(b"\xef\xbb\xbfplain"), ROOM, "text\nplain"),
    (body(b'\xef\xbb\xbf{"a": 1}', "application/json"), ROOM, 'json\n{"a": 1}'),
    (body("日本\nx".encode("utf-16")), ROOM, "text\n日本\nx"),
    (body(b"\xfe\xff\x65\xe5", "text/plain; charset=utf-8"), ROOM, "text\n日"),
    (body(b"\xff\xfe\1\0\2\0"), ROOM, "binary\n0000  ff fe 01 00 02 00        ......"),
    (body(b"\x93x\x94", "text/plain; charset=iso-8859-1"), ROOM, "text\n“x”"),
    (body(b"<meta charset='latin-1'>\xe9", "text/html"), ROOM, "text\n<meta charset='latin-1'>é"),
    (
        body(b"<?xml version='1.0' encoding='koi8-r'?>\xc1", "text/xml"),
        ROOM,
        "text\n<?xml version='1.0' encoding='koi8-r'?>а",
    ),
]


@pytest.mark.parametrize(("shown", "room", "expected"), CASES)
def test_a_body_is_shown_as_what_it_is(shown: Body, room: Room, expected: str) -> None:
    assert as_text(show(shown, room)) == expected


def test_json_that_is_nested_too_deep_is_shown_to_a_depth() -> None:
    shown = show(body(b"[" * 300 + b"]" * 300), Room(None, 60))
    assert shown.kind == "json"
    assert len(shown.lines) == 81
    assert "".join(text for text, _ in shown.lines[40]).strip() == "[…]"


def test_json_that_is_nested_beyond_the_stack_does_no_harm() -> None:
    shown = show(body(b"[" * 100_000 + b"]" * 100_000), Room(1, 60))
    assert shown.kind in ("json", "text")  # how deep the parser goes depends on the version of Python
    assert shown.rest is not None


def test_a_long_value_is_cut_and_says_so() -> None:
    shown = show(body(json.dumps({"long": "x" * 9000}).encode()), Room(None, 60))
    assert as_text(shown).endswith('x"… (5,000 more characters)\n}')


def test_of_a_huge_body_only_what_is_shown_is_looked_at() -> None:
    shown = show(body(b"some line\n" * 1_000_000), Room(10, 60))
    assert (len(shown.lines), shown.rest) == (10, "999,990 more lines")


KINDS = {"json", "ndjson", "form", "multipart", "events", "text", "binary", "image"}
KINDS |= {"document", "archive", "font", "audio", "video", "data", "program"}
CONTENT_TYPES = st.none() | st.sampled_from(
    [
        "application/json",
        FORM,
        MULTIPART,
        "multipart/mixed; boundary=a",
        "text/event-stream",
        "text/plain; charset=utf-16",
        "text/html; charset=idna",
        "text/html; charset=punycode",
        'text/html; charset="',
        "text/plain; charset=\0",
        "image/png",
        "application/x-ndjson",
        "application/json-seq",
        "image/svg+xml",
        "text/xml",
        ";;=;",
    ]
)
BEGINNINGS = [begin for begin, _ in images._KINDS] + [kind.magic for kind in kinds._KINDS]
BEGINNINGS += [
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xff\xfe\0\0",
    b"<svg ",
    b'width="1"',
    b"<?xml encoding='utf-16'?>",
    b"ispe",
    b"VP8X",
]
PIECES = st.sampled_from(
    [
        *BEGINNINGS,
        b"--a\r\n",
        b"\r\n",
        b"--x;1",
        b"[",
        b"]",
        b"{",
        b'"a":',
        b",",
        b"1e9",
        b"data: x\n",
        b"%f",
        b"&",
        b"=",
    ]
)
BODIES = st.binary() | st.lists(PIECES).map(b"".join) | st.text().map(str.encode)


@given(BODIES, CONTENT_TYPES | st.text(), st.integers(0, 100), st.none() | st.integers(1, 30), st.integers(1, 200))
def test_no_view_ever_raises_or_takes_more_room_than_it_has(
    data: bytes, content_type: str | None, missing: int, lines: int | None, width: int
) -> None:
    shown = show(body(data, content_type, len(data) + missing), Room(lines, width))
    assert shown.kind in KINDS
    if lines is not None:
        assert len(shown.lines) <= lines + 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=30,
    )
)
def test_pretty_json_is_the_same_json(value: object) -> None:
    shown = show(body(json.dumps(value).encode(), "application/json"), Room(None, 40))
    text = "\n".join("".join(piece for piece, _ in line) for line in shown.lines)
    assert shown.kind == "json"
    assert repr(json.loads(text)) == repr(json.loads(json.dumps(value)))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"a=1&b=%C3%BC", "form"),
        ("tea=玉露".encode(), "form"),
        (b'{"tea": "sencha"}', "json"),
        (b"[1, 2]", "json"),
        (b"\x00\x01\xfe\xff" * 20, "binary"),
    ],
)
def test_what_only_bears_the_name_of_a_form_is_shown_as_what_it_is(data: bytes, kind: str) -> None:
    assert show(body(data, FORM), ROOM).kind == kind
