"""What was withheld in a connection once is looked for in all that comes after it: an answer that repeats what was wrong with the
request, a page with a traceback, the message of an exception.

Validators do so: `{"loc": ["body", "password"], "input": "…"}` is what FastAPI answers to a password that is too short.
In the texts of exceptions any of it is found. In bodies, of what stood in a header or a URL only what is no word and no mere
number, or a cookie called `lang=english` would take a word out of every page.

Nearly every connection has a secret in a header, and one body in which nothing of it stands. So what stood in headers waits
until it is asked for, and of a first body it is asked only whether a few characters of it are there.
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
_WAITING: Final = 4  # headers, each of a bounded length
_INSIDE: Final = re.compile(r'"((?:[^"\\]|\\.)*+)"|\b(\d{6,})\b')
_SIGNS: Final = re.compile(r"[^A-Za-z0-9.~_-]")
_BOTH: Final = re.compile(r"(?=[^0-9]*+[0-9])[^A-Za-z]*+[A-Za-z]")  # a digit and a letter


Place: TypeAlias = Literal["body", "head", "cookie"]


class Seen:
    """What was withheld in one connection."""

    __slots__ = ("_asked", "_forms", "_headers", "_room", "_values")

    def __init__(self) -> None:
        self._headers: list[tuple[str, list[Found]]] = []  # those that wait
        self._asked = False  # whether they were asked for once
        self._values: dict[str, bool] = {}  # whether it is looked for in bodies too
        self._forms: list[tuple[str, bool]] | None = []  # how they may be written; None: to be made
        self._room = _ROOM

    def add_header(self, value: str, found: list[Found]) -> None:
        """Remember what was found in the value of a header."""
        self._headers.append((value, found))
        if len(self._headers) > _WAITING or len(found) > _SECRETS or len(value) > _MOST:
            self._take_in()

    def add(self, secret: str, place: Place) -> None:
        """Remember a value, and the strings in one that is a list or a mapping."""
        if self._headers:
            self._take_in()
        self._add_all(secret, place)

    def find(self, text: str) -> list[Found]:
        """Where one of them stands in a text for people."""
        return [one for form, _ in self._known() for one in _all_of(form, text)]

    def find_in_body(self, text: str) -> list[Found]:
        """Where one of them, or a piece of it at an end, stands in a body, or in a chunk of one."""
        if self._headers and not self._asked and not self._values:
            self._asked = True
            if not self._may_be_in(text):
                return []
        found: list[Found] = []
        for form, everywhere in self._known():
            # Without these characters there is neither the whole nor a piece.
            if everywhere and (form[:_PIECE] in text or form[-_PIECE:] in text):
                found += _all_of(form, text)
                found += _at_ends(form, text)
        return found

    def _may_be_in(self, text: str) -> bool:
        """Whether anything of what waits may stand in a body: told fast, so True says nothing."""
        for value, found in self._headers:
            for start, end, _ in found:
                if end - start < _FEWEST:
                    continue
                secret = value[start:end]
                if secret[:_PIECE] in text or secret[-_PIECE:] in text or not _has_one_form(secret):
                    return True
        return False

    def _known(self) -> list[tuple[str, bool]]:
        """The forms of all, and whether they are looked for in bodies too."""
        if self._headers:
            self._take_in()
        if self._forms is None:
            self._forms = [(form, everywhere) for secret, everywhere in self._values.items() for form in _forms(secret)]
        return self._forms

    def _take_in(self) -> None:
        headers, self._headers = self._headers, []
        for value, found in headers:
            place: Place = "cookie" if found[0].why == "cookie" else "head"
            for start, end, _ in found:
                self._add_all(value[start:end], place)

    def _add_all(self, secret: str, place: Place) -> None:
        """A value, and others that stand in it."""
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
        self._values[secret] = place == "body" or ((place == "head" or len(secret) >= _LONG) and _is_telling(secret))
        self._forms = None
        self._room -= len(secret)
        while self._room < 0 or len(self._values) > _SECRETS:
            first = next(iter(self._values))
            self._room += len(first)
            del self._values[first]


def _all_of(form: str, text: str) -> list[Found]:
    found = []
    at = text.find(form)
    while at >= 0:
        found.append(Found(at, at + len(form), "seen"))
        at = text.find(form, at + len(form))
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
    if secret.isascii():  # the same, told faster
        return _BOTH.match(secret) is not None
    return any(map(str.isdigit, secret)) and any(map(str.isalpha, secret))


def _has_one_form(secret: str) -> bool:
    """Whether a value is surely written the same everywhere: a token of letters and digits, or of base64url with dots."""
    return secret.isascii() and (
        secret.isalnum() or secret.replace(".", "").replace("-", "").replace("_", "").isalnum()
    )


def _forms(secret: str) -> list[str]:
    """A value as it is, and as JSON, HTML, Python and URLs write it."""
    if _SIGNS.search(secret) is None:
        return [secret]
    forms = [secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret)]
    forms.append(repr(secret)[1:-1])
    forms += [quote(secret, safe, errors="replace") for safe in ("", "/")]
    forms.append(quote_plus(secret, errors="replace"))
    return list(dict.fromkeys(forms))
