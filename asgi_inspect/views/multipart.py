"""A multipart body: one line a part, with its name, file name, type and size, and its text where it is short."""

from typing import Final

from .content import parameter
from .spans import Body, Line, Own, Room, Shown, plural, size_text, take
from .text import view as text_view

_SHORT: Final = 200  # bytes: a field of a form rather than a file
_MOST_PARTS: Final = 1000


def view(body: Body, room: Room) -> Shown | None:
    """The parts; None for any other type, or where the boundary is not in the body."""
    if not (body.content_type or "").lower().lstrip().startswith("multipart/"):
        return None
    boundary = parameter(body.content_type, "boundary")
    if not boundary:
        return None
    # Each delimiter stands at the beginning of a line; a line break before the first one is what we add.
    pieces = (b"\r\n" + body.data).split(b"\r\n--" + boundary.encode("utf-8", "surrogateescape"), _MOST_PARTS)[1:]
    closed = bool(pieces) and pieces[-1].startswith(b"--")
    parts = pieces[:-1] if closed else pieces
    if not parts:
        return None
    lines, left = take((_part(piece, last and not closed) for piece, last in _with_last(parts)), room)
    return Shown("multipart", lines, plural(left, "more part") if left else None)


def _with_last(parts: list[bytes]) -> list[tuple[bytes, bool]]:
    return [(piece, index == len(parts) - 1) for index, piece in enumerate(parts)]


def _part(piece: bytes, open_ended: bool) -> Line:
    head, _, content = piece.partition(b"\r\n\r\n")
    headers = _headers(head)
    disposition = headers.get("content-disposition")
    name, filename = parameter(disposition, "name"), parameter(disposition, "filename")
    line: Line = [(name if name is not None else "(no name)", "field.name")]
    content_type = headers.get("content-type")
    if filename is None and len(content) <= _SHORT:
        shown = text_view(Body(content, len(content), content_type), Room(1, _SHORT))
        if shown is not None and len(shown.lines) == 1 and shown.rest is None:
            return [*line, (" = ", "quiet"), *shown.lines[0]]
    if filename is not None:
        line += [("  filename ", "quiet"), (filename, "text")]
    if content_type is not None:
        line.append((f"  {content_type}", "quiet"))
    size = size_text(len(content))
    return [*line, *([("  ", ""), (Own(f"{size} so far"), "quiet")] if open_ended else [(f"  {size}", "size")])]


def _headers(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "backslashreplace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return headers
