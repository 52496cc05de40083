"""A submitted form: one field a line, names and values decoded."""

import re
from typing import Final
from urllib.parse import parse_qsl

from .charset import decode
from .content import FORM, media_type
from .spans import Body, Line, Room, Shown, plural, take
from .text import is_text

# Two fields at least: of one alone, nobody can say that it is a form.
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
    pairs = parse_qsl(text, keep_blank_values=True, errors="backslashreplace")
    lines, left = take((_field(name, value) for name, value in pairs), room)
    return Shown("form", lines, plural(left, "more field") if left else None)


def _is_form(body: Body) -> bool:
    media = media_type(body.content_type)
    if media is None:
        return _LOOKS_SO.match(body.data) is not None
    return media == FORM and is_text(body) and body.data.lstrip()[:1] not in (b"{", b"[")


def _field(name: str, value: str) -> Line:
    return [(name, "field.name"), (" = ", "quiet"), (value, "text") if value else ('""', "quiet")]
