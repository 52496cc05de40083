"""What was withheld in a connection once is looked for in all that comes after it: an answer that repeats what was wrong with the
request, a page with a traceback, the message of an exception.

In the texts of exceptions any of it is found. In bodies only what is no word and no mere number, or a cookie called
`lang=english` would take a word out of every page.
"""

import html
import json
import re
from typing import Final
from urllib.parse import quote, quote_plus, unquote_plus

from .shapes import Found

_FEWEST, _MOST = 6, 4096  # characters of what is looked for
_ROOM: Final = 8192  # characters of all that is kept; what came first goes first
_SECRETS: Final = 32
_INSIDE: Final = re.compile(r'"((?:[^"\\]|\\.)*+)"|\b(\d{6,})\b')
_SIGNS: Final = re.compile(r"[^A-Za-z0-9.~_-]")


class Seen:
    """What was withheld in one connection."""

    __slots__ = ("_room", "_values")

    def __init__(self) -> None:
        self._values: dict[
            str, list[tuple[str, bytes]]
        ] = {}  # by value: how it may be written; the bytes are for bodies
        self._room = _ROOM

    def __bool__(self) -> bool:
        return bool(self._values)

    def add(self, secret: str) -> None:
        """Remember a value, and the strings in one that is a list or a mapping."""
        if secret[:1] in ("{", "["):
            for string, number in _INSIDE.findall(secret):
                self._add(string or number)
            return
        self._add(secret)
        if "%" in secret or "+" in secret:
            self._add(unquote_plus(secret))
        if secret[:1] == '"' == secret[-1:]:  # a cookie
            self._add(secret[1:-1])

    def _add(self, secret: str) -> None:
        if not _FEWEST <= len(secret) <= _MOST or secret in self._values:
            return
        self._values[secret] = [(form, form.encode("utf-8", "surrogateescape")) for form in _forms(secret)]
        self._room -= len(secret)
        while self._room < 0 or len(self._values) > _SECRETS:
            first = next(iter(self._values))
            self._room += len(first)
            del self._values[first]

    def in_text(self, text: str) -> list[Found]:
        """Where one of them stands in a text for people."""
        found = []
        for forms in self._values.values():
            for form, _ in forms:
                at = text.find(form)
                while at >= 0:
                    found.append(Found(at, at + len(form), "seen"))
                    at = text.find(form, at + len(form))
        return found

    def in_octets(self, octets: bytes) -> list[tuple[int, int, bytes]]:
        """Where one of them stands in a body: from where to where, and the value."""
        found = []
        for secret, forms in self._values.items():
            for _, form in forms:
                at = octets.find(form)
                if at >= 0 and not is_telling(secret):
                    break
                while at >= 0:
                    found.append((at, at + len(form), forms[0][1]))
                    at = octets.find(form, at + len(form))
        return found


def is_telling(secret: str) -> bool:
    """Whether a value is no word, number or date that may well stand there for another reason."""
    return len(secret) >= _FEWEST and any(map(str.isdigit, secret)) and any(map(str.isalpha, secret))


def _forms(secret: str) -> list[str]:
    """A value as it is, and as JSON, HTML, Python and URLs write it."""
    if _SIGNS.search(secret) is None:
        return [secret]
    forms = [secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret)]
    forms += [repr(secret)[1:-1]]
    if secret.isascii():
        forms += [quote(secret, safe=""), quote_plus(secret)]
    return list(dict.fromkeys(forms))
