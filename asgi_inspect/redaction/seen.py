"""What was withheld in a connection once is looked for in all that comes after it: an answer that repeats what was wrong with the
request, a page with a traceback, the message of an exception.

Validators do so: `{"loc": ["body", "password"], "input": "…"}` is what FastAPI answers to a password that is too short.
In the texts of exceptions any of it is found. In bodies, of what stood in a header or a URL only what is no word and no mere
number, or a cookie called `lang=english` would take a word out of every page.
"""

import html
import json
import re
from typing import Final, Literal, TypeAlias
from urllib.parse import quote, quote_plus, unquote_plus

from .shapes import Found

_FEWEST, _MOST = 6, 4096  # characters of what is looked for
_PIECE: Final = 4  # characters of one at the end of a chunk, where it may go on in the next
_LONG: Final = 16  # characters of a cookie that is looked for in bodies
_ROOM: Final = 8192  # characters of all that is kept; what came first goes first
_SECRETS: Final = 32
_INSIDE: Final = re.compile(r'"((?:[^"\\]|\\.)*+)"|\b(\d{6,})\b')
_SIGNS: Final = re.compile(r"[^A-Za-z0-9.~_-]")


Place: TypeAlias = Literal["body", "head", "cookie"]


class Seen:
    """What was withheld in one connection."""

    __slots__ = ("_forms", "_room", "_values")

    def __init__(self) -> None:
        self._values: dict[str, bool] = {}  # whether it is looked for in bodies too
        self._forms: list[tuple[str, bool]] | None = []  # how they may be written; None: to be made
        self._room = _ROOM

    def add(self, secret: str, place: Place) -> None:
        """Remember a value, and the strings in one that is a list or a mapping."""
        if secret[:1] in ("{", "["):
            for string, number in _INSIDE.findall(secret):
                self._add(string or number, place)
            return
        self._add(secret, place)
        if "%" in secret or "+" in secret:
            self._add(unquote_plus(secret), place)
        if secret[:1] == '"' == secret[-1:]:  # a cookie
            self._add(secret[1:-1], place)

    def _add(self, secret: str, place: Place) -> None:
        if not _FEWEST <= len(secret) <= _MOST or secret in self._values:
            return
        self._values[secret] = place == "body" or (_is_telling(secret) and (place == "head" or len(secret) >= _LONG))
        self._forms = None
        self._room -= len(secret)
        while self._room < 0 or len(self._values) > _SECRETS:
            first = next(iter(self._values))
            self._room += len(first)
            del self._values[first]

    def find(self, text: str, *, body: bool = False) -> list[Found]:
        """Where one of them stands in a text for people, or in a body."""
        if self._forms is None:
            self._forms = [(form, everywhere) for secret, everywhere in self._values.items() for form in _forms(secret)]
        found = []
        for form, everywhere in self._forms:
            at = text.find(form) if everywhere or not body else -1
            while at >= 0:
                found.append(Found(at, at + len(form), "seen"))
                at = text.find(form, at + len(form))
            if body and everywhere:
                found += _at_ends(form, text)
        return found


def _at_ends(form: str, text: str) -> list[Found]:
    """The beginning of it at the end of a chunk, and the end of it at the beginning of one."""
    found = []
    reach = min(len(form) - 1, len(text))
    tail = text[len(text) - reach :]
    at = tail.find(form[:_PIECE])
    while at >= 0:
        if form.startswith(tail[at:]):
            found.append(Found(len(text) - reach + at, len(text), "seen"))
            break
        at = tail.find(form[:_PIECE], at + 1)
    at = text.rfind(form[-_PIECE:], 0, reach)
    if at >= 0 and form.endswith(text[: at + _PIECE]):
        found.append(Found(0, at + _PIECE, "seen"))
    return found


def _is_telling(secret: str) -> bool:
    """Whether a value is no word, number or date that may well stand there for another reason."""
    return any(map(str.isdigit, secret)) and any(map(str.isalpha, secret))


def _forms(secret: str) -> list[str]:
    """A value as it is, and as JSON, HTML, Python and URLs write it."""
    if _SIGNS.search(secret) is None:
        return [secret]
    forms = [secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret)]
    forms.append(repr(secret)[1:-1])
    forms += [quote(secret, safe, errors="replace") for safe in ("", "/")]
    forms.append(quote_plus(secret, errors="replace"))
    return list(dict.fromkeys(forms))
