"""What stood in a header waits until it is asked for, and a usual body takes the short way beside it: with the same result."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.redaction.connection import ConnectionRedaction
from asgi_inspect.redaction.names import Names
from asgi_inspect.redaction.redaction import Redaction
from asgi_inspect.redaction.seen import Seen

HEX = "abcdef0123456789abcdef0123456789"
TOKEN = "head1.middle-9_x.tail7"
KEY = b"key of the tests"
FINDER = Redaction(Names(), KEY).finder


def begun(*headers: tuple[str, str], content_type: str = "text/plain") -> ConnectionRedaction:
    """One whose request had these headers, and whose response has begun."""
    clean = ConnectionRedaction(Redaction(Names(), KEY))
    for name, value in headers:
        clean.header_of_octets((name.encode(), value.encode()))
    clean.request_began()
    clean.type = None
    clean.header_of_octets((b"content-type", content_type.encode()))
    clean.response_began()
    return clean


@pytest.mark.parametrize(
    "header", [("cookie", f"session={HEX}; theme=dark"), ("authorization", f"Bearer {TOKEN}"), ("x-api-key", HEX)]
)
def test_a_usual_body_takes_the_short_way(header: tuple[str, str]) -> None:
    assert begun(header).is_harmless("Hello, world!", "send", b"Hello, world!")
    named = begun(header, content_type="application/json")
    named.redaction.names.harmless = {b"id"}
    assert named.is_harmless('{"id":7}', "send", b'{"id":7}')


@pytest.mark.parametrize("text", ["{0}", "so {0} it is", "it begins {1}", "{2} it ends", "HELLO {0}"])
@pytest.mark.parametrize(
    ("header", "secret"),
    [
        (("cookie", f"a=b; session={HEX}; theme=dark"), HEX),
        (("cookie", f'session="{HEX}"'), HEX),
        (("authorization", f"Bearer {TOKEN}"), TOKEN),
        (("authorization", "Basic " + base64.b64encode(f"me:{TOKEN}".encode()).decode()), TOKEN),
        (("x-api-key", quote("one two 3 (four)", safe="")), "one two 3 (four)"),
        (("x-api-key", json.dumps({"token": HEX})), HEX),
    ],
)
def test_what_it_says_again_is_no_usual_body(header: tuple[str, str], secret: str, text: str) -> None:
    said = text.format(secret, secret[:9], secret[-9:])
    clean = begun(header)
    assert not clean.is_harmless(said, "send", said.encode())
    assert "$redacted" in json.dumps(clean.body(said, "send", False))


@pytest.mark.parametrize(("asked", "said"), [("", " Hello"), ("password=leaf", "Hello, world!")])
def test_what_comes_behind_the_end_of_a_body_is_looked_through_as_ever(asked: str, said: str) -> None:
    short, long = begun(("cookie", f"sid={HEX}")), begun(("cookie", f"sid={HEX}"))
    for clean in (short, long):
        clean.body(asked, "receive", False)
    for text in (said, '{"password":"leaf"}'):
        fast = short.is_harmless(text, "send", text.encode())
        assert (text if fast else short.body(text, "send", False)) == long.body(text, "send", False)


pieces = st.sampled_from(
    [HEX, TOKEN, HEX[:5], TOKEN[-4:], "%6", "a b", "\\", "&lt;", "dark", "12345678", "é", '"', "{", ";"]
)
secrets = st.lists(pieces, min_size=1, max_size=3).map("".join)
headers = st.tuples(st.sampled_from(["cookie", "authorization", "x-api-key"]), secrets.map("sid={}".format) | secrets)
texts = st.lists(pieces | st.sampled_from([" ", "Hello", '{"id": ', "}", "1"]), max_size=4).map("".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(headers, max_size=8), st.lists(texts, min_size=1, max_size=3))
def test_the_short_way_is_what_the_long_way_gives(before: list[tuple[str, str]], said: list[str]) -> None:
    short, long = begun(*before), begun(*before)
    for text in filter(None, said):
        expected: Any = long.body(text, "send", False)
        fast = short.is_harmless(text, "send", text.encode())
        assert (text if fast else short.body(text, "send", False)) == expected


@settings(max_examples=150, deadline=None)
@given(st.lists(secrets, max_size=40), texts)
def test_what_waits_is_found_like_what_was_taken_in(values: list[str], text: str) -> None:
    waiting, taken = Seen(), Seen()
    for value in values:
        waiting.add_header(value, FINDER("x-api-key")(value))
        taken.add(value, "head")
    for _ in range(2):
        assert waiting.find_in_body(text) == taken.find_in_body(text)
    assert waiting.find(text) == taken.find(text)


def test_what_waits_is_bounded() -> None:
    seen = Seen()
    for number in range(1000):
        value = f"a{number}" * (number + 500)
        seen.add_header(value, FINDER("x-api-key")(value))
        assert sum(len(waiting) for waiting, _ in seen._headers) <= 4 * 4096
    crowd = "; ".join(f"a={number}" for number in range(100))
    seen.add_header(crowd, FINDER("cookie")(crowd))
    assert not seen._headers
