"""Texts as a filter writes them: `*` for anything, `?` for one character, `[ab]` for one of some; a backslash takes the
meaning from the character behind it. A value of a filter keeps such backslashes before these characters alone.
"""

import fnmatch
import re
from collections.abc import Callable
from typing import Final, TypeAlias

Match: TypeAlias = Callable[[str], bool]

SPECIAL: Final = "*?[\\"
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_WILD: Final = re.compile(r"\\.|[*?]|\[[^\]]*\]", re.DOTALL)
# What stands in a trace as it is: no quotes and backslashes, which JSON escapes, nor `<` and `>`, as in our `<redacted>`.
_PLAIN: Final = re.compile(r"[ !#-;=?-\[\]-~]+")
SHORTEST_LITERAL: Final = 3


def plain(pattern: str) -> str:
    """The text that a value stands for where `*` has no meaning."""
    return _ESCAPED.sub(r"\1", pattern)


def is_glob(pattern: str) -> bool:
    """Whether something in it stands for other text."""
    return any(not part.startswith("\\") for part in _WILD.findall(pattern))


def has_star(pattern: str) -> bool:
    """Whether a `*` in it stands for other text."""
    return "*" in _ESCAPED.sub("", pattern)


def whole(pattern: str, *, any_case: bool = False) -> Match:
    """A test for a text that is this from its beginning to its end."""
    if not is_glob(pattern):
        wanted = plain(pattern)
        if any_case:
            wanted = wanted.casefold()
            return lambda text: text.casefold() == wanted
        return lambda text: text == wanted
    bracketed = _ESCAPED.sub(lambda found: f"[{found[1]}]" if found[1] in "*?[" else found[1], pattern)
    matches = re.compile(fnmatch.translate(bracketed), re.IGNORECASE if any_case else 0).match
    return lambda text: matches(text) is not None


def inside(pattern: str) -> Match:
    """A test for a text that contains this; or that is this, where it has a `*`."""
    if has_star(pattern):
        return whole(pattern)
    wanted = plain(pattern)
    return lambda text: wanted in text


def literal(pattern: str, *, glob: bool = True) -> str | None:
    """The longest text that every match contains, and that stands in a trace as it is; None where it would be too short.

    glob: whether `*` and the like have their meaning.
    """
    pieces = map(plain, _pieces(pattern)) if glob else [plain(pattern)]
    runs = [run for piece in pieces for run in _PLAIN.findall(piece)]
    longest = max(runs, key=len, default="")
    return longest if len(longest) >= SHORTEST_LITERAL else None


def _pieces(pattern: str) -> list[str]:
    """What stands between the wild characters."""
    pieces, begin = [], 0
    for found in _WILD.finditer(pattern):
        if not found[0].startswith("\\"):
            pieces.append(pattern[begin : found.start()])
            begin = found.end()
    return [*pieces, pattern[begin:]]
