"""Which connection `--conn` means."""

import pytest

from asgi_inspect.cli._connection import Wanted
from asgi_inspect.errors import UsageError

LINES = [
    b'{"record":"process","v":1,"proc":"aaaa1111","pid":4711}',
    b'{"record":"scope","conn":"aaaa1111.1"}',
    b'{"record":"scope","conn":"aaaa1111.17"}',
    b'{"record":"process","v":1,"proc":"bbbb2222","pid":4712}',
    b'{"record":"scope","conn":"bbbb2222.1"}',
    b'{"record":"of-a-later-version","conn":"bbbb2222.3"}',
    b"rubbish",
    b'{"record":"end","conn":"aaaa1111.17"}',
]


def choose(text: str) -> str | None:
    wanted = Wanted(text)
    return wanted.choose(conn for line in LINES if (conn := wanted.note(line)) is not None)


@pytest.mark.parametrize(
    ("text", "conn"),
    [
        ("aaaa1111.1", "aaaa1111.1"),
        ("aaaa1111.17", "aaaa1111.17"),
        ("17", "aaaa1111.17"),
        ("#17", "aaaa1111.17"),
        ("4712#1", "bbbb2222.1"),
        ("aaaa#1", "aaaa1111.1"),
        ("2222.1", "bbbb2222.1"),
        ("3", "bbbb2222.3"),
        ("7", None),
        ("#7", None),
        ("4713#1", None),
        ("", None),
        ("#", None),
        ("nothing", None),
    ],
)
def test_choose(text: str, conn: str | None) -> None:
    assert choose(text) == conn


def test_what_may_be_several_is_not_guessed() -> None:
    with pytest.raises(UsageError, match=r"--conn 1 may be 4711#1, 4712#1: give one of them in full\."):
        choose("1")


def test_what_a_process_number_does_not_tell_apart_is_named_by_its_id() -> None:
    wanted = Wanted("#1")
    again = b'{"record":"process","v":1,"proc":"cccc3333","pid":4711}'
    lines = [*LINES, again, b'{"record":"scope","conn":"cccc3333.1"}', b'{"record":"scope","conn":"dddd4444.1"}']
    found = [conn for line in lines if (conn := wanted.note(line)) is not None]
    with pytest.raises(UsageError, match=r"may be aaaa1111\.1, 4712#1, cccc3333\.1, dddd4444\.1: give one"):
        wanted.choose(found)
