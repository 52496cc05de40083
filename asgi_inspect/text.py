"""Terminal-safe text: nothing from outside reaches a terminal but through here.

What is shown as a visible escape, and why: C0, DEL and C1 (they move the cursor, set the title, ring the bell), the line and
paragraph separators, bidi controls (they reorder what stands around them), every other format character and the letters
that are drawn as nothing (they hide), tag characters (they hide whole sentences), and lone surrogates (no encoding of a
terminal can carry them). Escapes are Python's: `\\x1b`, `\\u202e`, `\\U000e0041`, and `\\n`, `\\r`, `\\t`.

Kept, because scripts and emoji need them: a variation selector directly after a character that can have variants, and a
joiner (ZWJ, ZWNJ) between two characters from Arabic onwards or two emoji. Never two in a row, so nothing hides in them.

A backslash is not doubled: an escape in the output may also have stood there as text, which harms nobody.
"""

import re
from typing import Final

# Characters that are never shown as they are, and of which no position makes an exception (inclusive ranges).
_HIDDEN: Final = (
    (0x00, 0x1F),  # C0
    (0x7F, 0x9F),  # DEL and C1, CSI and OSC among them
    (0xAD, 0xAD),  # soft hyphen
    (0x34F, 0x34F),  # combining grapheme joiner
    (0x600, 0x605),  # Arabic number signs, format characters by their category
    (0x61C, 0x61C),  # Arabic letter mark
    (0x6DD, 0x6DD),
    (0x70F, 0x70F),
    (0x890, 0x891),
    (0x8E2, 0x8E2),
    (0x115F, 0x1160),  # Hangul fillers: letters drawn as nothing
    (0x17B4, 0x17B5),  # Khmer inherent vowels, likewise
    (0x180E, 0x180E),
    (0x200B, 0x200B),  # zero width space
    (0x200E, 0x200F),  # left-to-right and right-to-left mark
    (0x2028, 0x202E),  # line and paragraph separator, embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates
    (0x3164, 0x3164),  # Hangul filler
    (0xD800, 0xDFFF),  # lone surrogates
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFA0, 0xFFA0),  # halfwidth Hangul filler
    (0xFFF0, 0xFFFB),  # interlinear annotations, and their unassigned neighbours, which are drawn as nothing
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1343F),  # Egyptian hieroglyph format controls
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE00FF),  # tags
    (0xE01F0, 0xE0FFF),
)

_JOINERS: Final = r"\u200c\u200d"
_MONGOLIAN_SELECTORS: Final = r"\u180b-\u180d\u180f"
_SELECTORS: Final = r"\ufe00-\ufe0f"
_IDEOGRAPHIC_SELECTORS: Final = r"\U000e0100-\U000e01ef"

# Where scripts that use joiners live, and emoji with what may end or begin one (skin tones, signs).
_JOINABLE: Final = (
    (0x606, 0x1CFF),
    (0x203C, 0x2BFF),
    (0xA8E0, 0xA8FF),
    (0x11000, 0x11FFF),
    (0x1F000, 0x1FAFF),
)
_HAS_VARIANTS: Final = (
    (0xA9, 0xA9),
    (0xAE, 0xAE),
    (0x1000, 0x1CFF),
    (0x203C, 0x33FF),
    (0x4E00, 0x9FFF),
    (0xA840, 0xA87F),
    (0x1F000, 0x1FAFF),
)
_MONGOLIAN: Final = ((0x1820, 0x18AA),)
_IDEOGRAPHS: Final = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))


def _ranges(ranges: tuple[tuple[int, int], ...]) -> str:
    """The inside of a character class, without what is hidden."""
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _without_hidden(ranges))


def _without_hidden(ranges: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    left = list(ranges)
    for first, last in (*_HIDDEN, (0x180B, 0x180F)):
        pieces = []
        for begin, end in left:
            if last < begin or end < first:
                pieces.append((begin, end))
                continue
            pieces += [(begin, first - 1)] if begin < first else []
            pieces += [(last + 1, end)] if last < end else []
        left = pieces
    return left


_UNSAFE: Final = re.compile(
    "["
    + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _HIDDEN)
    + f"]|(?<![{_ranges(_JOINABLE)}])(?<![{_ranges(_HAS_VARIANTS)}][{_SELECTORS}])[{_JOINERS}]|[{_JOINERS}](?![{_ranges(_JOINABLE)}])"
    + f"|(?<![0-9#*{_ranges(_HAS_VARIANTS)}])[{_SELECTORS}]"
    + f"|(?<![{_ranges(_MONGOLIAN)}])[{_MONGOLIAN_SELECTORS}]"
    + f"|(?<![{_ranges(_IDEOGRAPHS)}])[{_IDEOGRAPHIC_SELECTORS}]"
)

_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TAB_STOP: Final = 4


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    point = ord(character)
    if point < 0x100:
        return _SHORT.get(character) or f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _escape_but_newline(match: re.Match[str]) -> str:
    return "\n" if match[0] == "\n" else _escape(match)


def _escape_as_json(match: re.Match[str]) -> str:
    point = ord(match[0])
    if point < 0x10000:
        return f"\\u{point:04x}"
    high, low = divmod(point - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def safe(text: str, *, newlines: bool = False) -> str:
    """The text with everything that a terminal could obey, or that hides or reorders, as a visible escape.

    newlines: line feeds stay, and tabs become spaces up to the next stop; otherwise both are escapes too.
    """
    if text.isascii() and text.isprintable():
        return text
    if not newlines:
        return _UNSAFE.sub(_escape, text)
    return _UNSAFE.sub(_escape_but_newline, text.expandtabs(_TAB_STOP) if "\t" in text else text)


def safe_json(text: str) -> str:
    """JSON that is valid already, on one line, made safe with JSON's own escapes, so that it stays the same JSON."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_escape_as_json, text)
