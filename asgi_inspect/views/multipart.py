"""A multipart body: one line a part, with its name, file name, type and size, what it is, and its text where it is short."""

import re
from typing import Final
from urllib.parse import unquote

from .charset import decode
from .content import parameter
from .images import describe as image
from .kinds import describe as kind
from .spans import Body, Line, Own, Room, Shown, plural, size_text, take
from .text import is_text

_SHORT: Final = 200  # bytes: a field of a form rather than a file
_MOST_PARTS: Final = 1000
_LONGEST_HEAD: Final = 1 << 16  # bytes of the headers of a part
_LOOKS_SO: Final = re.compile(rb"--([^\r\n]{1,70})\r\ncontent-(?:disposition|type):", re.IGNORECASE)


def view(body: Body, room: Room) -> Shown | None:
    """The parts; None for any other type, or where the boundary is not in the body."""
    boundary = _boundary(body)
    if not boundary:
        return None
    # Each delimiter stands at the beginning of a line; a line break before the first one is what we add.
    pieces = (b"\r\n" + body.data).split(b"\r\n--" + boundary, _MOST_PARTS)[1:]
    closed = bool(pieces) and pieces[-1].startswith(b"--")
    parts = pieces[:-1] if closed else pieces
    if not parts:
        return None
    lines, left = take((_part(piece, last and not closed) for piece, last in _with_last(parts)), room)
    return Shown("multipart", lines, plural(left, "more part") if left else None)


def _boundary(body: Body) -> bytes | None:
    """What the type says that stands between the parts; where it does not say, what the first line looks like."""
    declared = (body.content_type or "").lower().lstrip().startswith("multipart/")
    named = parameter(body.content_type, "boundary") if declared else None
    if named:
        return named.encode("utf-8", "surrogateescape")
    found = _LOOKS_SO.match(body.data) if declared or body.content_type is None else None
    return None if found is None else found[1]


def _with_last(parts: list[bytes]) -> list[tuple[bytes, bool]]:
    return [(piece, index == len(parts) - 1) for index, piece in enumerate(parts)]


def _part(piece: bytes, open_ended: bool) -> Line:
    head, _, content = piece.partition(b"\r\n\r\n")
    headers = _headers(head)
    disposition = headers.get("content-disposition")
    name, filename = parameter(disposition, "name"), _filename(disposition)
    line: Line = [(name if name is not None else "(no name)", "field.name")]
    content_type = headers.get("content-type")
    if filename is None and len(content) <= _SHORT:
        field = Body(content, len(content), content_type)
        if is_text(field):
            text = decode(field)
            return [*line, (" = ", "quiet"), (text.removesuffix("\r\n") if open_ended else text, "text")]
    if filename is not None:
        line += [("  filename ", "quiet"), (filename, "text")]
    if content_type is not None:
        line.append((f"  {content_type}", "quiet"))
    size = size_text(len(content))
    line += [("  ", ""), (Own(f"{size} so far"), "quiet")] if open_ended else [(f"  {size}", "size")]
    words = image(content) or kind(content)
    return line if words is None else [*line, (f"  {words}", "text")]


def _filename(disposition: str | None) -> str | None:
    """The file name; the one of RFC 5987 (`filename*=UTF-8''%e4%bd%a0`) says more, if there is one."""
    extended = parameter(disposition, "filename*")
    if extended is not None and extended.count("'") >= 2:
        charset, _, quoted = extended.split("'", 2)
        try:
            return unquote(quoted, charset or "utf-8", "backslashreplace")
        except (LookupError, ValueError):
            return quoted
    return parameter(disposition, "filename")


def _headers(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in head[:_LONGEST_HEAD].decode("utf-8", "backslashreplace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return headers
