from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_inspect.trace import messages
from asgi_inspect.trace.messages import Close
from asgi_inspect.values import Foreign, Parts, Redacted, Truncated

START = "http.response.start"
BODY = "http.response.body"
DENIAL = "websocket.http.response.start"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"type": "http.request"}, "http.request"),
        ({"type": b"x"}, ""),
        ({}, ""),
        (None, ""),
        (["type"], ""),
        ("type", ""),
    ],
)
def test_message_type(message: Any, kind: str) -> None:
    assert messages.message_type(message) == kind


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ({"type": START, "status": 200}, 200),
        ({"type": START, "status": HTTPStatus.NOT_FOUND}, 404),
        ({"type": DENIAL, "status": 403}, 403),
        ({"type": START, "status": -7}, -7),
        ({"type": START, "status": "200"}, None),
        ({"type": START, "status": True}, None),
        ({"type": START, "status": 200.0}, None),
        ({"type": START, "status": Foreign("$object", "x.Y")}, None),
        ({"type": START}, None),
        ({"type": BODY, "status": 200}, None),
        (None, None),
    ],
)
def test_status(message: Any, status: int | None) -> None:
    assert messages.status_of(message) == status


@pytest.mark.parametrize(
    ("message", "last"),
    [
        ({"type": BODY}, True),
        ({"type": BODY, "more_body": False}, True),
        ({"type": BODY, "more_body": None}, True),
        ({"type": BODY, "more_body": True}, False),
        ({"type": "http.response.zerocopysend"}, True),
        ({"type": "http.response.zerocopysend", "more_body": True}, False),
        ({"type": "http.response.pathsend", "path": "/x"}, True),
        ({"type": "websocket.http.response.body"}, True),
        ({"type": "http.request"}, False),
        ({"type": START}, False),
        (7, False),
    ],
)
def test_the_last_of_a_body(message: Any, last: bool) -> None:
    assert messages.ends_body(message) == last


@pytest.mark.parametrize(
    ("message", "last"),
    [
        ({"type": "http.response.trailers", "headers": []}, True),
        ({"type": "http.response.trailers", "more_trailers": True}, False),
        ({"type": BODY}, False),
    ],
)
def test_the_last_of_the_trailers(message: Any, last: bool) -> None:
    assert messages.ends_trailers(message) == last


@pytest.mark.parametrize(
    ("message", "size"),
    [
        ({"type": "http.request", "body": b"12345"}, 5),
        ({"type": "http.request"}, 0),
        ({"type": BODY, "body": bytearray(b"12")}, 2),
        ({"type": BODY, "body": memoryview(b"abcd").cast("H")}, 4),
        ({"type": BODY, "body": Truncated(1 << 40, b"x")}, 1 << 40),
        ({"type": BODY, "body": Truncated(None, None)}, 0),
        ({"type": BODY, "body": Truncated("9", None)}, 0),  # type: ignore[arg-type]
        ({"type": BODY, "body": Truncated(-9, None)}, 0),
        ({"type": BODY, "body": Redacted(12)}, 12),
        ({"type": BODY, "body": Parts((b"sid=", Redacted(8), Redacted(None)))}, 12),
        ({"type": BODY, "body": "né"}, 3),
        ({"type": BODY, "body": "\ud800"}, 3),
        ({"type": BODY, "body": Foreign("$object", "a.B")}, 0),
        ({"type": BODY, "body": [1, 2]}, 0),
        ({"type": "websocket.send", "text": "日本"}, 6),
        ({"type": "websocket.send", "bytes": b"\xff\xff", "text": None}, 2),
        ({"type": "websocket.receive", "bytes": None, "text": "ab"}, 2),
        ({"type": "websocket.receive", "bytes": None, "text": None}, 0),
        ({"type": "websocket.accept", "bytes": b"x"}, 0),
        ("body", 0),
    ],
)
def test_the_true_size_of_what_a_message_carries(message: Any, size: int) -> None:
    assert messages.payload_size(message) == size


