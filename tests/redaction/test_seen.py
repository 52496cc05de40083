"""What was withheld is withheld wherever it comes again in the same connection; and what is secret by looks in any body."""

import json

import pytest

from asgi_inspect.capture.lines import message_json, scope_json
from asgi_inspect.redaction.connection import ConnectionRedaction
from asgi_inspect.redaction.names import Names
from asgi_inspect.redaction.redaction import Redaction

LEAF = "leaf1234abcd5678"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.leaf"


def kept(answer: str, *headers: tuple[bytes, bytes], query: bytes = b"", content_type: bytes = b"text/html") -> str:
    """What is kept of an answer to a request with these headers."""
    redaction = ConnectionRedaction(Redaction(Names(), b"key of the tests"))
    scope = {"type": "http", "path": "/", "query_string": query, "headers": list(headers)}
    scope_json(scope, redaction.scope)
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", content_type)]}
    message_json(start, None, redaction.send)
    return message_json({"type": "http.response.body", "body": answer.encode()}, None, redaction.send).decode()


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ([(b"authorization", b"Bearer " + LEAF.encode())], b""),
        ([(b"authorization", b"Basic dXNlcjpsZWFmMTIzNGFiY2Q1Njc4")], b""),
        ([(b"x-api-key", LEAF.encode())], b""),
        ([(b"cookie", b'a=b; sid="' + LEAF.encode() + b'"')], b""),
        ([], b"token=" + LEAF.encode()),
        ([], b"token=%6ceaf1234abcd5678"),
    ],
)
def test_what_stood_in_a_head_is_gone_in_the_answer(headers: list[tuple[bytes, bytes]], query: bytes) -> None:
    answer = kept(f"<p>kept {LEAF} kept</p>", *headers, query=query)
    assert "leaf" not in answer
    assert "kept" in answer


def begun() -> ConnectionRedaction:
    redaction = ConnectionRedaction(Redaction(Names(), b"key of the tests"))
    scope_json({"type": "http", "path": "/", "headers": [(b"x-api-key", LEAF.encode())]}, redaction.scope)
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}
    message_json(start, None, redaction.send)
    return redaction


def test_one_that_is_split_over_chunks_or_cut() -> None:
    page = f"<p>kept {LEAF} kept</p>".encode()
    for cut in range(9, len(page)):
        chunks = begun()
        first = {"type": "http.response.body", "body": page[:cut], "more_body": True}
        lines = message_json(first, None, chunks.send)
        lines += message_json({"type": "http.response.body", "body": page[cut:]}, None, chunks.send)
        lines += message_json({"type": "http.response.body", "body": page}, cut, begun().send)
        assert not [at for at in range(len(LEAF) - 5) if LEAF[at : at + 6].encode() in lines], cut
        assert b"<p>kept " in lines


def test_a_word_in_a_cookie_takes_no_word_out_of_a_page() -> None:
    cookie = (b"cookie", b"lang=english; theme=dark-mode2; day=20240102")
    assert "$redacted" not in kept("english dark-mode2 20240102", cookie)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"header":"Bearer {LEAF}"}}',
        f'{{"repo":"https://me:{LEAF}@host/x"}}',
        f'{{"next":"https://host/x?a=b&access_token={LEAF}"}}',
        f'{{"next":"https://host/x?a=b\\u0026access_token={LEAF}"}}',
        f'<a href="/x?a=b&amp;token={LEAF}">',
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{LEAF}">',
        f"<input value={LEAF} name='password'/>",
        f'<meta name="csrf-token" content="{LEAF}">',
        f"see https://host/#id_token={LEAF} there",
        f"{JWT}",
        f"-----BEGIN PRIVATE KEY-----\n{LEAF}\n-----END PRIVATE KEY-----",
    ],
)
def test_what_is_secret_by_looks_is_gone_in_any_body(text: str) -> None:
    assert "leaf" not in kept(text)
    assert "leaf" not in kept(text, content_type=b"application/json")


@pytest.mark.parametrize(
    "text",
    [
        '<a href="/x?page=2&amp;sort=name#top">a@b.c</a> https://host:8080/@me',
        "const bearer = `Bearer ${token}`; fetch('https://' + user + ':' + password + '@host')",
        '<input name="q" value="x"><input name="password" type="password" value=""><meta name="author" content="me">',
        "Bearer authentication, as in Bearer <token>",
    ],
)
def test_what_only_looks_a_bit_like_it_stays(text: str) -> None:
    assert "$redacted" not in kept(text)


@pytest.mark.parametrize(("field", "gone"), [("password", True), ("name", False)])
def test_what_a_validator_repeats_of_a_secret_field(field: str, gone: bool) -> None:
    detail = {"type": "string_too_short", "loc": ["body", field], "msg": "at least {8}", "input": "leaf", "kept": 1}
    answer = kept(json.dumps({"detail": [detail]}), content_type=b"application/json")
    assert ("leaf" not in answer) == gone
    assert "kept" in answer


def test_a_body_whose_beginning_was_not_seen_is_withheld() -> None:
    redaction = ConnectionRedaction(Redaction(Names(), b"key of the tests"), torn=True)
    message = {"type": "http.response.body", "body": b'word":"leaf"}'}
    assert b"leaf" not in message_json(message, None, redaction.send)
    assert b"leaf" not in message_json({"type": "http.request", "body": b'word":"leaf"}'}, None, redaction.receive)
    start = {"type": "http.response.start", "status": 200, "headers": []}
    message_json(start, None, redaction.send)
    assert b"kept" in message_json({"type": "http.response.body", "body": b'{"kept":1}'}, None, redaction.send)
