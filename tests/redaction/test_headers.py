"""What is secret in a header."""

import re

import pytest

from asgi_inspect.redaction.headers import finder_for, subprotocol, subprotocols, usual_finder
from asgi_inspect.redaction.names import Names
from tests.redaction.test_shapes import JWT, without

NAMES = Names()


def kept_of(name: str, value: str, names: Names = NAMES) -> str:
    return without(value, finder_for(name, names, usual_finder(names))(value))


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("authorization: Bearer leaf", "Bearer *"),
        ("Authorization: basic bGVhZjps", "basic *"),
        ("authorization: leaf", "*"),
        ("authorization: my leaf", "*"),  # the first word is no scheme, so it may be a part of the secret
        ('authorization: Digest username="ada", response="leaf"', "Digest *"),
        ("authorization: ", ""),
        ("proxy-authorization: Bearer leaf", "Bearer *"),
        ("cookie: sid=leaf; theme=dark;a = b ; leaf", "sid=*; theme=*;a =*; *"),
        ('cookie: a="x;y"; b=', "a=*;*; b="),
        ("Cookie: a=b=c", "a=*"),
        ("set-cookie: sid=leaf; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly", "sid=*; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly"),
        ("set-cookie: leaf; Secure", "*; Secure"),
        ("set-cookie: sid=; Max-Age=0", "sid=; Max-Age=0"),
        ("X-Api-Key: leaf", "*"),
        ("x-csrf-token: leaf", "*"),
        ("x-amz-security-token: leaf", "*"),
        ("location: https://u:p@h/x?token=leaf", "https://*@h/x?token=*"),
        ("referer: https://h/reset/0123456789abcdef0123?a=b", "https://h/reset/*?a=b"),
        ("refresh: 5; url=/x?token=leaf", "5; url=/x?token=*"),
        (f"x-whatever: {JWT}", "*"),
        (f"user-agent: me ({JWT})", "me (*)"),
        ("x-forwarded-for: 10.0.0.1", "10.0.0.1"),
        ("via: Bearer leaf", "Bearer *"),
        ("x-back: https://h/?token=leaf", "https://h/?token=*"),
        ("www-authenticate: Bearer realm=x, error=invalid_token", "Bearer realm=x, error=invalid_token"),
        ("access-control-allow-headers: authorization, x-api-key", "authorization, x-api-key"),
        ("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol: graphql-ws, bearer, leaf", "graphql-ws, bearer, *"),
        ("content-type: application/json; charset=utf-8", "application/json; charset=utf-8"),
        ("accept: text/html,application/xhtml+xml;q=0.9", "text/html,application/xhtml+xml;q=0.9"),
        ('etag: W/"abc="', 'W/"abc="'),
    ],
)  # fmt: skip
def test_by_default(header: str, kept: str) -> None:
    name, _, value = header.partition(": ")
    assert kept_of(name, value) == kept


def test_what_a_user_adds_and_takes_away() -> None:
    assert kept_of("x-tenant", "leaf", Names(["x-tenant"])) == "*"
    assert kept_of("X-Tenant", "leaf", Names(patterns=[re.compile("ten")])) == "*"
    keeps_theme = Names(ask=lambda place, name: (place, name) != ("cookie", "theme") and None)
    assert kept_of("cookie", "theme=dark; sid=leaf", keeps_theme) == "theme=dark; sid=*"
    keeps_all = Names(ask=lambda place, name: False)
    assert kept_of("authorization", "Bearer leaf", keeps_all) == "Bearer leaf"
    assert kept_of("cookie", "sid=leaf", keeps_all) == "sid=leaf"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("graphql-transport-ws", "graphql-transport-ws"),
        ("access_token, leaf", "access_token, *"),
        ("access_token.leaves", "access_token.*"),
        ("base64url.bearer.authorization.k8s.io.bGVhZg, v4.channel.k8s.io", "base64url.bearer.authorization.k8s.io.*, v4.channel.k8s.io"),
        (f"chat, {JWT}", "chat, *"),
        ("chat, 0123456789abcdefghijk", "chat, *"),
        ("bearer, graphql-ws", "bearer, graphql-ws"),
        ("actioncable-v1-json, actioncable-unsupported", "actioncable-v1-json, actioncable-unsupported"),
    ],
)  # fmt: skip
def test_subprotocols(value: str, kept: str) -> None:
    assert without(value, subprotocols(value)) == kept
    words, before, alone = value.split(", "), "", []
    for word in words:
        alone.append(without(word, subprotocol(word, before)))
        before = word
    assert ", ".join(alone) == kept
