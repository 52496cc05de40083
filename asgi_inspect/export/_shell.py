"""Words and input for a POSIX shell: sh, dash, bash, zsh and busybox read them alike, on one line, whatever the bytes are.

What a terminal could obey never stands in a line as it is: where a word holds such a character, `printf` makes it.
"""

import base64
import re
import shlex
from typing import Final

from ..text import safe

_LONGEST_WORD: Final = 1 << 15  # bytes; systems allow 128 KiB
_TO_ESCAPE: Final = re.compile(r"[^\x20-\x7e]|[\\%']|^-")
_LETTERS: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", "%": "%%"}


def word(octets: bytes) -> str:
    """One word of a command line. The bytes hold no NUL, which no word can, and do not end with a line break."""
    words = _text(octets)
    if words is not None and safe(words) == words:
        return shlex.quote(words)
    return f'"$({printf(octets)})"'


def fits_a_word(octets: bytes) -> bool:
    """Whether these bytes are a short text of one line: words hold no NUL, and `word` no line break at the end."""
    words = _text(octets) if len(octets) <= _LONGEST_WORD else None
    return words is not None and "\n" not in words


def printf(octets: bytes) -> str:
    """A command that writes these bytes."""
    words = _text(octets)
    if words is None:
        return f"printf '{''.join(map(_octal, octets))}'"
    return f"printf '{_TO_ESCAPE.sub(_escape, words)}'"


def writing(octets: bytes) -> str:
    """A command that writes these bytes, however many: text as text, and other bytes in Base64."""
    if _text(octets) is not None:
        return printf(octets)
    return f"printf %s {base64.b64encode(octets).decode()} | base64 -d"


def comment(sentence: str) -> str:
    """A line that does nothing."""
    return f"# {safe(sentence)}"


def _text(octets: bytes) -> str | None:
    try:
        words = octets.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in words else words


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in _LETTERS:
        return _LETTERS[character]
    if not character.isascii() and safe(character) == character:
        return character
    return "".join(map(_octal, character.encode()))


def _octal(octet: int) -> str:
    return f"\\{octet:03o}"
