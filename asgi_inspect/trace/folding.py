"""Paths that differ in an identifier only, as one: `/items/42` and `/items/43` are `/items/{id}`.

For applications that tell no route. What looks like chance is taken for an identifier; a version (`v1`, `3.11`) is none.
"""

import re
from functools import lru_cache
from typing import Final

LONGEST: Final = 200
"""Characters of a name that are kept."""

_HEX: Final = "[0-9a-fA-F]"
# A part of a segment, between characters that are no letters and no digits of any script; or the whole of it.
_IDENTIFIER: Final = re.compile(
    rf"""
    (?<![^\W_]) (?:
        (?P<uuid> {_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}} )
      | (?P<date> [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} )
      | (?P<id>   \A-?[0-9]+(?=\Z|\.[a-z]) | [0-9]{{3,}} )
      | (?P<hex>  (?=[a-fA-F]*[0-9]){_HEX}{{8,}} )
    ) (?![^\W_])
  | \A (?P<token> (?:(?=.*[A-Za-z])[A-Za-z0-9]{{20,}} | (?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9_-]{{32,}}(?:\.[A-Za-z0-9_-]+)* ) =* ) \Z
    """,
    re.VERBOSE,
)
_DIGIT: Final = re.compile("[0-9]")


def clipped(name: str) -> str:
    """A name of a bounded length."""
    return name if len(name) <= LONGEST else name[:LONGEST] + "…"


@lru_cache(maxsize=4096)
def folded(path: str) -> str:
    """The path, short enough to be kept by the thousand, with `{id}`, `{uuid}`, `{hex}`, `{date}`, `{token}` in it."""
    return "/".join([segment if segment.isalpha() else _folded(segment) for segment in path.split("/")])


def _folded(segment: str) -> str:
    if segment.isascii() and segment.isdigit():
        return "{id}"
    return _IDENTIFIER.sub(_placeholder, segment) if _DIGIT.search(segment) else segment


def _placeholder(match: re.Match[str]) -> str:
    return f"{{{match.lastgroup}}}"
