"""A multipart body, chunk by chunk: what is in a part of a secret name, and what is secret in parts of JSON or of forms.

A delimiter is the boundary at the beginning of a line and nothing behind it but white space. Where a part's head cannot be read
(over 16 KiB), the rest of the body is withheld.
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote_to_bytes

from .spans import LONGEST_VALUE, Found, Names, Scanner, Span, is_oauth_name

_LONGEST_HEAD: Final = 16 << 10
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n|\r\r|\A\r?\n")
_FOLD: Final = re.compile(rb"\r?\n[ \t]+")
_NAME: Final = re.compile(rb"(?i)(?<![\w-])name(\*\d*\*?|)[ \t]*=[ \t]*+(?:\"((?:[^\"\\\r\n]|\\.)*+)\"?|([^;\s]*+))")
_FILENAME: Final = re.compile(rb"(?i)(?<![\w-])filename\*?[\d*]*[ \t]*=")
_HEADER: Final = {
    name: re.compile(rb"(?i)(?:\A|[\r\n])" + name + rb"[ \t]*:[ \t]*([^\r\n]*)")
    for name in (b"content-type", b"content-encoding", b"content-transfer-encoding")
}
_LINE_END: Final = re.compile(rb"(--)(?=\s|\Z)|[ \t]{0,100}(?:\r\n|\n|\r(?!\Z))")
_LONGEST_PADDING: Final = 104  # bytes behind a boundary
_AS_IT_IS: Final = ("", "7bit", "8bit", "binary", "identity")
_NUMBER: Final = re.compile(rb"[-+0-9.eE\s]*+\Z")
_OAUTH: Final = re.compile(rb"(?i)name=\"?(?:grant_?type|code_?verifier|redirect_?uri|client_?id)\"?\s")

Choose = Callable[[str | None, str | None], Scanner | None]
"""The scanner of a part: told its content type, and the encoding it has, if any."""


class MultipartScanner:
    """One body. choose: says how a part that is not secret as a whole is scanned."""

    __slots__ = (
        "_ahead",
        "_begin",
        "_carry",
        "_choose",
        "_head",
        "_kind",
        "_line",
        "_names",
        "_oauth",
        "_part",
        "_state",
        "_value",
        "_why",
    )

    over = False

    def __init__(self, boundary: bytes, names: Names, choose: Choose, oauth: bool = False) -> None:
        self._names = names
        self._choose = choose
        self._oauth = oauth
        self._line = b"--" + boundary
        self._state = "before"  # the first delimiter, or behind the last; "head", "part", "lost"
        # What may be the beginning of a delimiter; the begin of the body is the begin of a line.
        self._carry, self._begin = b"\n", 1
        self._head = b""
        self._kind: str | None = None
        self._why = "gap"
        self._part: Scanner | None = None
        self._value: bytearray | None = None
        self._ahead: bool | None = None

    def feed(self, chunk: bytes, last: bool = False) -> list[Span]:
        """The spans of this chunk."""
        data, pos = self._carry + chunk, self._begin
        found = Found(len(self._carry), len(data))
        self._carry, self._begin, self._ahead = b"", 0, None
        while 0 <= pos < len(data):
            pos = self._read_head(data, pos) if self._state == "head" else self._content(data, pos, found, last)
        if pos == len(data) and data.endswith(b"\n"):
            self._carry, self._begin = b"\n", 1
        return found.spans

    def gap(self) -> None:
        """Behind the next delimiter it is sure where we are."""
        self._state, self._why, self._carry, self._begin = "lost", "gap", b"", 0

    def _content(self, data: bytes, pos: int, found: Found, last: bool) -> int:
        """What is between two delimiters, or as much of it as there is."""
        end = self._delimiter(data, pos) if self._why != "head" else None
        if end is not None and end[1] == len(data) and end[2] and not last:
            end = None  # only if nothing else comes
        stop = end[0] if end is not None else len(data) if last else self._open_end(data, pos)
        self._withhold(data, pos, stop, end is not None or last, found)
        if end is None:
            self._begin = 1 if 0 < pos == stop < len(data) else 0
            self._carry = data[stop - self._begin :]
            return -1
        self._state, self._head = "before" if end[2] else "head", b""
        return end[1]

    def _delimiter(self, data: bytes, pos: int) -> tuple[int, int, bool] | None:
        """The next delimiter: where it begins, its line break included, its end, and whether it is the last one."""
        at = data.find(self._line, pos)
        while at >= 0:
            end = _LINE_END.match(data, at + len(self._line))
            if end is not None and data[at - 1 : at] in (b"\n", b"\r"):
                return self._line_begin(data, pos, at), end.end(), end[1] is not None
            at = data.find(self._line, at + 1)
        return None

    def _line_begin(self, data: bytes, pos: int, at: int) -> int:
        """Where the line break begins before `at`, not looking below `pos`."""
        return max(pos, at - 2 if data[at - 2 : at] == b"\r\n" else at - 1)

    def _withhold(self, data: bytes, pos: int, stop: int, ended: bool, found: Found) -> None:
        if self._state == "lost":
            found.add(pos, stop, None, self._why)
        elif self._state == "part" and self._part is not None:
            for start, end, value, why in self._part.feed(data[pos:stop], ended):
                found.add(pos + start, pos + end, value, why)
        elif self._state == "part" and self._kind is not None:
            self._withhold_all(data, pos, stop, ended, found)

    def _withhold_all(self, data: bytes, pos: int, stop: int, ended: bool, found: Found) -> None:
        if self._kind == "count":
            if _NUMBER.match(data, pos, stop):
                return
            self._kind = "secret"
        if self._value is not None:
            self._value += data[pos : min(stop, pos + LONGEST_VALUE + 1 - len(self._value))]
            if len(self._value) > LONGEST_VALUE:
                self._value = None
        value = bytes(self._value) if ended and self._value is not None else None
        found.add(pos, stop, value, "code" if self._kind == "code" else "field")

    def _open_end(self, data: bytes, pos: int) -> int:
        """Where the beginning of a delimiter stands that the next chunk may finish."""
        low = max(pos - 1, len(data) - len(self._line) - _LONGEST_PADDING, 0)
        end = len(data) - data.endswith(b"\r")
        begin = 1 + max(data.rfind(b"\n", low, end), data.rfind(b"\r", low, end))
        if begin > 0 and self._is_open(data[begin:]):
            return self._line_begin(data, pos, begin)
        return max(end, pos)

    def _is_open(self, line: bytes) -> bool:
        """Whether it is the beginning of a delimiter, of which its own line break may be a part."""
        if len(line) < len(self._line):
            return self._line.startswith(line)
        return line.startswith(self._line) and line[len(self._line) :].strip(b" \t\r") in (b"", b"-", b"--")

    def _read_head(self, data: bytes, pos: int) -> int:
        """The head of a part, which may come in pieces."""
        before = len(self._head)
        self._head += data[pos : pos + _LONGEST_HEAD + 4 - before]
        end = _HEAD_END.search(self._head, max(before - 3, 0) if before else 0)
        if end is None:
            if len(self._head) <= _LONGEST_HEAD:
                return -1
            self._state, self._why = "lost", "head"
            return pos
        head, self._head = self._head[: end.end()], b""
        self._begin_part(head, data)
        return pos + end.end() - before

    def _begin_part(self, head: bytes, data: bytes) -> None:
        head = _FOLD.sub(b" ", head)
        self._state, self._part, self._value = "part", None, bytearray()
        names = _names(head)
        self._kind = self._kind_of(names, data)
        if self._kind is not None:
            return
        content_type = _header(head, b"content-type") or None
        encoding = _header(head, b"content-encoding") or _header(head, b"content-transfer-encoding").lower()
        if content_type is None and _FILENAME.search(head) is not None:
            return
        self._part = self._choose(content_type, None if encoding in _AS_IT_IS else encoding)

    def _kind_of(self, names: list[str], data: bytes) -> str | None:
        kinds: set[str | None] = {self._names.kind("multipart", name) for name in names}
        self._oauth = self._oauth or any(is_oauth_name(name) for name in names)
        if "secret" in kinds or any(name.startswith("=?") for name in names):  # RFC 2047: some decode it
            return "secret"
        if "code" in kinds and (self._oauth or self._is_oauth(data)):
            return "code"
        return "count" if "count" in kinds else None

    def _is_oauth(self, data: bytes) -> bool:
        """Whether a name of OAuth's stands anywhere in this chunk."""
        if self._ahead is None:
            self._ahead = _OAUTH.search(data) is not None
        return self._ahead


def _names(head: bytes) -> list[str]:
    """All that may be taken for the name: a head with two of them is read in one way here, in another there."""
    found = [(quoted or plain, bool(star)) for star, quoted, plain in _NAME.findall(head)]
    names = []
    for raw, starred in found:
        text = re.sub(rb"\\(.)", rb"\1", raw)
        names += [text, unquote_to_bytes(text)]
        if starred:
            names.append(unquote_to_bytes(text.rpartition(b"'")[2]))
    if len(found) > 1:
        names.append(unquote_to_bytes(b"".join(raw.rpartition(b"'")[2] for raw, starred in found if starred)))
    return [name.decode("utf-8", "replace").strip() for name in dict.fromkeys(names) if name]


def _header(head: bytes, name: bytes) -> str:
    found = _HEADER[name].search(head)
    return "" if found is None else found[1].decode("latin-1").strip()
