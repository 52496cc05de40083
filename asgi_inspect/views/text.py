"""Text as text, line by line, in its charset.

What is declared as text is shown as text unless more than a tenth of it cannot be decoded (it is compressed, most likely);
what is not declared must be UTF-8 without control characters. A character cut in two by the end of a chunk is forgiven.
"""

import re
from typing import Final

from .charset import decode, mark_of
from .content import is_text_type, media_type, parameter
from .spans import Body, Line, Room, Shown, columns, plural, size_text

_BYTES_A_COLUMN: Final = 4  # the most that UTF-8 needs
_SNIFFED: Final = 4096
_CONTROLS: Final = re.compile(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f]")  # BS, TAB, LF, VT, FF, CR and ESC do occur in texts
_WIDE_CONTROLS: Final = re.compile("[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f-\x9f\ud800-\udfff\ufffd-\uffff]")


def view(body: Body, room: Room) -> Shown | None:
    """The body as text, cut at the room; None where it is binary."""
    if not is_text(body):
        return None
    head = body.data if room.lines is None else body.data[: room.lines * room.width * _BYTES_A_COLUMN]
    texts = _split(decode(body, head))
    lines, unseen = _fill(texts, room)
    whole = len(head) == len(body.data)
    total = len(texts) if whole else body.data.count(b"\n") + (not body.data.endswith(b"\n"))
    if total > len(lines):
        return Shown("text", lines, plural(total - len(lines), "more line"))
    unseen += len(body.data) - len(head)
    return Shown("text", lines, f"{size_text(unseen)} more" if unseen else None)


def is_text(body: Body) -> bool:
    """Whether a person can read it, by its type and by its bytes."""
    media = media_type(body.content_type)
    sample = body.data[:_SNIFFED]
    mark = mark_of(sample)
    if mark is not None and mark[1] != "utf-8":
        return _is_wide_text(sample[len(mark[0]) :], mark[1])
    if media is not None and is_text_type(media):
        return parameter(body.content_type, "charset") is not None or _undecodable(sample) * 10 <= len(sample)
    return not _CONTROLS.search(sample) and _undecodable(sample) == 0


def _is_wide_text(sample: bytes, charset: str) -> bool:
    """Whether what follows a mark of UTF-16 or UTF-32, which other bytes may begin with too, is text in it."""
    return not _WIDE_CONTROLS.search(sample[: len(sample) // 4 * 4].decode(charset, "replace")[:-1])


def _undecodable(sample: bytes) -> int:
    """How many bytes of the sample are not UTF-8, apart from a character cut in two at either end."""
    start = 0
    while start < min(3, len(sample)) and sample[start] & 0xC0 == 0x80:
        start += 1
    faults = 0
    while True:
        try:
            sample[start:].decode()
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                return faults
            faults += error.end - error.start
            start += error.end
        else:
            return faults


def _split(text: str) -> list[str]:
    """Lines, at line feeds only; the line end of Windows is a line end too."""
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" and len(lines) > 1 else lines


def _fill(texts: list[str], room: Room) -> tuple[list[Line], int]:
    """The lines for which there is room, and how many bytes of the last of them there was none for."""
    if room.lines is None:
        return [[(text.expandtabs(4), "text")] for text in texts], 0
    lines: list[Line] = []
    left = room.lines
    for text in texts:
        if left <= 0:
            break
        fit = left * room.width
        lines.append([(text[:fit].expandtabs(4), "text")])
        if len(text) > fit:
            return lines, len(text[fit:].encode("utf-8", "surrogatepass"))
        left -= 1 + max(0, columns(text) - 1) // room.width
    return lines, 0
