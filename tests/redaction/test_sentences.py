"""Texts for people, such as the messages of exceptions: what stands behind the name of a secret, however it is written."""

import time

import pytest

from asgi_inspect.redaction.names import Names
from asgi_inspect.redaction.sentences import sentence


def _without(text: str) -> str:
    kept, at = [], 0
    for one in sentence(text, lambda name: Names().kind("scope", name)):
        kept += [text[at : one.start], "*"]
        at = one.end
    return "".join([*kept, text[at:]])


CASES: list[tuple[str, str]] = [
    ("{b'password': b'leaf'}", "{b'password': b'*'}"),
    (r'"{\"password\": \"leaf\"}"', r'"{\"password\": \"*\"}"'),
    ('password="""leaf"""', 'password="""*"""'),
    ("password => leaf", "password => *"),
    ("assert password == 'leaf'", "assert password == '*'"),
    ("os.environ['DB_PASSWORD'] = 'leaf'", "os.environ['DB_PASSWORD'] = '*'"),
    ("Key (token)=(leaf) already exists", "Key (token)=* already exists"),
    ("{'secret': {'a': ['leaf']}, 'b': 1}", "{'secret': *, 'b': 1}"),
    ("{'tokens': ['leaf', 'x']}", "{'tokens': *}"),
    ("tokens=17", "tokens=17"),
    ("User(password=Hidden('leaf'), age=1)", "User(password=*, age=1)"),
    ("password is 'leaf1234'", "password is '*'"),
    ("invalid password leaf1234", "invalid password *"),
    ("token leaf1234 expired", "token * expired"),
    ("Unexpected token < in JSON at position 0", "Unexpected token < in JSON at position 0"),
    ("unexpected keyword argument 'password'", "unexpected keyword argument 'password'"),
    ("password=None, token=''", "password=None, token=''"),
    ("password='leaf", "password='*"),
    (
        "1 validation error for Login\npassword\n  Too short [type=string_too_short, input_value='leaf', input_type=str]",
        "1 validation error for Login\npassword\n  Too short [type=string_too_short, input_value=*, input_type=str]",
    ),
    (
        "[SQL: INSERT INTO users (name, password) VALUES (?, ?)]\n[parameters: ('Ada', 'leaf')]\n(Background)",
        "[SQL: INSERT INTO users (name, password) VALUES (?, ?)]\n[parameters: *]\n(Background)",
    ),
    (
        "[SQL: SELECT name FROM users WHERE id = ?]\n[parameters: ('kept',)]",
        "[SQL: SELECT name FROM users WHERE id = ?]\n[parameters: ('kept',)]",
    ),
    ("postgres://me:le/af@host/db", "postgres://*@host/db"),
    ("https://host:8080/users/@me", "https://host:8080/users/@me"),
]


@pytest.mark.parametrize(("text", "kept"), CASES)
def test_what_is_behind_a_name(text: str, kept: str) -> None:
    assert _without(text) == kept


@pytest.mark.parametrize(
    "text", ["password=(", "password='", "token ", "a_password ", "[SQL: ", "\npassword\n [", "://a:", "token-"]
)
def test_it_takes_no_longer_than_the_text_is(text: str) -> None:
    long = text * (64_000 // len(text))
    began = time.process_time()
    sentence(long, lambda name: Names().kind("scope", name))
    assert time.process_time() - began < 2
