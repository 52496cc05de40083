"""An HTTP archive read entry by entry, so that one of any size needs the memory of its largest entry.

The scanner knows no more of JSON than where a value ends; what is in an entry is for the decoder.
"""

import re
from collections.abc import Iterator
from mmap import mmap
from typing import Any, Final, TypeAlias

import msgspec

_SPACE: Final = re.compile(rb"[ \t\r\n]*+")
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
# What opens or closes something, and all before it that does not: strings may hold the same characters.
_BRACKET: Final = re.compile(rb'(?:[^{}\[\]"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+([{}\[\]])', re.DOTALL)
_SCALAR: Final = re.compile(rb"[^\s,\]}]++")
_BOM: Final = b"\xef\xbb\xbf"


Octets: TypeAlias = bytes | mmap
"""An archive in memory, or a file that is mapped to it."""


class NotAnArchiveError(ValueError):
    """The file is no HTTP archive; the text says why."""


class Archive:
    """An archive that is read once from the front; `creator` is known as soon as it was met."""

    def __init__(self, data: Octets) -> None:
        self.creator: str | None = None
        self.faults = 0
        """How many entries could not be read."""
        self.torn = False
        """Whether it ends before its end."""
        self._data = data
        self._at = len(_BOM) if data[: len(_BOM)] == _BOM else 0

    def entries(self) -> Iterator[dict[str, Any]]:
        """Each entry, decoded. Raises NotAnArchiveError where there is no list of them."""
        found = False
        try:
            for name in self._members():
                if name != "log":
                    continue
                for inner in self._members():
                    if inner == "entries" and self._peek() == b"[":
                        found = True
                        yield from self._elements()
                    elif inner == "creator":
                        self.creator = _creator(self._decoded())
        except _EndedError:
            self.torn = True
        if not found:
            raise NotAnArchiveError("it has no log.entries")

    def _elements(self) -> Iterator[dict[str, Any]]:
        self._at += 1
        while self._peek() != b"]":
            entry = self._decoded()
            if isinstance(entry, dict):
                yield entry
            else:
                self.faults += 1
            self._comma(b"]")
        self._at += 1

    def _members(self) -> Iterator[str]:
        """The names of an object's members; what is not read of a value by then is skipped."""
        if self._peek() != b"{":
            raise NotAnArchiveError("it is no JSON object")
        self._at += 1
        while self._peek() != b"}":
            name = _STRING.match(self._data, self._at)
            if name is None:
                raise _EndedError
            self._at = name.end()
            if self._peek() != b":":
                raise _EndedError
            self._at += 1
            self._peek()
            begin = self._at
            yield name[0][1:-1].decode("utf-8", "replace")
            if self._at == begin:
                self._skip()
            self._comma(b"}")
        self._at += 1

    def _comma(self, end: bytes) -> None:
        met = self._peek()
        if met == b",":
            self._at += 1
        elif met != end:
            raise _EndedError

    def _peek(self) -> bytes:
        """The next byte that is no space."""
        space = _SPACE.match(self._data, self._at)
        assert space is not None  # it also matches where there is none
        self._at = space.end()
        if self._at >= len(self._data):
            raise _EndedError
        return self._data[self._at : self._at + 1]

    def _decoded(self) -> Any:
        """The next value; None where it is no JSON after all."""
        self._peek()
        begin = self._at
        self._skip()
        try:
            return msgspec.json.decode(self._data[begin : self._at])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None

    def _skip(self) -> None:
        """Go behind the value that begins here."""
        pattern = {b"{": None, b"[": None, b'"': _STRING}.get(self._peek(), _SCALAR)
        if pattern is not None:
            match = pattern.match(self._data, self._at)
            if match is None:
                raise _EndedError
            self._at = match.end()
            return
        depth = 0
        while (bracket := _BRACKET.match(self._data, self._at)) is not None:
            self._at = bracket.end()
            depth += 1 if bracket[1] in b"{[" else -1
            if depth == 0:
                return
        raise _EndedError


class _EndedError(Exception):
    """The file ends where it should go on, or goes on otherwise than JSON does."""


def _creator(found: Any) -> str | None:
    if not isinstance(found, dict):
        return None
    words = [found.get("name"), found.get("version")]
    return " ".join(word for word in words if isinstance(word, str))[:200] or None
