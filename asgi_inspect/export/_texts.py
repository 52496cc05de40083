"""Bodies as text where that loses nothing: what is encoded again by the same rule gives the same bytes."""

import codecs
import re
from typing import Final

from ..views.content import is_text_type, media_type, parameter

# The charsets of the web; Python has others, which are slow, or no charsets.
_CHARSETS: Final = re.compile(
    r"us-ascii|ascii|utf-?8|utf-?16(-?[lb]e)?|iso-?8859-?\d+|latin-?1|windows-?12\d\d|cp12\d\d|koi8-[ru]|shift[_-]?jis"
    r"|euc-(jp|kr)|big5|gb2312|gbk|gb18030",
    re.ASCII | re.IGNORECASE,
)


def charset_of(content_type: str | None) -> str:
    """The charset that a content-type names for a text; UTF-8 where it names none, or none of the web."""
    named = (parameter(content_type, "charset") or "").strip()
    media = media_type(content_type)
    if media is None or not is_text_type(media) or not _CHARSETS.fullmatch(named):
        return "utf-8"
    try:
        return codecs.lookup(named).name
    except LookupError:
        return "utf-8"


def text_in(data: bytes, content_type: str | None) -> str | None:
    """The body as text; None where it is none, or would not come back the same."""
    charset = charset_of(content_type)
    try:
        words = data.decode(charset)
        return words if "\0" not in words and words.encode(charset) == data else None
    except ValueError:
        return None
