"""How wide a text is on the screen, and where a line that is too long for it is folded.

Widths err on the wide side (the parts of a joined emoji count one by one, because many terminals draw them so), for a line
that is a little short looks right, and one that is too long breaks the gutter.
"""

from typing import Final

from rich.cells import get_character_cell_size

from ..views.spans import Line

_EMOJI_SELECTOR: Final = "\ufe0f"
_JOINERS: Final = frozenset("\u200c\u200d")
_LEAST: Final = 8  # columns of a folded line, however narrow the screen and however deep the indent


def cells(text: str) -> int:
    """How many columns the text takes on the screen, at most."""
    if text.isascii():
        return len(text)
    total = last = 0
    for character in text:
        last = _cells_of(character, last)
        total += last
    return total


def _cells_of(character: str, last: int) -> int:
    """The columns of one character; an emoji selector makes the narrow character before it wide."""
    return int(last == 1) if character == _EMOJI_SELECTOR else get_character_cell_size(character)


def fold(line: Line, width: int, hang: int) -> list[Line]:
    """The line as lines of at most `width` columns; those after the first are indented by `hang`."""
    if sum([cells(text) for text, _ in line]) <= width:
        return [line]
    text = "".join([text for text, _ in line])
    hang = max(0, min(hang, width // 2, width - _LEAST))
    cuts = []
    begin, room = 0, width
    while (end := _reach(text, begin, room)) < len(text):
        end = _better_end(text, begin, end)
        cuts.append(end)
        begin, room = end, width - hang
    first, *others = _cut(line, cuts)
    return [_stripped(first), *([(" " * hang, ""), *_stripped(piece)] for piece in others)]


def _stripped(line: Line) -> Line:
    """The line without the blanks at its end."""
    last = len(line)
    while last and not line[last - 1][0].strip(" "):
        last -= 1
    if not last:
        return []
    text, style = line[last - 1]
    return [*line[: last - 1], (text.rstrip(" "), style)]


def _reach(text: str, begin: int, room: int) -> int:
    """Up to which index the text fits in `room` columns, counted from `begin`; always at least one character on."""
    if text.isascii():
        return begin + max(1, room)
    used = last = 0
    for index in range(begin, len(text)):
        last = _cells_of(text[index], last)
        used += last
        if used > room and index > begin:
            return index
    return len(text)


def _better_end(text: str, begin: int, end: int) -> int:
    """After a wide gap in the second half of the line or a blank in its last third; never inside a joined character."""
    for gap, least in ((" · ", 2), ("  ", 2), (" ", 3)):
        found = text.rfind(gap, end - (end - begin) // least, end + 1)
        if found > begin:
            return found + len(gap)
    while end > begin + 1 and (text[end] in _JOINERS or text[end - 1] in _JOINERS):
        end -= 1
    return end


def _cut(line: Line, cuts: list[int]) -> list[Line]:
    """The line's spans, divided at these indexes of its text."""
    pieces: list[Line] = [[]]
    at = 0
    ends = iter([*cuts, -1])
    end = next(ends)
    for text, style in line:
        begin = 0
        while end >= 0 and at + len(text) > end:
            pieces[-1].append((text[begin : end - at], style))
            begin = end - at
            pieces.append([])
            end = next(ends)
        pieces[-1].append((text[begin:], style))
        at += len(text)
    return pieces


def clip(line: Line, width: int, ellipsis: str) -> Line:
    """The beginning of the line that fits, with an ellipsis where something is missing."""
    if sum([cells(text) for text, _ in line]) <= width:
        return line
    text = "".join([text for text, _ in line])
    end = _reach(text, 0, width - cells(ellipsis))
    return [*_cut(line, [end])[0], (ellipsis, "mark")]
