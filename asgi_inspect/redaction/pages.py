"""Fields of forms in a page of HTML: `<input name="csrfmiddlewaretoken" value="…">`, `<meta name="csrf-token" content="…">`."""

import re
from collections.abc import Iterator
from typing import Final

from .shapes import Found, KindOf

_TAG: Final = re.compile(r"<(?:input|meta|INPUT|META)\s([^<>]{1,4096}+)")
_ATTRIBUTE: Final = re.compile(r"([\w-]{1,64}+)\s{0,4}+=\s{0,4}+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))")


def in_page(text: str, kind_of: KindOf) -> Iterator[Found]:
    """The values of fields that are called like secrets."""
    for tag in _TAG.finditer(text):
        attributes = {
            found[1].lower(): found.span(found.lastindex or 0)
            for found in _ATTRIBUTE.finditer(text, tag.start(1), tag.end(1))
        }
        begin, end = attributes.get("name", (0, 0))
        if begin == end or kind_of(text[begin:end]) != "secret":
            continue
        for key in ("value", "content"):
            if key in attributes:
                yield Found(*attributes[key], "field")
