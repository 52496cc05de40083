"""Secrets that are known by how they look, and no text in which looking for them takes long."""

import time

import pytest

from asgi_inspect.redaction.names import Kind, Names
from asgi_inspect.redaction.sentences import sentence
from asgi_inspect.redaction.shapes import Found, address, query, shapes, suspect

NAMES = Names()
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def kind(name: str) -> Kind | None:
    return NAMES.kind("query", name)


def without(text: str, found: list[Found]) -> str:
    """The text with a `*` for each span."""
    for one in reversed(found):
        text = text[: one.start] + "*" + text[one.end :]
    return text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (JWT, "*"),
        (f"see {JWT}, {JWT}!", "see *, *!"),
        ("Bearer abc", "Bearer *"),
        ("x bearer  a.b-c_d~e+f/g==; y", "x bearer  *; y"),
        ("DPoP abc.def", "DPoP *"),
        ('Bearer realm="shop"', 'Bearer realm="shop"'),
        ("Basic dXNlcjpwYXNz", "Basic *"),
        ("Basic authentication", "Basic authentication"),
        ("https://user:pass@host/x", "https://*@host/x"),
        ("https://user@host, ftp://a:b@c", "https://*@host, ftp://*@c"),
        ("postgres://u:p%40@db/x?a=b@c", "postgres://*@db/x?a=b@c"),
        ("https://host/a@b mail@host", "https://host/a@b mail@host"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "*"),
        ("key sk_live_0123456789abcdef.", "key *."),
        ("AKIAIOSFODNN7EXAMPLE", "*"),
        ("eyJwYWdlIjoyfQ", "eyJwYWdlIjoyfQ"),  # JSON in base64, as a cursor is, and no JWT
        ("nothing here: a=b", "nothing here: a=b"),
    ],
)
def test_shapes(text: str, kept: str) -> None:
    assert without(text, shapes(text)) == kept
    assert suspect(text) or kept == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a=1&password=leaf&b=2", "a=1&password=*&b=2"),
        ("access_token=a;x=1", "access_token=*;x=1"),
        ("p%61ssword=leaf&user%5Bpassword%5D=leaf", "p%61ssword=*&user%5Bpassword%5D=*"),
        ("password=&token", "password=&token"),
        ("code=abc&state=x", "code=*&state=x"),
        ("code=404", "code=404"),
        ("code=SplxlOBeZQQYbYS6WxSbIA", "code=*"),
        ("max_tokens=5&tokens=a", "max_tokens=5&tokens=*"),
        ("back=https%3A%2F%2Fu%3Ap%40h%2F&x=1", "back=*&x=1"),
        ("back=%2Fx%3Ftoken%3Dleaf", "back=*"),
        ("back=%252Fx%253Ftoken%253Dleaf", "back=*"),
        ("back=%2Fx%3Fpage%3D2", "back=%2Fx%3Fpage%3D2"),
        (f"x={JWT}&{JWT}", "x=*&*"),
        ("q=a+b&q=c", "q=a+b&q=c"),
        ("", ""),
    ],
)
def test_query(text: str, kept: str) -> None:
    assert without(text, query(text, kind, oauth=False)) == kept


