"""A submitted form: one field a line, names and values decoded."""

import re
from typing import Final
from urllib.parse import unquote_plus

from .charset import decode
from .content import FORM, media_type
from .spans import MOST_COUNTED, Body, Line, Room, Shown, plural, take
from .text import is_text

# Two fields at least: of one alone, nobody can say that it is a form.
_PIECE: Final = re.compile("[^&]+")
_LOOKS_SO: Final = re.compile(rb"[\w.%+*\[\]-]{1,100}=[^\s&=<>{}\"]{0,1000}&[\w.%+*\[\]-]{1,100}=[^\s<>{}\"]*\Z")


def view(body: Body, room: Room) -> Shown | None:
    """The fields of a URL-encoded form; None for any other type, and for what only bears its name.

    curl says of all that `--data` sends that it is a form, also of JSON and of files.
    """
    if not _is_form(body):
        return None
    return fields(decode(body), room)


def fields(text: str, room: Room) -> Shown:
    """The fields of a form or of a query string."""
    lines, left = take((_field(found[0]) for found in _PIECE.finditer(text)), room)
    return Shown("form", lines, _left_out(left) if left else None)


def _is_form(body: Body) -> bool:
    media = media_type(body.content_type)
    if media is None:
        return _LOOKS_SO.match(body.data) is not None
    return media == FORM and is_text(body) and body.data.lstrip()[:1] not in (b"{", b"[")


def _left_out(fields: int) -> str:
    return f"{'over ' if fields >= MOST_COUNTED else ''}{plural(fields, 'more field')}"


def _field(piece: str) -> Line:
    name, _, value = (unquote_plus(half, errors="backslashreplace") for half in piece.partition("="))
    return [(name, "field.name"), (" = ", "quiet"), (value, "text") if value else ('""', "quiet")]
