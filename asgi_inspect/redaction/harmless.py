"""The fast way past JSON: whether a chunk has no keys but such as were found harmless before.

Nearly all chunks have, and this is what they cost: a count, one search by a regular expression, a look into a set.
"""

import re
from typing import Final

from .quotes import HEXADECIMAL

_WHITE: Final = b" \t\r\n"
_BEHIND_QUOTE: Final = re.compile(rb'"[ \t\r\n]').search
_KEYS: Final = re.compile(rb'"([\w-]*+)":').findall
# What asks for care: a quote that is escaped in a key, or three levels deep; white space that is escaped, before a colon.
_UNEVEN: Final = re.compile(
    rb'\\"[^"]*+(?<!\\)"[ \t\r\n]*+:|\\\\"|"[ \t\r\n]*+\\++[nrt](?:[ \t\r\n]|\\++[nrt])*+:'
).search


def has_harmless_keys_only(data: bytes, known: set[bytes] | None) -> bool:
    """Whether there is neither a key in it that is not `known`, nor a token; False also where that is not quickly told."""
    # `find` is five times as fast as `in`, where bytes are looked for in bytes.
    find = data.find
    if known is None or find(b'"eyJ') >= 0:
        return False
    if find(b"\\") >= 0 and (find(HEXADECIMAL) >= 0 or (find(b'\\"') >= 0 and _UNEVEN(data))):
        return False
    count = data.count(b'":')
    if _BEHIND_QUOTE(data) is not None and data.translate(None, _WHITE).count(b'":') != count:
        data = data.replace(b'" :', b'":')  # white space before a colon, as Postgres writes it
        count = data.count(b'":')
        if data.translate(None, _WHITE).count(b'":') != count:
            return False
    keys = _KEYS(data)
    if len(keys) == count:
        return known.issuperset(keys)
    pieces = data.split(b'":')
    pieces.pop()
    return known.issuperset([piece[piece.rfind(b'"') + 1 :] for piece in pieces])
