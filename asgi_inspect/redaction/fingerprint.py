"""Fingerprints: whether two withheld values are the same can be told, what they were cannot.

A fingerprint is 48 bits of a keyed BLAKE2b (RFC 7693). The key is a secret of one run: it is in no record, so nobody can try
passwords until a fingerprint fits, and fingerprints of different runs have nothing to do with each other.
"""

import os
import re
from hashlib import blake2b
from typing import Final

_SIZE: Final = 6  # bytes; a collision among 100,000 values of one run has a chance of 1 in 50,000
KEY_SIZE: Final = 16


def new_key() -> bytes:
    return os.urandom(KEY_SIZE)


class _Here:
    key: bytes | None = None


def key_of_this_run() -> bytes:
    """The key of this process and of those that it forks from now on; made when it is first wanted."""
    if _Here.key is None:
        _Here.key = _Here.key or new_key()
    return _Here.key


class Fingerprints:
    """Fingerprints under one key.

    key: 16 bytes; `id` names it in the trace, without telling it.
    """

    __slots__ = ("_begun", "id", "key")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.id = blake2b(b"", key=key, digest_size=4, person=b"asgi-inspect id").hexdigest()
        self._begun = blake2b(key=key, digest_size=_SIZE)

    def of(self, value: bytes) -> str:
        """Twelve hexadecimal digits."""
        digest = self._begun.copy()
        digest.update(value)
        return digest.hexdigest()

    def mark(self, value: bytes, why: str) -> dict[str, dict[str, object]]:
        """What stands in a trace in place of a value."""
        digest = self._begun.copy()  # as `of` does, without a call: nearly every connection has a mark or two
        digest.update(value)
        return {"$redacted": {"size": len(value), "fingerprint": digest.hexdigest(), "why": why}}


def blank(size: int | None, why: str) -> dict[str, dict[str, object]]:
    """What stands in place of something that is no whole value, or of no known bytes."""
    return {"$redacted": {"size": size, "fingerprint": None, "why": why}}


MARK: Final = re.compile(r"<redacted: \d{1,20} bytes, [0-9a-f]{12}>")
"""A value that was withheld, where there is but text."""


def in_words(value: str, prints: Fingerprints) -> str:
    """A mark where there is but text, as in the message of an exception."""
    if MARK.fullmatch(value):  # withheld before
        return value
    octets = value.encode("utf-8", "surrogatepass")
    return f"<redacted: {len(octets)} bytes, {prints.of(octets)}>"
