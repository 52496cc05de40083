"""A form, chunk by chunk: finds what stands under a secret name, decoded as in a query string.

A value ends at `&`. At `;` or a line break a name may begin as well, for some read forms so, but a secret goes on behind it, for
others do not. A value that is JSON is scanned as such; if there is a secret in it, the rest of the value is withheld.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from .json import JsonScanner
from .spans import LONGEST_NAME, LONGEST_VALUE, Found, Names, Span

_NAME_END: Final = re.compile(rb"[=&;\r\n]")
_FIELD_END: Final = re.compile(rb"[&;\r\n]")
_NUMBER: Final = re.compile(rb"[-+0-9.eE]*+(?=[&;\r\n]|\Z)")
_OPEN_ESCAPE: Final = re.compile(rb"%[0-9a-fA-F]?\Z")
_JSON: Final = re.compile(rb"\s*+[\[{\"]")
_BEFORE_JSON: Final = b'{["%+ \t'


class FormScanner:
    """One form."""

    __slots__ = ("_fresh", "_inside", "_kind", "_lost", "_name", "_names", "_oauth", "_open", "_value")

    over = False

    def __init__(self, names: Names, oauth: bool = False) -> None:
        self._names = names
        self._oauth = oauth
        self._lost = False
        self._next()

    def _next(self) -> None:
        self._name: bytes | None = b""  # as far as it was seen; None: we are in a value
        self._kind: str | None = None  # of the value we are in; None: it is harmless
        self._value: bytearray | None = None
        self._fresh = True  # nothing of the value was seen
        self._inside: JsonScanner | None = None  # what looks into a harmless value
        self._open = b""  # the percent sign and digit at the end of a chunk of it

    def feed(self, chunk: bytes, last: bool = False) -> list[Span]:
        """The spans of this chunk."""
        found, pos = Found(0, len(chunk)), 0
        while pos < len(chunk):
            if self._lost:
                pos = self._find_again(chunk, found)
            elif self._name is not None:
                pos = self._read_name(chunk, pos)
            elif self._kind is None:
                pos = self._harmless(chunk, pos)
            else:
                pos = self._secret(chunk, pos, found, last)
        return found.spans

    def gap(self) -> None:
        """Behind the next `&` it is sure that a name begins."""
        self._lost = True

    def _find_again(self, chunk: bytes, found: Found) -> int:
        end = chunk.find(b"&")
        self._lost = end < 0
        self._next()
        found.add(0, len(chunk) if end < 0 else end, None, "gap")
        return len(chunk) if end < 0 else end + 1

    def _read_name(self, chunk: bytes, pos: int) -> int:
        assert self._name is not None
        end = _NAME_END.search(chunk, pos)
        stop = len(chunk) if end is None else end.start()
        # Of a name that is too long it is enough to know that it is.
        self._name += chunk[pos : min(stop, pos + LONGEST_NAME + 1 - len(self._name))]
        if end is None:
            return len(chunk)
        if end[0] == b"=":
            self._kind = self._kind_of(self._name)
            self._name, self._value = None, bytearray()
        else:
            self._name = b""
        return end.end()

    def _kind_of(self, raw: bytes) -> str | None:
        if len(raw) > LONGEST_NAME:
            return "secret"
        return self._names.kind("form", _decoded(raw).decode("utf-8", "replace").strip())

    def _harmless(self, chunk: bytes, pos: int) -> int:
        end = _FIELD_END.search(chunk, pos)
        stop = len(chunk) if end is None else end.start()
        if (self._fresh or self._inside is not None) and stop > pos:
            if self._inside is None and not self._open and chunk[pos] not in _BEFORE_JSON:
                self._fresh = False
            elif self._look_inside(chunk[pos:stop]):
                self._kind, self._value = "secret", None
                return pos
        if end is None:
            return len(chunk)
        self._next()
        return end.end()

    def _look_inside(self, piece: bytes) -> bool:
        """Whether there is a secret in this piece of a value that is JSON."""
        piece = self._open + piece
        unfinished = _OPEN_ESCAPE.search(piece)
        self._open = b"" if unfinished is None else unfinished[0]
        text = _decoded(piece[: len(piece) - len(self._open)])
        if self._fresh and text.strip():
            self._fresh = False
            self._inside = JsonScanner(self._names, self._oauth) if _JSON.match(text) else None
        return self._inside is not None and bool(self._inside.feed(text))

    def _secret(self, chunk: bytes, pos: int, found: Found, last: bool) -> int:
        end = chunk.find(b"&", pos)
        stop = len(chunk) if end < 0 else end
        if self._kind == "count":
            number = _NUMBER.match(chunk, pos)
            if number is not None:
                self._kind = None if number.end() < len(chunk) else "count"
                return number.end()
        if self._value is not None:
            self._value += chunk[pos : min(stop, pos + LONGEST_VALUE + 1 - len(self._value))]
            if len(self._value) > LONGEST_VALUE:
                self._value = None
        value = None
        if self._value is not None and (end >= 0 or last):
            value = _decoded(bytes(self._value))
        found.add(pos, stop, value, "code" if self._kind == "code" else "field")
        if end < 0:
            return len(chunk)
        self._next()
        return end + 1


def _decoded(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" ")) if b"%" in text or b"+" in text else text