@pytest.mark.parametrize(
    ("message", "close"),
    [
        ({"type": "websocket.close"}, Close(1000, None)),
        ({"type": "websocket.close", "code": 4000, "reason": "no"}, Close(4000, "no")),
        ({"type": "websocket.close", "code": None, "reason": ""}, Close(1000, None)),
        ({"type": "websocket.disconnect"}, Close(1005, None)),
        ({"type": "websocket.disconnect", "code": 1001, "reason": None}, Close(1001, None)),
        ({"type": "websocket.disconnect", "code": "x", "reason": 7}, Close(None, None)),
        ({"type": "websocket.accept", "code": 1}, None),
        ([], None),
    ],
)
def test_how_a_websocket_was_closed(message: Any, close: Close | None) -> None:
    assert messages.close_of(message) == close


@pytest.mark.parametrize(
    ("holder", "headers"),
    [
        ({"headers": [[b"a", b"1"], (b"b", b"2")]}, [(b"a", b"1"), (b"b", b"2")]),
        ({"headers": ([b"a", b"1"],)}, [(b"a", b"1")]),
        ({"headers": [[b"a"], b"ab", None, [b"a", b"1", b"2"], ["a", 1]]}, [("a", 1)]),
        ({"headers": {"a": 1}}, []),
        ({"headers": None}, []),
        (None, []),
    ],
)
def test_headers_are_the_pairs_that_are_pairs(holder: Any, headers: list[tuple[Any, Any]]) -> None:
    assert messages.headers_of(holder) == headers


def test_a_header_is_found_whatever_its_capitals() -> None:
    holder = {"headers": [["content-type", "x"], [b"Content-Type", b"a"], [b"content-type", b"b"]]}
    assert messages.header(holder, b"content-type") == b"a"
    assert messages.header(holder, b"host") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("/é", "/é"),
        (b"a=\xff&b=\xc3\xa9", "a=\\xff&b=é"),
        (bytearray(b"x"), "x"),
        (Truncated(99, b"abc"), "abc…"),
        (Truncated(None, None), "…"),
        (Redacted(4), "<redacted>"),
        (Parts((b"k=", Redacted(4), b"&x")), "k=<redacted>&x"),
        (Foreign("$object", "a.B"), "<a.B>"),
        (Foreign("$later", 3), "<$later>"),
        (7, "7"),
        (True, "True"),
        (float("nan"), "nan"),
        pytest.param(10**5000, "<int>", id="huge int"),
        ({"a": 1}, "<dict>"),
    ],
)
def test_words_for_people(value: Any, text: str) -> None:
    assert messages.as_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["127.0.0.1", 52798], "127.0.0.1:52798"),
        (("127.0.0.1", "52798"), "127.0.0.1:52798"),
        (["::1", 8000], "[::1]:8000"),
        (["1.2.3.4", 0], "1.2.3.4:0"),
        (["/run/app.sock", None], "/run/app.sock"),
        (["host"], "host"),
        (["", 0], None),
        (["", ""], None),
        ([], None),
        (None, None),
        ("127.0.0.1", None),
    ],
)
def test_addresses(value: Any, text: str | None) -> None:
    assert messages.address(value) == text


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.builds(Truncated, st.none() | st.integers(), st.none() | st.binary())
    | st.builds(Redacted, st.none() | st.integers())
    | st.builds(Foreign, st.just("$object"), st.text() | st.none()),
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(lambda parts: Parts(tuple(parts))),
    max_leaves=6,
)
kinds = st.sampled_from(
    [
        START,
        BODY,
        DENIAL,
        "http.request",
        "websocket.send",
        "websocket.receive",
        "websocket.close",
        "http.response.trailers",
    ]
)
wild = st.fixed_dictionaries(
    {},
    optional={
        "type": kinds | anything,
        **dict.fromkeys(
            ("status", "body", "more_body", "bytes", "text", "code", "reason", "headers", "trailers"), anything
        ),
    },
)


@given(wild | anything)
def test_nothing_raises_whatever_the_message(message: Any) -> None:
    for function in (
        messages.message_type,
        messages.is_start,
        messages.status_of,
        messages.ends_body,
        messages.ends_trailers,
        messages.payload_of,
        messages.close_of,
        messages.headers_of,
        messages.as_text,
        messages.address,
    ):
        function(message)
    messages.header(message, b"host")
    assert messages.payload_size(message) >= 0
