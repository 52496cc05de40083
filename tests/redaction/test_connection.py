"""What is withheld of one connection: every field of every scope and message, whatever stands in it."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.convert import decode, encode
from asgi_inspect.protocol.fields import MESSAGES, SCOPES
from asgi_inspect.redaction.connection import _FIELDS, ConnectionRedaction
from asgi_inspect.redaction.names import Names
from asgi_inspect.redaction.redaction import Redaction
from asgi_inspect.values import Parts, Redacted
from tests.redaction.test_shapes import JWT

LEAF = "s3cr3t-leaf"


def connection(**options: Any) -> ConnectionRedaction:
    return ConnectionRedaction(Redaction(Names(**options), b"key of the tests"))


def clean(message: Any, redaction: ConnectionRedaction | None = None, side: str = "receive") -> Any:
    return getattr(redaction or connection(), side)(encode(message))


def test_every_field_of_the_specification_is_looked_through_or_known_to_hold_nothing() -> None:
    fields = {name.removesuffix("?") for table in (SCOPES, MESSAGES) for fields in table.values() for name in fields}
    looked_into_anyway = {"state", "extensions", "info", "file", "offset", "count"}
    assert fields - looked_into_anyway <= set(_FIELDS)


SECRETS: list[Any] = [
    {"type": "http", "headers": [(b"authorization", f"Bearer {LEAF}".encode())]},
    {"type": "http", "headers": [[b"Cookie", f"a={LEAF}".encode()]]},
    {"type": "http", "headers": ((b"x-api-key", LEAF.encode() + b"\xff"),)},
    {"type": "http", "headers": [("authorization", LEAF)]},  # str: a bug of the application's, and a secret still
    {"type": "http", "headers": [(bytearray(b"authorization"), memoryview(LEAF.encode()))]},
    {"type": "http", "headers": [(b"authorization", LEAF.encode(), b"third")]},
    {"type": "http", "headers": {"authorization": LEAF}},
    {"type": "http", "headers": [[b"authorization", [LEAF]]]},
    {"type": "http", "query_string": f"token={LEAF}".encode()},
    {"type": "http", "query_string": f"token={LEAF}"},
    {"type": "http", "query_string": b"token=" + LEAF.encode() + b"\xff"},
    {"type": "http", "path": f"/reset/{LEAF}-0123456789", "raw_path": f"/reset/{LEAF}-0123456789".encode()},
    {"type": "websocket", "subprotocols": ["bearer", LEAF]},
    {"type": "websocket.accept", "subprotocol": f"bearer.{LEAF}"},
    {"type": "http", "state": {"db": {"password": LEAF}}},
    {"type": "http", "state": {b"password": LEAF}},
    {"type": "http", "state": {"url": f"postgres://me:{LEAF}@db/x"}},
    {"type": "http", "state": {"all": [{"token": [LEAF]}, ("authorization", LEAF)]}},
    {"type": "http", "cookies": {"sid": LEAF}},
    {"type": "http", "session": {"csrf_token": LEAF}},
    {"type": "http", "path_params": {"token": LEAF}},
    {"type": "http", "password": LEAF},
    {"type": "http.request", "body": f"password={LEAF}".encode()},
    {"type": "http.request", "body": f'{{"password": "{LEAF}"}}'.encode()},
    {"type": "http.request", "body": bytearray(f'{{"password": "{LEAF}"}}'.encode())},
    {"type": "http.response.body", "body": f'{{"password": "{LEAF}"}}'},
    {"type": "websocket.receive", "text": f'{{"password": "{LEAF}"}}'},
    {"type": "websocket.send", "bytes": f'{{"password": "{LEAF}"}}'.encode()},
    {"type": "websocket.close", "reason": f"token={LEAF}"},
    {"type": "lifespan.startup.failed", "message": f"no access to postgres://me:{LEAF}@db"},
    {"type": "http.response.push", "path": f"/x?token={LEAF}", "headers": []},
    {"type": "http.response.early_hint", "links": [f"</x?token={LEAF}>; rel=preload".encode()]},
    {"type": "http.response.debug", "info": {"context": {"api_key": LEAF}}},
    {"type": "unknown", "x": {"deep": [[[{"secret": LEAF}]]]}},
    {f"Bearer {LEAF}": 1, "type": "x"},
    {1: {"password": LEAF}},
    [{"password": LEAF}],
]  # fmt: skip


@pytest.mark.parametrize("side", ["scope", "receive", "send"])
@pytest.mark.parametrize("message", SECRETS, ids=[str(number) for number in range(len(SECRETS))])
def test_the_secret_is_gone_wherever_it_stands(message: Any, side: str) -> None:
    tree = encode(message)
    assert LEAF in json.dumps(tree) or LEAF in repr(decode(tree))
    kept = json.dumps(clean(message, side=side))
    assert LEAF not in kept
    assert LEAF not in repr(decode(json.loads(kept)))
    assert "redacted" in kept


def test_what_is_cleaned_twice_stays_as_it_is() -> None:
    for message in SECRETS:
        once = json.loads(json.dumps(clean(message)))
        assert connection().receive(json.loads(json.dumps(once))) == once


def test_a_usual_connection_stays_as_it_is() -> None:
    scope = {
        "type": "http", "path": "/items/7", "raw_path": b"/items/7", "query_string": b"page=2&sort=name",
        "headers": [(b"host", b"localhost"), (b"accept", b"*/*"), (b"content-type", b"application/json")],
        "state": {"db": object(), "n": [1, 2]}, "client": ("127.0.0.1", 1), "extensions": {"http.response.trailers": {}},
    }  # fmt: skip
    redaction = connection()
    assert redaction.scope(encode(scope)) == encode(scope)
    body = {
        "type": "http.request",
        "body": b'{"name": "ada", "token_type": "bearer", "total_tokens": 7}',
        "more_body": False,
    }
    assert redaction.receive(encode(body)) == encode(body)


def test_bodies_go_on_from_message_to_message_on_each_side() -> None:
    redaction = connection()
    redaction.scope(encode({"type": "http", "path": "/", "headers": [(b"content-type", b"application/json")]}))
    kept = []
    for number in range(3):
        part = [b'{"pass', b'word":"s3cr3t', b'-leaf","b":1}'][number]
        kept.append(redaction.receive({"type": "http.request", "body": part.decode(), "more_body": number < 2})["body"])
    assert kept[0] == '{"pass'
    first, last = decode({"body": kept[1]})["body"], decode({"body": kept[2]})["body"]
    assert first == Parts((b'word":"', Redacted(6, None, "field")))
    assert last == Parts((Redacted(5, redaction.redaction.prints.of(LEAF.encode()), "field"), b'","b":1}'))
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"Content-Type", b"application/x-www-form-urlencoded")],
    }
    redaction.send(encode(start))
    kept_out = redaction.send({"type": "http.response.body", "body": f"a=b&password={LEAF}"})["body"]
    assert LEAF not in json.dumps(kept_out)


def test_a_compressed_body_is_withheld_and_says_why() -> None:
    redaction = connection()
    headers = [(b"content-type", b"application/json"), (b"content-encoding", b"gzip")]
    redaction.send(encode({"type": "http.response.start", "status": 200, "headers": headers}))
    kept = redaction.send(encode({"type": "http.response.body", "body": b"\x1f\x8b..."}))["body"]
    assert kept == {"$redacted": {"size": 5, "fingerprint": None, "why": "gzip JSON"}}


def test_what_was_withheld_is_withheld_in_texts_too() -> None:
    redaction = connection()
    redaction.scope(
        encode(
            {
                "type": "http",
                "path": "/",
                "headers": [(b"authorization", b"Basic YWRhOnMzY3IzdC1sZWFm"), (b"cookie", b"sid=c00kie-leaf")],
            }
        )
    )
    redaction.receive(encode({"type": "http.request", "body": b'{"password": "b0dy-leaf"}'}))
    text = redaction.text(
        "YWRhOnMzY3IzdC1sZWFm is no login: s3cr3t-leaf, c00kie-leaf and b0dy-leaf are wrong, and so is ada"
    )
    assert (
        re.sub(r"<redacted: \d+ bytes, [0-9a-f]{12}>", "*", text)
        == "* is no login: *, * and * are wrong, and so is ada"
    )


def test_a_redactor_that_was_switched_off_withholds_bodies_whole() -> None:
    names = Names(ask=lambda place, name: False)
    names._off = True
    redaction = ConnectionRedaction(Redaction(names, b"key of the tests"))
    assert (
        redaction.send(encode({"type": "http.response.body", "body": b"hello"}))["body"]["$redacted"]["why"]
        == "redactor off"
    )
    kept = redaction.scope(encode({"type": "http", "headers": [(b"accept", b"text/html")], "query_string": b"page=2"}))
    assert "text/html" not in json.dumps(kept)
    assert "page=" in json.dumps(kept)
    assert '"page=2' not in json.dumps(kept)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.sampled_from([LEAF, JWT, "password"]),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["password", "$parts", "$truncated"]), inner)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from([*_FIELDS, "state", "extensions", "x", "password"])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(FIELDS, VALUES) | VALUES, max_size=4), st.booleans())
def test_nothing_raises_and_every_result_is_a_value_of_a_trace(messages: list[Any], encoded: bool) -> None:
    redaction = connection()
    for message in messages:
        for side in ("scope", "receive", "send"):
            tree = encode(message) if encoded else json.loads(json.dumps(encode(message)))
            kept = getattr(redaction, side)(tree)
            encode(decode(kept))
            json.dumps(kept)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_whatever_json_a_trace_holds_nothing_raises(tree: Any) -> None:
    """Not even one that nobody has written: tags with a content that does not fit."""
    redaction = connection()
    for name in FIELDS_AND_TAGS:
        redaction.scope({name: _jsonable(tree)})
        redaction.send({name: {"$parts": _jsonable(tree)}, "headers": _jsonable(tree), "status": 1})


FIELDS_AND_TAGS = [*_FIELDS, "$parts", "$truncated", "$redacted", "$map", "$base64", "$bytes"]


def _jsonable(x: Any) -> Any:
    return json.loads(json.dumps(encode(x)))
