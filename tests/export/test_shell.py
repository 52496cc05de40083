"""Words for a shell: whatever the bytes are, a real one reads them back, and nothing of them reaches a terminal."""

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_inspect.export._shell import comment, fits_a_word, word, writing
from asgi_inspect.text import safe

TRICKY = [
    b"'",
    b'"',
    b"\\",
    b"$(id)",
    b"`id`",
    b"!",
    b"%s",
    b"\x1b[2J",
    b"\xff",
    "é".encode(),
    b"-n",
    b"#",
    b"~",
    b"\n",
]
OCTETS = st.binary(max_size=20) | st.lists(st.sampled_from(TRICKY), max_size=6).map(b"".join)


def read_by_a_shell(command: str) -> bytes:
    assert safe(command) == command
    return subprocess.run(["sh", "-c", command], capture_output=True, timeout=30, check=True).stdout


@settings(max_examples=60, deadline=None)
@given(OCTETS.filter(lambda octets: b"\0" not in octets and not octets.endswith(b"\n")))
def test_a_word(octets: bytes) -> None:
    assert read_by_a_shell(f"printf %s {word(octets)}") == octets


@settings(max_examples=60, deadline=None)
@given(OCTETS)
def test_what_is_written(octets: bytes) -> None:
    assert read_by_a_shell(writing(octets)) == octets


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=20) | OCTETS.map(lambda octets: octets.decode("utf-8", "replace")))
def test_a_comment_does_nothing(words: str) -> None:
    assert read_by_a_shell(comment(words)) == b""


def test_what_fits_a_word() -> None:
    assert fits_a_word("é".encode())
    assert not any(map(fits_a_word, (b"\0", b"a\n", b"\xff", b"x" * 100_000)))
