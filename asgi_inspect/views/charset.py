"""Bytes to text: by the byte order mark, else the charset that the content type names, else what the text says of itself.

Without any of them it is UTF-8, and bytes that are none are escapes (`\\xe9`). Nothing raises, whatever is named.
"""

import codecs
import re
from typing import Final

from .content import media_type, parameter
from .spans import Body

# Longest first: the mark of UTF-32 begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Python's own, which are no charsets of the web, and of which some warn or raise in their own ways.
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs", "oem"}
)
# Who says latin-1 means Windows' superset of it: so do browsers, by the Encoding standard.
_MEANT: Final = {"iso8859-1": "cp1252"}
_SAID_EARLY: Final = 1024  # bytes in which a text says what it is coded in, by the HTML standard
_SAYS: Final = re.compile(
    rb"""^\s*<\?xml[^>]{1,200}?encoding\s*=\s*["']([\w.:-]{1,40})|<meta[^>]{1,200}?charset\s*=\s*["']?([\w.:-]{1,40})""",
    re.IGNORECASE,
)


def mark_of(data: bytes) -> tuple[bytes, str] | None:
    """The byte order mark at the beginning, and the charset that it stands for."""
    return next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), None)


def decode(body: Body, data: bytes | None = None) -> str:
    """The body's bytes (or `data`, the beginning of them) as a str, without its byte order mark; never raises."""
    data = body.data if data is None else data
    mark = mark_of(data)
    if mark is not None:
        return data[len(mark[0]) :].decode(mark[1], "backslashreplace")
    try:
        return data.decode(_charset(body), "backslashreplace")
    except (LookupError, ValueError):  # a codec that is not of text, or that cannot escape
        return data.decode("utf-8", "backslashreplace")


def _charset(body: Body) -> str:
    named = parameter(body.content_type, "charset")
    if named is not None:
        return _known(named) or "utf-8"
    media = media_type(body.content_type)
    if media is None or "html" in media or "xml" in media:
        found = _SAYS.search(body.data[:_SAID_EARLY])
        name = None if found is None else _known((found[1] or found[2]).decode("ascii", "replace"))
        if name is not None and not name.startswith(("utf-16", "utf-32", "utf-7")):  # in which this could not be read
            return name
    return "utf-8"


def _known(named: str) -> str | None:
    try:
        name = codecs.lookup(named).name
    except (LookupError, ValueError):
        return None
    return None if name.replace("_", "-") in _NO_CHARSETS else _MEANT.get(name, name)