def test_a_code_on_the_way_back_from_a_login() -> None:
    assert without("code=abc", query("code=abc", kind, oauth=True)) == "code=*"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("/items/7?page=2", "/items/7?page=2"),
        ("https://u:p@h/x?token=leaf&y=1#access_token=leaf&z=2", "https://*@h/x?token=*&y=1#access_token=*&z=2"),
        ("/auth/callback?code=abc", "/auth/callback?code=*"),
        ("/cart;jsessionid=0123ABC?x=1", "/cart;jsessionid=*?x=1"),
        ("/reset/MQ/c2k5v1-7f8a9b7f8a9b7f8a", "/reset/MQ/*"),
        ("/verify-email/0123456789abcdef0123", "/verify-email/*"),
        ("/reset/abc123def456", "/reset/*"),
        ("/invite/Zq7xKp2LmW?a=b", "/invite/*?a=b"),
        ("/tokens/12345678/edit", "/tokens/12345678/edit"),
        ("/login/provider1", "/login/provider1"),
        ("/reset/items/abc123def456", "/reset/items/abc123def456"),
        ("/reset/password-form", "/reset/password-form"),
        (f"/x/{JWT}/y", "/x/*/y"),
        ("/AbCdEfGhIj0123456789KlMnOpQrStUvWx", "/*"),
        ("/items/3f2a9b7f-8a9b-7f8a-9b7f-8a9b7f8a9b7f", "/items/3f2a9b7f-8a9b-7f8a-9b7f-8a9b7f8a9b7f"),
        ("/static/index-AbCdEfGhIj0123456789KlMnOpQr.js", "/static/index-AbCdEfGhIj0123456789KlMnOpQr.js"),
        ("/articles/how-to-make-a-good-cup-of-tea-in-10-steps", "/articles/how-to-make-a-good-cup-of-tea-in-10-steps"),
        ("</style.css>; rel=preload", "</style.css>; rel=preload"),
    ],
)
def test_address(text: str, kept: str) -> None:
    assert without(text, address(text, kind)) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "invalid input {'user': 'ada', 'password': 'le af', 'n': 1}",
            "invalid input {'user': 'ada', 'password': '*', 'n': 1}",
        ),
        ('{"token": "a\\"b", "x": 1}', '{"token": "*", "x": 1}'),
        ("secret=leaf, user=ada", "secret=*, user=ada"),
        ("api_key: leaf", "api_key: *"),
        ("password: None", "password: None"),
        ("no such user: password=leaf", "no such user: password=*"),
        ("Error: token: leaf", "Error: token: *"),
        ("GET http://h/x?token=leaf&page=2 failed", "GET http://h/x?token=*&page=2 failed"),
        ("password: password=leaf", "password: *"),
        ("no bearer token was given", "no bearer token was given"),
        ("Bearer a1.b2 is not valid", "Bearer * is not valid"),
        ("cannot connect to amqp://me:leaf@broker/x", "cannot connect to amqp://*@broker/x"),
        ("token = <redacted: 4 bytes, 0123456789ab>", "token = <redacted: 4 bytes, 0123456789ab>"),
    ],
)
def test_sentence(text: str, kept: str) -> None:
    assert without(text, sentence(text, kind)) == kept


HOSTILE = [
    "eyJ" * 30_000, "eyJ" + "a." * 50_000, "://" * 30_000, "a=b&" * 25_000, "?" * 100_000, "bearer " * 15_000, "ghp_" * 25_000,
    "sk-" * 30_000, "1" * 100_000 + ":", "password=" * 10_000, "-----BEGIN " * 9_000, "://" + "a@" * 50_000, "a" * 100_000,
    "http://" + "@" * 100_000, "/" * 100_000, "/a1" * 30_000, "%25" * 30_000 + "=%25" * 10_000, "a=" + "%25" * 30_000,
    "basic " * 15_000, "=" * 100_000, ";" * 100_000, "xoxb-" * 20_000, "SG." * 30_000, "#a=" * 30_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: f"{text[:8]}x{len(text)}")
def test_nothing_takes_longer_than_the_text_is_long(text: str) -> None:
    """The quadratic ways that were here once took 30 s and more."""
    began = time.process_time()
    query(text, kind, oauth=False)
    address(text, kind)
    suspect(text)
    sentence(text[:8192], kind)
    assert time.process_time() - began < 3


def test_beyond_so_many_parameters_the_rest_is_withheld() -> None:
    found = query("a=b&" * 5_000 + "password=leaf", kind, oauth=False)
    assert found[-1].why == "too many"
    assert found[-1].end == 4 * 5_000 + 13
