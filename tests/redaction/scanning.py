"""What the tests of scanners share: documents that know which of their bytes are secret, and feeding them cut in pieces."""

import json
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from hypothesis import strategies as st

from asgi_inspect.redaction.names import Names
from asgi_inspect.redaction.spans import Scanner

WITHHELD = 0x00  # what stands for each byte that was withheld
Make: TypeAlias = Callable[[], Scanner]


class Piece(NamedTuple):
    """A part of a document."""

    text: str
    secret: str | None = None  # what it means, if it is a secret value


class Seen(NamedTuple):
    """What is left of a body, and each value that was seen whole, by where it ends."""

    left: bytes
    values: dict[int, bytes]
    why: list[str]


def feed(scanner: Scanner, chunks: Iterable[bytes]) -> Seen:
    """What a scanner leaves of a body."""
    left, values, why = bytearray(), {}, []
    for chunk in chunks:
        kept, before = bytearray(chunk), 0
        for span in scanner.feed(chunk):
            assert before <= span.start < span.end <= len(chunk)
            kept[span.start : span.end] = bytes(span.end - span.start)
            before = span.end
            why.append(span.why)
            if span.value is not None:
                values[len(left) + span.end] = span.value
        left += kept
    return Seen(bytes(left), values, why)


def cut(body: bytes, places: Iterable[int]) -> list[bytes]:
    """The body in pieces, cut at these places."""
    ends = sorted({0, len(body), *(place % (len(body) + 1) for place in places)})
    return [body[begin:end] for begin, end in pairwise(ends)]


def whole(pieces: Iterable[Piece]) -> tuple[bytes, bytes, dict[int, bytes]]:
    """A document, what should be left of it, and the secrets in it by where they end."""
    body, left, values = b"", b"", {}
    for piece in pieces:
        octets = piece.text.encode("utf-8", "surrogatepass")
        body += octets
        left += octets if piece.secret is None else bytes(len(octets))
        if piece.secret:
            values[len(body)] = piece.secret.encode("utf-8", "surrogatepass")
    return body, left, values


def escaped(text: str, ascii_only: bool) -> str:
    """A string of JSON, without its quotes."""
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def left_of(make: Make, body: bytes, size: int | None = None) -> bytes:
    """What is left of a body fed whole, or in pieces of this size."""
    return feed(make(), cut(body, range(0, len(body), size) if size else ())).left


def names() -> Names:
    """The names of everybody."""
    return Names()


# A secret has no character that the rest of a document has, but those that are hard.
SECRET = st.text("QXZJW😀é\"\\/'{}[],:&=;+% \n", min_size=1, max_size=40).map(lambda text: "QXZJ" + text)
HARMLESS = st.text("abcdeu02né😀\"\\/'{}[],:&=;+% \n", max_size=30)
PLACES = st.lists(st.integers(0, 5000), max_size=12)
HARMLESS_NAMES = ("name", "id", "user_id", "items", "a", "créé", "x y", 'a"b', "secretary", "", "max", "\\", "nté😀")
SECRET_NAMES = ("password", "api_key", "accessToken", "client_secret", "user.password", "Passwörd secret")
