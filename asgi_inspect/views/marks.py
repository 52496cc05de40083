"""A body with a mark where a part of it was withheld: `{"password":"<redacted, 12 B, a1b2c3d4e5f6>"}`.

So it is read, and shown, as what it is. A mark in the place of a whole JSON value has quotes, so that JSON stays JSON.
"""

from typing import Any, Final, NamedTuple

from ..values import Parts, Redacted
from .spans import size_text

_LONGEST: Final = 40  # characters of a fingerprint, which may be anybody's
_BEFORE_VALUE: Final = (b":", b",", b"[")
_AFTER_VALUE: Final = (b",", b"}", b"]")
_NEAR: Final = 100  # bytes that are looked at on either side


class Marked(NamedTuple):
    """Bytes, and how many they stand for."""

    data: bytes
    size: int


def mark(value: Redacted, *, why: bool = False) -> str:
    """`<redacted, 12 B, a1b2c3d4e5f6>`; in a body the reason, which is nearly always the name before it, is left out."""
    words = ["redacted"]
    if type(value.size) is int:
        words.append(size_text(value.size))
    if type(value.fingerprint) is str and value.fingerprint:
        words.append(value.fingerprint[:_LONGEST])
    if why and type(value.why) is str and value.why:
        words.append(value.why[:_LONGEST])
    return f"<{', '.join(words)}>"


def marked(value: Any) -> Marked | None:
    """The bytes of a byte string or a str, of which parts may be withheld; None for anything else."""
    if isinstance(value, Redacted):
        return Marked(mark(value, why=True).encode("utf-8", "surrogatepass"), _size(value))
    if isinstance(value, Parts):
        return _parts(value)
    data = _octets(value)
    return None if data is None else Marked(data, len(data))


def _octets(value: Any) -> bytes | None:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else None


def _parts(value: Parts) -> Marked:
    pieces = [part if isinstance(part, Redacted) else _octets(part) or b"" for part in value.parts]
    made = []
    for piece, before, after in zip(pieces, [b"", *pieces], [*pieces[1:], b""], strict=False):
        if isinstance(piece, Redacted):
            made.append(_withheld(piece, *(b"" if isinstance(near, Redacted) else near for near in (before, after))))
        else:
            made.append(Marked(piece, len(piece)))
    return Marked(b"".join(one.data for one in made), sum(one.size for one in made))


def _withheld(value: Redacted, before: bytes, after: bytes) -> Marked:
    text = mark(value)
    if before[-_NEAR:].rstrip().endswith(_BEFORE_VALUE) and after[:_NEAR].lstrip().startswith(_AFTER_VALUE):
        text = f'"{text}"'
    return Marked(text.encode("utf-8", "surrogatepass"), _size(value))


def _size(value: Redacted) -> int:
    return max(0, value.size) if type(value.size) is int else 0
