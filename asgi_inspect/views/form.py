"""A submitted form: one field a line, names and values decoded."""

from urllib.parse import parse_qsl

from .content import FORM, media_type
from .spans import Body, Line, Room, Shown, plural, take
from .text import decode, is_text


def view(body: Body, room: Room) -> Shown | None:
    """The fields of a URL-encoded form; None for any other type, and for what only bears its name.

    curl says of all that `--data` sends that it is a form, also of JSON and of files.
    """
    if media_type(body.content_type) != FORM or not is_text(body) or body.data.lstrip()[:1] in (b"{", b"["):
        return None
    fields = parse_qsl(decode(body), keep_blank_values=True, errors="backslashreplace")
    lines, left = take((_field(name, value) for name, value in fields), room)
    return Shown("form", lines, plural(left, "more field") if left else None)


def _field(name: str, value: str) -> Line:
    return [(name, "field.name"), (" = ", "quiet"), (value, "text") if value else ('""', "quiet")]
