"""A compressed body of a type that says nothing: unpacked at its very beginning, to see whether it could have secrets at all."""

import zlib
from collections.abc import Callable
from typing import Final, TypeAlias

from .spans import Span

Looks: TypeAlias = Callable[[bytes], "str | None"]
"""What bytes look like: `nothing` that is scanned, or something; None where more of them must be seen."""

_ENOUGH: Final = 512  # bytes that are unpacked at most; a bomb makes no more either
_ANY_HEADER: Final = 47  # zlib or gzip


class PackedScanner:
    """One body in gzip or deflate: all of it is withheld, or nothing."""

    __slots__ = ("_begin", "_looks", "_unpacking", "_why", "_withheld")

    over = False

    def __init__(self, looks: Looks, why: str) -> None:
        self._looks = looks
        self._why = why
        self._unpacking = zlib.decompressobj(_ANY_HEADER)
        self._begin = b""
        self._withheld: bool | None = None

    def feed(self, chunk: bytes, last: bool = False) -> list[Span]:
        """The one span of this chunk, or none."""
        if self._withheld is None and chunk:
            self._withheld = self._decide(chunk)
        # As long as nothing comes out of it, there is nothing in it that anybody could read.
        hidden = bool(self._begin) if self._withheld is None else self._withheld
        return [Span(0, len(chunk), None, self._why)] if hidden and chunk else []

    def gap(self) -> None:
        """What follows is of no use to anybody, unless it is known to be harmless."""
        self._withheld = self._withheld is not False

    def _decide(self, chunk: bytes) -> bool | None:
        try:
            self._begin += self._unpacking.decompress(chunk, _ENOUGH - len(self._begin))
        except zlib.error:
            return True
        if not self._begin:
            return None
        looks = self._looks(self._begin)
        if looks is None:
            return True if len(self._begin) >= _ENOUGH else None
        return looks != "nothing"
