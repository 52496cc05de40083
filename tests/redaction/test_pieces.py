"""Strings as they stand in a trace, with parts of them withheld."""

import re
from typing import Any

import pytest

from asgi_inspect.convert import decode, encode
from asgi_inspect.redaction.fingerprint import Fingerprints
from asgi_inspect.redaction.pieces import cleaned, withheld
from asgi_inspect.redaction.shapes import Found
from asgi_inspect.values import Parts, Redacted, Truncated

PRINTS = Fingerprints(b"key of the tests")


def find(text: str) -> list[Found]:
    return [Found(*match.span(), "leaf") for match in re.finditer("leaf.?", text)]


def mark(value: bytes | str, why: str = "leaf") -> Redacted:
    octets = value.encode() if isinstance(value, str) else value
    return Redacted(len(octets), PRINTS.of(octets), why)


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        (b"a leaf.b", Parts((b"a ", mark("leaf."), b"b"))),
        (b"leaf.", mark("leaf.")),
        (b"none", b"none"),
        (b"\xff leaf. \xfe", Parts((b"\xff ", mark("leaf."), b" \xfe"))),
        (b"leaf\xff \xe4", Parts((mark(b"leaf\xff"), b" \xe4"))),
        ("ä leaf.", Parts(("ä ", mark("leaf.")))),  # a str where bytes should be: a bug worth seeing still
        (Truncated(99, b"a leaf."), Truncated(99, Parts((b"a ", mark("leaf."))))),
        (Truncated(None, None), Truncated(None, None)),
        (Parts((b"le", mark("x"), b"af leaf.")), Parts((b"le", mark("x"), b"af ", mark("leaf.")))),
        (Parts((b"a leaf", mark("x"), b" b")), Parts((b"a ", mark("leaf"), mark("x"), b" b"))),
        (mark("x"), mark("x")),
        (17, 17),
    ],
)
def test_a_string_in_a_byte_position(value: Any, clean: Any) -> None:
    tree = encode({"raw_path": value})["raw_path"]
    seen: list[str] = []
    assert decode({"raw_path": cleaned(tree, find, PRINTS, seen.append)})["raw_path"] == clean
    again = cleaned(cleaned(tree, find, PRINTS), find, PRINTS)
    assert decode({"raw_path": again})["raw_path"] == clean  # what is withheld stays so


def test_where_nothing_is_found_nothing_is_made() -> None:
    for tree in (
        "none",
        {"$base64": "/w=="},
        {"$parts": ["a", {"$redacted": {}}]},
        {"$truncated": {"size": 5, "head": "n"}},
    ):
        assert cleaned(tree, find, PRINTS) is tree


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ("leaf", mark("leaf", "name")),
        (b"\xff", mark(b"\xff", "name")),
        ("", ""),
        (None, None),
        (True, True),
        (17, Redacted(None, None, "name")),
        ({"a": 1}, Redacted(None, None, "name")),
        (Truncated(99, "le"), Truncated(99, Redacted(2, None, "name"))),
        (Parts(("le", mark("x"), "af")), Parts((mark("le", "name"), mark("x"), mark("af", "name")))),
        (mark("x"), mark("x")),
    ],
)
def test_a_value_withheld_whole(value: Any, clean: Any) -> None:
    assert decode(withheld(encode(value), PRINTS, "name")) == clean


def test_a_fingerprint_says_whether_two_are_the_same_and_nothing_else() -> None:
    assert PRINTS.of(b"leaf") == Fingerprints(PRINTS.key).of(b"leaf") != PRINTS.of(b"leaves")
    other = Fingerprints(b"another key here")
    assert other.of(b"leaf") != PRINTS.of(b"leaf")
    assert other.id != PRINTS.id
    assert re.fullmatch("[0-9a-f]{12}", PRINTS.of(b""))
